"""Decisions about an object that need no server: its name, what a refusal means, what to adopt."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from lab.engine.kubernetes import annotations, objects
from lab.engine.kubernetes.api import ApiError, NoMatchError, Object, name_of, namespace_of
from lab.engine.provider import ProviderError, Request

_FORBIDDEN: Final = 403
_BAD_REQUEST: Final = 400
# What the API server adds to metadata, and no program asks for.
_SERVER_METADATA: Final = (
    "creationTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
_SERVER_ANNOTATIONS: Final = (
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
)


def name(request: Request, wanted: Object) -> None:
    """Give the object the name it had, or a new one, where the program names none."""
    if objects.is_named(wanted):
        return
    if objects.is_patch(request.type):
        raise ProviderError(
            f"{request.name}: a Patch resource needs `metadata.name`, the name of the object "
            "whose fields it sets"
        )
    if (wanted.get("metadata") or {}).get("generateName"):
        raise ProviderError(
            f"{request.name}: `metadata.generateName` is not supported in server-side apply mode; "
            "leave the name out and one is made"
        )
    if not request.old_inputs:
        objects.autoname(wanted, request.name, request.proposed_name)
        return
    former = objects.from_properties(request.old_inputs)
    # A name that the program once gave and now leaves out is not kept: the object is replaced.
    if annotations.is_true(former, annotations.AUTONAMED):
        objects.autoname(wanted, request.name, name_of(former))


def must_keep_name(wanted: Object, live: Object) -> bool:
    """Whether a replacement has the old one's name, so that both cannot live side by side."""
    return (
        objects.is_named(wanted)
        and not annotations.is_true(wanted, annotations.AUTONAMED)
        and name_of(wanted) == name_of(live)
        and namespace_of(wanted) == namespace_of(live)
    )


def is_no_obstacle(error: Exception) -> bool:
    """Whether a dry run's refusal says nothing about the update itself."""
    if not isinstance(error, ApiError):
        return False
    cannot_dry_run = error.code == _BAD_REQUEST and "dry run" in str(error)
    return error.code == _FORBIDDEN or error.reason == "AlreadyExists" or cannot_dry_run


def refused(request: Request, what: str, error: Exception) -> ProviderError:
    """The error that names the resource and the API server's reason."""
    if isinstance(error, NoMatchError):
        return ProviderError(
            f'resource "{request.urn}" {what}: the Kubernetes API server does not have its '
            f"apiVersion. Verify that any required CRDs have been created: {error}"
        )
    return ProviderError(f'resource "{request.urn}" {what} by the Kubernetes API server: {error}')


def adopted(live: Mapping[str, Any]) -> Object:
    """The inputs that a program would have written for a live object: an import's inputs."""
    wanted = copy.deepcopy({key: item for key, item in live.items() if key != "status"})
    metadata = wanted.get("metadata") or {}
    for key in _SERVER_METADATA:
        metadata.pop(key, None)
    found = metadata.get("annotations") or {}
    for key in _SERVER_ANNOTATIONS:
        found.pop(key, None)
    return wanted

"""Creating, updating and deleting objects the way the real plugin does it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lab.engine.kubernetes import annotations, managed_fields
from lab.engine.kubernetes.api import (
    ApiError,
    NoMatchError,
    Object,
    UnreachableError,
    kind_of,
    name_of,
    namespace_of,
)
from lab.engine.kubernetes.operation import CannotPreviewError, NotReadyError, Operation
from lab.engine.provider import ProviderError

# Objects are created under this name; the first update hands their fields to their own manager.
CREATOR: Final = "pulumi-kubernetes"
# What is waited for may be made in the same update: a namespace, a custom resource definition.
_RETRIES: Final = 5
_NOT_FOUND: Final = 404
_POLL_SECONDS: Final = 0.5

_ALREADY_EXISTS: Final = """{error}

The object is in the cluster and was not made by this resource. Ways out:
  - it is this program's under a new name: give the resource an alias;
  - it belongs to another and some of its fields are yours: use the Patch resource of its kind;
  - it should belong to this program from now on: `pulumi import`;
  - every existing object may be taken over: `upsertExistingObjects` of the provider."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ownership:
    """Who owns fields, and by what right: the manager's name, and whether it may take over."""

    manager: str
    force: bool = False
    upsert: bool = False


def create(operation: Operation, obj: Object, ownership: Ownership) -> Object:
    """The object after its creation. NotFound and an unknown kind are tried again for a while."""
    for attempt in range(_RETRIES + 1):
        try:
            return _create_once(operation, obj, ownership)
        except (ApiError, NoMatchError) as error:
            if not _may_pass(operation, error) or attempt == _RETRIES:
                raise
            operation.say(f"Retry #{attempt}; creation failed: {error}")
            if operation.cancelled.wait(2**attempt):
                raise
    raise AssertionError("unreachable")  # pragma: no cover


def update(
    operation: Operation, name: str, obj: Object, ownership: Ownership, ignored: Sequence[str]
) -> tuple[Object, Object]:
    """The live object before and after the update to what is wanted."""
    live = operation.api.get(kind_of(obj), namespace_of(obj), name)
    if obj.get("kind") == "CustomResourceDefinition":
        version = live["metadata"]["resourceVersion"]
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": version}}
        after = operation.api.replace(obj, manager=ownership.manager, dry_run=operation.preview)
        return live, after
    if not (operation.preview or ownership.upsert):
        live = _take_over_created(operation, live, ownership.manager)
    obj = managed_fields.without_foreign(obj, live, ownership.manager, ignored)
    force = ownership.force or _is_ours_to_force(operation, live)
    after = _applied(operation, obj, manager=ownership.manager, force=force)
    return live, after


def relinquish(operation: Operation, obj: Object, manager: str) -> None:
    """Give up every field that the manager owns in the object; a gone object is fine."""
    bare = {
        "apiVersion": obj.get("apiVersion"),
        "kind": obj.get("kind"),
        "metadata": {"name": name_of(obj), "namespace": namespace_of(obj)},
    }
    if not namespace_of(obj):
        del bare["metadata"]["namespace"]  # type: ignore[union-attr] # the dict just made
    try:
        operation.api.get(kind_of(obj), namespace_of(obj), name_of(obj))
        operation.api.apply(bare, manager=manager, force=False, dry_run=False)
    except ApiError as error:
        if error.code == _NOT_FOUND:
            return
        required = [one for one in error.causes if one.get("reason") == "FieldValueRequired"]
        if required:
            raise ProviderError(
                "this Patch resource alone holds a required field, so it cannot be deleted: set "
                "`retainOnDelete`, or give the field to another owner first: "
                f"{required[0].get('field')}"
            ) from error
        raise


def delete(operation: Operation, wanted: Object, live: Object) -> None:
    """Delete the object and wait until it is gone; one that is gone already is fine."""
    kind, namespace, name = kind_of(live), namespace_of(live), name_of(live)
    try:
        operation.api.delete(kind, namespace, name, annotations.propagation(wanted))
    except NoMatchError:
        return  # its definition is gone, and it with it
    except ApiError as error:
        if error.code == _NOT_FOUND:
            return
        raise
    if not _may_skip_wait(wanted):
        _until_gone(operation, live)


def _create_once(operation: Operation, obj: Object, ownership: Ownership) -> Object:
    try:
        if ownership.upsert:
            force = ownership.force or operation.preview
            return _applied(operation, obj, manager=ownership.manager, force=force)
        return operation.api.create(obj, manager=CREATOR, dry_run=operation.preview)
    except ApiError as error:
        if error.reason == "AlreadyExists" and not operation.preview:
            raise ProviderError(_ALREADY_EXISTS.format(error=error)) from error
        if operation.preview and error.code == _NOT_FOUND:
            raise CannotPreviewError(str(error)) from error
        raise


def _applied(operation: Operation, obj: Object, *, manager: str, force: bool) -> Object:
    try:
        return operation.api.apply(obj, manager=manager, force=force, dry_run=operation.preview)
    except ApiError as error:
        if error.reason != "Conflict":
            raise
        raise ProviderError(
            "server-side apply field conflict detected: the resource managed by field manager "
            f'"{manager}" had an apply conflict: {error}. Leave the field to its owner with '
            "`ignoreChanges`, or take it with the annotation "
            f'{annotations.PATCH_FORCE}: "true"'
        ) from error


def _may_pass(operation: Operation, error: Exception) -> bool:
    if operation.preview:
        return False
    return isinstance(error, NoMatchError) or getattr(error, "code", 0) == _NOT_FOUND


def _take_over_created(operation: Operation, live: Object, manager: str) -> Object:
    operations = managed_fields.take_over(live, manager)
    return operation.api.json_patch(live, operations) if operations else live


def _is_ours_to_force(operation: Operation, live: Object) -> bool:
    entries = live["metadata"].get("managedFields") or []
    if not entries:
        return True
    # A real update hands these fields over first; a preview may only pretend to.
    created = any(e["manager"] == CREATOR and e["operation"] == "Update" for e in entries)
    return operation.preview and created


def _may_skip_wait(wanted: Object) -> bool:
    kinds = ("Namespace", "Pod", "ReplicationController", "DaemonSet", "Deployment")
    return annotations.is_true(wanted, annotations.SKIP_AWAIT) and kind_of(wanted).kind in (
        *kinds,
        "StatefulSet",
        "Job",
    )


def _until_gone(operation: Operation, live: Object) -> None:
    kind, namespace, name = kind_of(live), namespace_of(live), name_of(live)
    deadline = time.monotonic() + operation.timeout
    latest, shown = live, ""
    while True:
        progress = "Resource scheduled for deletion"
        try:
            latest = operation.api.get(kind, namespace, name)
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return
            progress = str(error)
        except UnreachableError as error:
            progress = str(error)
        if latest["metadata"].get("uid") != live["metadata"].get("uid", ""):
            return  # another object of that name: the one to be deleted is gone
        if time.monotonic() > deadline or operation.cancelled.wait(_POLL_SECONDS):
            _complain(operation, latest)
        if progress != shown:
            operation.say(progress)
            shown = progress


def _complain(operation: Operation, latest: Object) -> None:
    finalizers = ", ".join(latest["metadata"].get("finalizers") or [])
    operation.warn(f"finalizers might be preventing deletion ({finalizers})")
    why = "was cancelled" if operation.cancelled.is_set() else "timed out"
    raise NotReadyError(f"deletion of '{name_of(latest)}' {why}; it is still there", (), latest)

"""Waiting for an object to be of use after it was created or changed."""

import os
from collections.abc import Callable, Mapping
from typing import Final

from lab.engine.kubernetes import annotations
from lab.engine.kubernetes.api import (
    Api,
    ApiError,
    Object,
    UnreachableError,
    kind_of,
    name_of,
    namespace_of,
)
from lab.engine.kubernetes.awaiters import deployments, generic, jobs, pods, services, sets, storage
from lab.engine.kubernetes.awaiters.conditions import waits_for
from lab.engine.kubernetes.awaiters.view import Progress, View
from lab.engine.kubernetes.operation import NotReadyError, Operation

Awaiter = Callable[[View], Progress]

_POLL_SECONDS: Final = 0.5
_SLOW_POLL_SECONDS: Final = 1.0
_SLOW_AFTER_SECONDS: Final = 20.0

_AWAITERS: Final[Mapping[tuple[str, str], Awaiter]] = {
    ("apps/v1", "DaemonSet"): sets.daemon_set,
    ("apps/v1", "Deployment"): deployments.deployment,
    ("apps/v1", "StatefulSet"): sets.stateful_set,
    ("batch/v1", "Job"): jobs.job,
    ("networking.k8s.io/v1", "Ingress"): services.ingress,
    ("v1", "PersistentVolume"): storage.volume,
    ("v1", "PersistentVolumeClaim"): storage.claim,
    ("v1", "Pod"): pods.pod,
    ("v1", "ReplicationController"): sets.replication_controller,
    ("v1", "ResourceQuota"): storage.quota,
    ("v1", "Secret"): storage.secret,
    ("v1", "Service"): services.service,
}
# Kinds whose wait has a limit of its own, seconds.
_LIMITS: Final[Mapping[tuple[str, str], float]] = {
    ("v1", "PersistentVolume"): 300.0,
    ("v1", "PersistentVolumeClaim"): 300.0,
    ("v1", "ResourceQuota"): 60.0,
    ("v1", "Secret"): 5.0,
}
# Kinds that a read looks at too: a refresh tells when one is no longer ready.
_READ: Final = frozenset({"DaemonSet", "Deployment", "StatefulSet", "Job", "Ingress"}) | {
    "Pod",
    "Service",
}


def wait(operation: Operation, wanted: Object, created: Object, previous: Object | None) -> Object:
    """The live object once it is ready. NotReadyError when it fails or the time is over."""
    awaiter = _awaiter(wanted)
    if awaiter is None:
        return created
    view = View(api=operation.api, live=created, created=created, previous=previous)
    limit = min(operation.timeout, _LIMITS.get(_key(created), operation.timeout))
    shown = ""
    progress = Progress(ready=False)
    while True:
        try:
            view.live = operation.api.get(kind_of(created), namespace_of(created), view.name)
            progress = awaiter(view)
        except (ApiError, UnreachableError) as error:
            progress = Progress(ready=False, message=str(error), problems=[str(error)])
        _give_up(operation, view, progress, limit)
        if progress.message != shown:
            shown = progress.message
            operation.say(shown)
        if progress.ready:
            return view.live
        operation.cancelled.wait(_pause(view))


def look(operation: Operation, wanted: Object, live: Object) -> None:
    """One look at an object that was read. NotReadyError when it is not ready."""
    awaiter = _AWAITERS.get(_key(live))
    if awaiter is None or _key(live)[1] not in _READ:
        return
    if annotations.is_true(wanted, annotations.SKIP_AWAIT):
        return
    view = View(api=operation.api, live=live, created=live, settled=True)
    progress = awaiter(view)
    if not progress.ready:
        message = f"Resource '{view.name}' was created but failed to initialize"
        raise NotReadyError(message, progress.problems, live)


def is_ready(api: Api, live: Object) -> bool:
    """Whether a Job is complete now. One that cannot be read counts as ready: nothing is known."""
    try:
        fresh = api.get(kind_of(live), namespace_of(live), name_of(live))
        return jobs.job(View(api=api, live=fresh, created=fresh, settled=True)).ready
    except (ApiError, UnreachableError):
        return True


def _awaiter(wanted: Object) -> Awaiter | None:
    if annotations.is_true(wanted, annotations.SKIP_AWAIT):
        return None
    asked = annotations.value(wanted, annotations.WAIT_FOR)
    if asked:
        return waits_for(asked)
    fallback = generic.ready if os.environ.get("PULUMI_K8S_AWAIT_ALL") == "true" else None
    return _AWAITERS.get(_key(wanted), fallback)


def _give_up(operation: Operation, view: View, progress: Progress, limit: float) -> None:
    if progress.ready:
        return
    if progress.failed:
        message = f"Resource '{view.name}' was created but failed to initialize"
    elif operation.cancelled.is_set():
        message = f'Resource operation was cancelled for "{view.name}"'
    elif view.waited() >= limit:
        message = f"'{view.name}' timed out waiting to be Ready"
    else:
        return
    raise NotReadyError(message, progress.problems, view.live)


def _pause(view: View) -> float:
    return _POLL_SECONDS if view.waited() < _SLOW_AFTER_SECONDS else _SLOW_POLL_SECONDS


def _key(obj: Object) -> tuple[str, str]:
    kind = kind_of(obj)
    return kind.api_version, kind.kind

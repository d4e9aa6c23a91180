"""Volumes, quotas and token secrets: what a controller fills in before they are of use."""

from typing import Final

from lab.engine.kubernetes import paths
from lab.engine.kubernetes.api import ApiError, Kind
from lab.engine.kubernetes.awaiters.view import Progress, View

_STORAGE_CLASS: Final = Kind("storage.k8s.io", "v1", "StorageClass")


def volume(view: View) -> Progress:
    """Ready when available or bound."""
    phase = paths.get(view.live, ("status", "phase"))
    message = f"Waiting for the PersistentVolume to be available (it is {phase})"
    return Progress(ready=phase in ("Available", "Bound"), message=message, problems=[message])


def claim(view: View) -> Progress:
    """Ready when bound; a class that binds with the first consumer is not waited for."""
    phase = paths.get(view.live, ("status", "phase"))
    message = f"Waiting for the PersistentVolumeClaim to be bound (it is {phase})"
    is_ready = phase == "Bound" or (phase == "Pending" and _binds_later(view))
    return Progress(ready=is_ready, message=message, problems=[message])


def quota(view: View) -> Progress:
    """Ready when its controller has taken over the limits."""
    hard = paths.get(view.live, ("spec", "hard"))
    is_ready = bool(hard) and hard == paths.get(view.live, ("status", "hard"))
    message = "Waiting for the ResourceQuota's limits to be taken over"
    return Progress(ready=is_ready, message=message, problems=[message])


def secret(view: View) -> Progress:
    """Ready at once, but for a service account's token, which a controller writes."""
    is_token = view.live.get("type") == "kubernetes.io/service-account-token"
    if not is_token:
        return Progress(ready=True)
    message = "Waiting for the service account's token"
    is_ready = bool(view.live.get("data"))
    return Progress(ready=is_ready, message=message, problems=[message])


def _binds_later(view: View) -> bool:
    name = paths.get(view.live, ("spec", "storageClassName"))
    if not name:
        return False
    try:
        storage_class = view.api.get(_STORAGE_CLASS, "", name)
    except ApiError:
        return False
    return storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"

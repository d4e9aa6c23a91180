"""Services and Ingresses: something behind them, and an address in front where one is due."""

from collections.abc import Iterator
from typing import Any, Final

from lab.engine.kubernetes import paths
from lab.engine.kubernetes.api import Kind, Object, name_of
from lab.engine.kubernetes.awaiters.view import SETTLE_SECONDS, Progress, View

_ENDPOINTS: Final = Kind("", "v1", "Endpoints")
_SERVICE: Final = Kind("", "v1", "Service")
# A backend whose Endpoints have not shown up for so long is given up on, as the real plugin does.
_NO_ENDPOINTS_SECONDS: Final = 60.0
_ADDRESSES: Final = ("status", "loadBalancer", "ingress")


def service(view: View) -> Progress:
    """Ready when its endpoints have settled, none is pending, and a load balancer has an address.

    Endpoints are not waited for where there are none to come: a headless Service, one without
    a selector, an ExternalName.
    """
    live = view.live
    is_balanced = paths.get(live, ("spec", "type")) == "LoadBalancer"
    has_address = not is_balanced or bool(paths.get(live, _ADDRESSES))
    if not _selects_pods(live):
        return Progress(ready=has_address, message="Waiting for an address")
    endpoints = view.named(_ENDPOINTS, view.name)
    subsets = (endpoints or {}).get("subsets") or []
    is_settled = view.is_settled(endpoints)
    is_pending = any(subset.get("notReadyAddresses") for subset in subsets)
    if has_address and is_settled and not is_pending:
        return Progress(ready=True, message="Service initialization complete")
    problems = []
    if not any(subset.get("addresses") for subset in subsets):
        problems.append(
            "Service does not target any Pods: they may not be ready, or `.spec.selector` "
            "may not match the labels of any"
        )
    elif is_pending:
        problems.append("Service targets Pods that are not ready")
    if not has_address:
        problems.append("Service was not allocated an IP address: no load balancer gave it one")
    message = "Finding Pods to direct traffic to" if has_address else "Waiting for an IP address"
    return Progress(ready=False, message=message, problems=problems)


def ingress(view: View) -> Progress:
    """Ready when a controller gave it an address and each backend's Endpoints are there."""
    has_address = bool(paths.get(view.live, _ADDRESSES))
    missing = [] if _has_waited(view) else _missing_backends(view)
    if has_address and not missing:
        return Progress(ready=True, message="Ingress initialization complete")
    problems = [f"Ingress has a rule with an unavailable target endpoint: {one}" for one in missing]
    if not has_address:
        problems.append(
            "Ingress .status.loadBalancer field was not updated with a hostname/IP address: "
            "is an Ingress controller running that publishes one?"
        )
    message = (
        "Finding a matching service for each Ingress path"
        if missing
        else "Waiting for update of .status.loadBalancer with hostname/IP"
    )
    return Progress(ready=False, message=message, problems=problems)


def _selects_pods(live: Object) -> bool:
    spec = live.get("spec") or {}
    return (
        bool(spec.get("selector"))
        and spec.get("clusterIP") != "None"
        and spec.get("type") != "ExternalName"
    )


def _has_waited(view: View) -> bool:
    """Whether the Endpoints have been given their time, whichever are missing."""
    limit = _NO_ENDPOINTS_SECONDS if not view.listed(_ENDPOINTS) else SETTLE_SECONDS
    return view.settled or view.waited() >= limit


def _missing_backends(view: View) -> list[str]:
    known = {name_of(one) for one in view.listed(_ENDPOINTS)}
    external = {
        name_of(one)
        for one in view.listed(_SERVICE)
        if paths.get(one, ("spec", "type")) == "ExternalName"
    }
    return [
        f'"{place}" -> "{name}"'
        for place, name in _backends(view.live)
        if name not in known | external
    ]


def _backends(live: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for rule in paths.get(live, ("spec", "rules")) or []:
        for path in paths.get(rule, ("http", "paths")) or []:
            name = paths.get(path, ("backend", "service", "name"))
            if name:
                place = f"{rule.get('host', '')}{path.get('path', '')}" or "(default path)"
                yield place, name

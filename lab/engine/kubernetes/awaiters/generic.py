"""Any object, by the conventions of Kubernetes' status: used with PULUMI_K8S_AWAIT_ALL only."""

from lab.engine.kubernetes.awaiters.view import Progress, View, condition, is_true, number


def ready(view: View) -> Progress:
    """Ready unless its status says that it is behind, stalled, reconciling or not ready."""
    live = view.live
    observed = number(live, "status", "observedGeneration")
    if view.is_stale() or 0 < observed < number(live, "metadata", "generation"):
        return Progress(ready=False, message="Waiting for the controller", problems=["not seen"])
    for kind, bad in (("Stalled", True), ("Reconciling", True), ("Ready", False)):
        found = condition(live, kind)
        if found and is_true(found) is bad:
            message = str(found.get("message") or f"{kind} is {found.get('status')}")
            return Progress(ready=False, message=message, problems=[message])
    return Progress(ready=True)

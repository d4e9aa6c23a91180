"""StatefulSets, DaemonSets and ReplicationControllers: every pod there, ready and up to date."""

from lab.engine.kubernetes import paths
from lab.engine.kubernetes.awaiters.pods import problems as pod_problems
from lab.engine.kubernetes.awaiters.view import POD, Progress, View, number


def stateful_set(view: View) -> Progress:
    """Ready when every replica is ready and of the revision that is wanted."""
    live = view.live
    wanted, ready = number(live, "spec", "replicas"), number(live, "status", "readyReplicas")
    is_fresh = not view.is_stale() and view.is_observed()
    old = paths.get(live, ("status", "currentRevision")) or ""
    new = paths.get(live, ("status", "updateRevision")) or ""
    is_manual = paths.get(live, ("spec", "updateStrategy", "type")) == "OnDelete"
    is_manual = is_manual and number(live, "metadata", "generation") > 1
    is_revised = is_manual or (bool(old) and old == new)
    is_complete = wanted == number(live, "status", "replicas") == ready
    if not is_manual:
        is_complete = is_complete and wanted == number(live, "status", "currentReplicas")
    if is_fresh and is_revised and is_complete:
        return Progress(ready=True, message="StatefulSet initialization complete")
    current = ready if is_revised else min(ready, number(live, "status", "updatedReplicas"))
    problems = []
    if not (is_fresh and is_complete):
        problems.append(f"{current} out of {wanted} replicas succeeded readiness checks")
    if not (is_fresh and is_revised):
        problems.append(
            f'StatefulSet controller failed to advance from revision "{old}" to revision "{new}"'
        )
    return Progress(
        ready=False,
        message=f"Waiting for StatefulSet to roll out ({current}/{wanted} Pods ready)",
        problems=[*problems, *pod_problems(view, view.owned(POD, live))],
    )


def daemon_set(view: View) -> Progress:
    """Ready when every node that is to have a pod has one that is new and available."""
    live = view.live
    wanted = number(live, "status", "desiredNumberScheduled")
    counts = {
        what: number(live, "status", field)
        for what, field in (
            ("scheduled", "currentNumberScheduled"),
            ("updated", "updatedNumberScheduled"),
            ("available", "numberAvailable"),
            ("ready", "numberReady"),
        )
    }
    short = next((what for what, count in counts.items() if count < wanted), None)
    if not view.is_stale() and view.is_observed() and short is None:
        return Progress(ready=True, message=f"All replicas scheduled as expected: {wanted}")
    what = short or "observed"
    message = f"Waiting for DaemonSet pods to be {what} ({counts.get(what, 0)}/{wanted})"
    return Progress(
        ready=False,
        message=message,
        problems=[message, *pod_problems(view, view.owned(POD, live))],
    )


def replication_controller(view: View) -> Progress:
    """Ready when as many replicas are available as are wanted."""
    wanted = number(view.live, "spec", "replicas")
    available = number(view.live, "status", "availableReplicas")
    message = f"Waiting for replicas to be available ({available}/{wanted})"
    if not view.is_stale() and available == wanted:
        return Progress(ready=True)
    problems = [message, *pod_problems(view, view.owned(POD, view.live))]
    return Progress(ready=False, message=message, problems=problems)

"""Deployments: rolled out, with enough live pods and every volume claim bound."""

from lab.engine.kubernetes import paths
from lab.engine.kubernetes.api import Kind, Object, name_of
from lab.engine.kubernetes.awaiters.pods import problems as pod_problems
from lab.engine.kubernetes.awaiters.view import POD, Progress, View, condition, is_true, number

_REPLICA_SET = Kind("apps", "v1", "ReplicaSet")
_CLAIM = Kind("", "v1", "PersistentVolumeClaim")
_REVISION = ("metadata", "annotations", "deployment.kubernetes.io/revision")


def deployment(view: View) -> Progress:
    """Ready when its newest ReplicaSet has all its pods ready and the rollout is done."""
    if view.is_stale() or not view.is_observed():
        return Progress(
            ready=False,
            message="Waiting for the Deployment controller",
            problems=["the Deployment controller has not seen the latest change"],
        )
    revision = paths.get(view.live, _REVISION)
    replica_set = _current(view, revision)
    unbound = _unbound_claims(view)
    is_available = is_true(condition(view.live, "Available"))
    # The first revision is no rollout, so nothing says that a rollout has ended.
    is_rolled_out = revision == "1" or _has_rolled_out(view.live)
    is_live = _has_all_pods(replica_set)
    if is_available and is_rolled_out and is_live and not unbound:
        return Progress(ready=True, message="Deployment initialization complete")
    return Progress(
        ready=False,
        message=_waiting(replica_set),
        problems=[
            *_conditions(view.live),
            *_claims(unbound),
            *_shortfall(is_available=is_available, is_rolled_out=is_rolled_out, is_live=is_live),
            *pod_problems(view, view.owned(POD, replica_set) if replica_set else []),
        ],
    )


def _current(view: View, revision: str | None) -> Object | None:
    return next(
        (
            one
            for one in view.owned(_REPLICA_SET, view.live)
            if revision and paths.get(one, _REVISION) == revision
        ),
        None,
    )


def _has_all_pods(replica_set: Object | None) -> bool:
    return replica_set is not None and _ready(replica_set) >= _wanted(replica_set)


def _has_rolled_out(live: Object) -> bool:
    progressing = condition(live, "Progressing")
    return is_true(progressing) and progressing.get("reason") == "NewReplicaSetAvailable"


def _ready(replica_set: Object) -> int:
    return number(replica_set, "status", "readyReplicas")


def _wanted(replica_set: Object) -> int:
    # The ReplicaSet's own count, not the program's: someone may have scaled it meanwhile.
    wanted = paths.get(replica_set, ("spec", "replicas"))
    return wanted if isinstance(wanted, int) else 1


def _waiting(replica_set: Object | None) -> str:
    counts = f"{_ready(replica_set)}/{_wanted(replica_set)}" if replica_set else "0/?"
    return f"Waiting for app ReplicaSet to be available ({counts} Pods available)"


def _conditions(live: Object) -> list[str]:
    unmet = [condition(live, kind) for kind in ("Progressing", "Available")]
    return [
        f"[{one.get('reason')}] {one.get('message')}"
        for one in unmet
        if one and not is_true(one) and one.get("reason")
    ]


def _unbound_claims(view: View) -> list[str]:
    volumes = paths.get(view.live, ("spec", "template", "spec", "volumes")) or []
    names = {paths.get(volume, ("persistentVolumeClaim", "claimName")) for volume in volumes}
    if names == {None} or not names:
        return []
    claims = [one for one in view.listed(_CLAIM) if name_of(one) in names]
    return [name_of(one) for one in claims if paths.get(one, ("status", "phase")) != "Bound"]


def _claims(unbound: list[str]) -> list[str]:
    return [f'Failed to bind PersistentVolumeClaim(s): "{",".join(unbound)}"'] if unbound else []


def _shortfall(*, is_available: bool, is_rolled_out: bool, is_live: bool) -> list[str]:
    if not is_available:
        return ["Minimum number of live Pods was not attained"]
    if not is_rolled_out:
        return ["Minimum number of Pods to consider the application live was not attained"]
    if not is_live:
        return ["the new ReplicaSet was rolled out, but too few of its Pods became live"]
    return []

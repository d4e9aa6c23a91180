"""When workloads count as ready: each rule by itself, on objects written by hand."""

import pytest

from lab.engine.kubernetes.awaiters import deployments, jobs, pods, sets
from tests.engine.kubernetes.around import conditions, obj, view

REVISION = "deployment.kubernetes.io/revision"


def rollout(revision="2", available="True", progressing="True NewReplicaSetAvailable", ready=2):
    noted = {"annotations": {REVISION: revision}}
    status = {
        "observedGeneration": 1,
        "conditions": conditions(Available=available, Progressing=progressing),
    }
    live = obj("Deployment", metadata=noted, status=status)
    replica_set = obj(
        "ReplicaSet",
        owner="Deployment-x",
        metadata=noted,
        spec={"replicas": 2},
        status={"readyReplicas": ready},
    )
    return live, replica_set


@pytest.mark.parametrize(
    ("fields", "is_ready"),
    [
        ({}, True),
        ({"ready": 1}, False),
        ({"available": "False MinimumReplicasUnavailable"}, False),
        ({"progressing": "True ReplicaSetUpdated"}, False),
        ({"progressing": "True ReplicaSetUpdated", "revision": "1"}, True),
        ({"progressing": "False ProgressDeadlineExceeded"}, False),
    ],
)
def test_a_deployment_is_ready_when_its_newest_replica_set_is(fields, is_ready):
    live, replica_set = rollout(**fields)

    assert deployments.deployment(view(live, replica_set)).ready is is_ready


def test_a_deployment_its_controller_has_not_seen_is_not_ready():
    live, replica_set = rollout()
    changed = {**live, "metadata": {**live["metadata"], "generation": 2}}

    assert not deployments.deployment(view(changed, replica_set)).ready
    assert not deployments.deployment(view(live, replica_set, created=changed)).ready


def test_an_old_replica_set_says_nothing_about_a_new_rollout():
    live, _ = rollout(revision="3")
    _, old = rollout(revision="2")

    assert not deployments.deployment(view(live, old)).ready


def test_a_deployment_waits_for_its_volume_claims():
    live, replica_set = rollout()
    volume = {"persistentVolumeClaim": {"claimName": "data"}}
    live["spec"] = {"template": {"spec": {"volumes": [volume]}}}
    pending = obj("PersistentVolumeClaim", "data", status={"phase": "Pending"})
    bound = obj("PersistentVolumeClaim", "data", status={"phase": "Bound"})

    waiting = deployments.deployment(view(live, replica_set, pending))

    assert not waiting.ready
    assert 'Failed to bind PersistentVolumeClaim(s): "data"' in waiting.problems
    assert deployments.deployment(view(live, replica_set, bound)).ready


SET = {"replicas": 2, "readyReplicas": 2, "currentReplicas": 2, "observedGeneration": 1}
SAME = {"currentRevision": "a", "updateRevision": "a"}


@pytest.mark.parametrize(
    ("status", "strategy", "generation", "is_ready"),
    [
        (SET | SAME, "RollingUpdate", 1, True),
        (SET | SAME | {"readyReplicas": 1}, "RollingUpdate", 1, False),
        (SET | SAME | {"observedGeneration": 0}, "RollingUpdate", 1, False),
        (SET | {"currentRevision": "a", "updateRevision": "b"}, "RollingUpdate", 1, False),
        (
            SET | {"currentRevision": "a", "updateRevision": "b", "observedGeneration": 2},
            "OnDelete",
            2,
            True,
        ),
        (SET, "RollingUpdate", 1, False),
    ],
)
def test_a_stateful_set_is_ready_when_all_replicas_are_of_the_new_revision(
    status, strategy, generation, is_ready
):
    spec = {"replicas": 2, "updateStrategy": {"type": strategy}}
    live = obj("StatefulSet", generation=generation, spec=spec, status=status)

    assert sets.stateful_set(view(live)).ready is is_ready


@pytest.mark.parametrize("short", [None, "updatedNumberScheduled", "numberAvailable"])
def test_a_daemon_set_is_ready_when_every_node_has_a_new_pod(short):
    fields = ("currentNumberScheduled", "updatedNumberScheduled", "numberAvailable", "numberReady")
    status = {"observedGeneration": 1, "desiredNumberScheduled": 3} | dict.fromkeys(fields, 3)
    if short:
        status[short] = 2

    assert sets.daemon_set(view(obj("DaemonSet", status=status))).ready is (short is None)


def test_a_failed_job_is_lost_and_a_complete_one_ready():
    done = obj("Job", status={"startTime": "t", "conditions": conditions(Complete="True")})
    lost = obj("Job", status={"conditions": conditions(Failed="True DeadlineExceeded")})

    assert jobs.job(view(done)).ready
    assert jobs.job(view(lost)).failed
    assert "[DeadlineExceeded]" in jobs.job(view(lost)).problems[0]
    assert not jobs.job(view(obj("Job"))).failed


def test_a_pods_troubles_are_told_with_its_last_warning():
    waiting = {"name": "c", "ready": False, "state": {"waiting": {"reason": "ErrImagePull"}}}
    one = obj("Pod", "web-1", status={"containerStatuses": [waiting]})
    event = obj("Event", "e", type="Warning", reason="Failed", message="no route to registry")
    event["involvedObject"] = {"uid": "Pod-web-1"}

    told = pods.problems(view(one, event), [one])

    assert told == ["[Pod n/web-1]: [ErrImagePull]", "[Pod n/web-1]: Failed: no route to registry"]

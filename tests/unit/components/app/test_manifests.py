import pytest

from components.app.manifests import surroundings
from components.app.manifests.deployment import deployment
from components.app.manifests.pod import Attached
from components.objects import Identity
from tests.unit.components.platform import plain, system, web

WHO = Identity(name="shop-web", namespace="shop", part_of="shop")
SCALE = {"min": 2, "max": 5, "cpuPercent": 70}


def workload(patch=None):
    return system(web(patch or {})).workloads["web"]


def render(patch=None, **attached):
    bound = Attached(account="shop-web", **attached)
    return plain(deployment(WHO, workload(patch), bound))


def pod(patch=None, **attached):
    return render(patch, **attached)["template"]["spec"]


def container(patch=None, **attached):
    [only] = pod(patch, **attached)["containers"]
    return only


def test_a_rollout_adds_a_replica_before_it_takes_one():
    assert render()["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }


def test_replicas_are_as_many_as_asked():
    assert render({"replicas": 4})["replicas"] == 4


def test_replicas_are_left_to_the_autoscaler_where_there_is_one():
    assert "replicas" not in render({"replicas": 2, "autoscaling": SCALE})


def test_a_changed_configuration_changes_the_pods():
    template = render(checksums={"checksum/config": "1"})["template"]

    assert template["metadata"]["annotations"] == {"checksum/config": "1"}


def test_the_selector_finds_the_pods():
    spec = render()

    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        ("required", "requiredDuringSchedulingIgnoredDuringExecution"),
        ("preferred", "preferredDuringSchedulingIgnoredDuringExecution"),
    ],
)
def test_replicas_keep_to_different_nodes(wish, kind):
    apart = pod({"antiAffinity": wish})["affinity"]["podAntiAffinity"]

    [rule] = apart[kind]
    assert list(apart) == [kind]
    assert rule.get("podAffinityTerm", rule)["topologyKey"] == "kubernetes.io/hostname"


def test_without_the_wish_replicas_run_anywhere():
    assert "affinity" not in pod()


def test_waiting_comes_before_migrating_and_both_before_serving():
    spec = pod({"migrate": {"command": ["migrate", "up"]}}, waits=[{"name": "wait"}])

    assert [c["name"] for c in spec["initContainers"]] == ["wait", "migrate"]
    assert spec["initContainers"][1]["command"] == ["migrate", "up"]


def test_a_migration_knows_what_the_application_knows():
    spec = pod({"migrate": {"command": ["up"]}}, config="the-config", secrets="the-secrets")
    [application], [migration] = spec["containers"], spec["initContainers"]

    assert (
        migration["envFrom"]
        == application["envFrom"]
        == [
            {"configMapRef": {"name": "the-config"}},
            {"secretRef": {"name": "the-secrets"}},
        ]
    )
    assert migration["image"] == application["image"]


def test_a_read_only_root_leaves_a_folder_to_write_in():
    assert container()["securityContext"]["readOnlyRootFilesystem"] is True
    assert container()["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert pod()["volumes"] == [{"name": "tmp", "emptyDir": {}}]


def test_a_writable_root_needs_none():
    patch = {"security": {"readOnlyRootFilesystem": False}}

    assert container(patch)["securityContext"]["readOnlyRootFilesystem"] is False
    assert pod(patch)["volumes"] == []


def test_what_persists_is_mounted_where_asked():
    patch = {"persistence": {"size": "1Gi", "path": "/srv/data"}}

    assert {"name": "data", "mountPath": "/srv/data"} in container(patch)["volumeMounts"]
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "shop-web-data"}} in pod(
        patch, claim="shop-web-data"
    )["volumes"]


def test_a_pod_is_fit_for_the_restricted_level():
    spec = pod({"migrate": {"command": ["up"]}})
    security = spec["securityContext"]

    assert (security["runAsNonRoot"], security["runAsUser"]) == (True, 1000)
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    for each in spec["containers"] + spec["initContainers"]:
        assert each["securityContext"]["allowPrivilegeEscalation"] is False
        assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_a_token_is_mounted_only_where_asked():
    assert pod()["automountServiceAccountToken"] is False
    assert pod({"account": {"mountToken": True}})["automountServiceAccountToken"] is True


def test_a_pod_serves_on_until_the_ingress_has_heard_of_its_end():
    patch = {"preStopSeconds": 9, "terminationGraceSeconds": 40}

    assert container(patch)["lifecycle"] == {"preStop": {"sleep": {"seconds": 9}}}
    assert pod(patch)["terminationGracePeriodSeconds"] == 40
    assert "lifecycle" not in container({"preStopSeconds": 0})


def test_a_probe_is_as_patient_as_asked():
    probe = {"path": "/ok", "periodSeconds": 7, "timeoutSeconds": 2, "failures": 4}

    assert container({"probes": {"startup": probe}})["startupProbe"] == {
        "httpGet": {"path": "/ok", "port": "http"},
        "periodSeconds": 7,
        "timeoutSeconds": 2,
        "failureThreshold": 4,
    }


def test_the_image_decides_what_runs_unless_told():
    assert "command" not in container()
    told = container({"command": ["serve"], "args": ["--workers", "4"]})
    assert (told["command"], told["args"]) == (["serve"], ["--workers", "4"])


def test_the_service_listens_where_the_application_does():
    spec = plain(surroundings.service(WHO, workload({"port": 3000})))

    assert spec["ports"] == [{"name": "http", "port": 3000, "targetPort": "http"}]
    assert container({"port": 3000})["ports"] == [{"name": "http", "containerPort": 3000}]


@pytest.mark.parametrize(
    ("scale", "metrics"),
    [(SCALE, {"cpu": 70}), ({**SCALE, "memoryPercent": 80}, {"cpu": 70, "memory": 80})],
)
def test_an_autoscaler_follows_what_is_used_of_what_was_requested(scale, metrics):
    spec = plain(
        surroundings.autoscaler(WHO, workload({"replicas": 2, "autoscaling": scale}).autoscaling)
    )
    targets = {m["resource"]["name"]: m["resource"]["target"] for m in spec["metrics"]}

    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 5)
    assert {k: t["averageUtilization"] for k, t in targets.items()} == metrics
    assert spec["scaleTargetRef"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "shop-web",
    }


def test_broken_pods_do_not_hold_up_a_drain():
    spec = plain(surroundings.disruption_budget(WHO, 2))

    assert (spec["minAvailable"], spec["unhealthyPodEvictionPolicy"]) == (2, "AlwaysAllow")

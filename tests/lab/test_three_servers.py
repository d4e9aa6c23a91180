"""Three servers: joined at once, changed one after another."""

import json

import pytest

from tests.lab.deployment import Deployment

pytestmark = pytest.mark.usefixtures("machine")
SERVERS = ("s1", "s2", "s3")


@pytest.fixture(scope="module")
def deployed(lab_of, tmp_path_factory):
    lab = lab_of(servers=3, agents=0)
    nodes = {name: {"role": "server", "address": lab.host(name).address} for name in SERVERS}
    patch = {"groundwork:cluster": {"nodes": {"a1": None, **nodes}}, "groundwork:postgres": None}
    deployment = Deployment(lab, tmp_path_factory.mktemp("three"), patch)
    deployment.sections["groundwork:systems"] = {}
    deployment.change()
    deployment.up()
    return deployment


def conditions(deployed, kind):
    nodes = json.loads(deployed.kubectl("get nodes -o json"))["items"]
    return {
        node["metadata"]["name"]: condition["status"]
        for node in nodes
        for condition in node["status"]["conditions"]
        if condition["type"] == kind
    }


def restarts(deployed):
    """When K3s was last started on each server, in microseconds since the machine's boot."""
    show = "systemctl show -P ActiveEnterTimestampMonotonic k3s"
    return {name: int(deployed.lab.host(name).run(show).stdout) for name in SERVERS}


def test_every_server_is_ready_and_votes(deployed):
    assert conditions(deployed, "Ready") == dict.fromkeys(SERVERS, "True")
    assert conditions(deployed, "EtcdIsVoter") == dict.fromkeys(SERVERS, "True")


def test_only_one_of_them_has_started_a_cluster(deployed):
    file = "sudo cat /etc/rancher/k3s/config.yaml.d/10-join.yaml"
    starts = [n for n in SERVERS if "cluster-init" in deployed.lab.host(n).run(file).stdout]

    assert starts == ["s1"]


def test_a_change_goes_through_them_one_after_another(deployed):
    before = restarts(deployed)
    deployed.change(kubeletArgs={"max-pods": "77"})

    deployed.up()

    after = restarts(deployed)
    assert all(after[name] > before[name] for name in SERVERS)
    assert after["s1"] < after["s2"] < after["s3"]
    # A server is gated for some seconds after its start before the next one is touched.
    assert min(after["s2"] - after["s1"], after["s3"] - after["s2"]) > 3_000_000
    assert conditions(deployed, "EtcdIsVoter") == dict.fromkeys(SERVERS, "True")


def test_the_first_of_them_is_rebuilt_empty_and_joins_the_living_cluster(deployed):
    host = deployed.lab.host("s1")
    host.refresh()
    host.boot()
    deployed.change(nodes={"s1": {"generation": 1}})

    deployed.up()

    file = "sudo cat /etc/rancher/k3s/config.yaml.d/10-join.yaml"
    assert "cluster-init" not in host.run(file).stdout
    assert conditions(deployed, "Ready") == dict.fromkeys(SERVERS, "True")
    assert conditions(deployed, "EtcdIsVoter") == dict.fromkeys(SERVERS, "True")

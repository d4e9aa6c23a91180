"""Wrong stack files: each refused before any resource exists, with path, rule and remedy."""

import pulumi
import pytest

from tests.unit.graph import Recorder
from tests.unit.program.stacks import deploy, patched, settings


def cluster(**patch):
    return {"cluster": patch}


def node(**patch):
    return cluster(nodes={"a1": patch})


def network(**patch):
    return cluster(network=patch)


def ssh(**patch):
    return cluster(ssh=patch)


def backend(**patch):
    return {"systems": {"ffe": {"set": {"workloads": {"backend": patch}}}}}


# what is wrong | the patch that makes it so | the path | the rule | the way out (or part of it)
TABLE = {
    "an unknown section": ({"clutser": {}}, "clutser", "unknown key", "did you mean cluster?"),
    "an unknown key": (cluster(vershion="v1"), "cluster.vershion", "unknown key", "version?"),
    "an unknown key of a node": (node(adress="192.0.2.9"), "nodes.a1.adress", "unknown", "address?"),
    "a version without quotes": (cluster(version=1.36), "cluster.version", "string", "quotes"),
    "a version that is none": (cluster(version="1.36.4"), "cluster.version", "v1", "k3s"),
    "no version": (cluster(version=None), "cluster.version", "is required", ""),
    "no cluster": ({"cluster": None}, "cluster", "is required", ""),
    "a section that is no mapping": ({"cluster": "big"}, "cluster", "must be a mapping", ""),
    "no nodes": (cluster(nodes=None), "cluster.nodes", "is required", ""),
    "an even number of servers": (node(role="server"), "cluster", "4 servers", "odd"),
    "no server": (cluster(nodes={f"s{i}": {"role": "agent"} for i in (1, 2, 3)}), "cluster", "server", ""),
    "a role that is none": (node(role="master"), "nodes.a1.role", "'server' or 'agent'", ""),
    "no role": (node(role=None), "nodes.a1.role", "is required", ""),
    "no address": (node(address=None), "nodes.a1.address", "is required", ""),
    "an address that is none": (node(address="192.0.2.300"), "nodes.a1.address", "IP address", "such as"),
    "one address twice": (node(address="192.0.2.11"), "cluster", "192.0.2.11", "a1"),
    "a node name with capitals": (cluster(nodes={"A9": {"role": "agent", "address": "192.0.2.99"}}), "nodes.A9", "DNS label", "lower-case"),
    "a host without a host key": (node(address="192.0.2.98"), "192.0.2.98", "holds no key", "scan-host-keys"),
    "no known_hosts file": (ssh(hostKeys={"path": "known_hosts/none"}), "known_hosts/none", "", "scan-host-keys"),
    "host keys waved through without a reason": (ssh(hostKeys={"kind": "accept-any", "path": None}), "hostKeys.because", "is required", ""),
    "a port out of range": (ssh(port=70000), "cluster.ssh.port", "less than or equal to 65535", ""),
    "a port that is no number": (ssh(port="ssh"), "cluster.ssh.port", "whole number", ""),
    "a kind of authentication that is none": (ssh(auth={"kind": "password"}), "cluster.ssh.auth", "unknown kind", "agent, key"),
    "authentication without a kind": (ssh(auth={"kind": None}), "cluster.ssh.auth", "kind", "agent, key"),
    "a key file that is not there": (ssh(auth={"kind": "key-file", "path": "/none/id"}), "cluster.ssh.auth", "/none/id", ""),
    "an undeclared secret": (ssh(auth={"kind": "key", "privateKey": {"secret": "sshKey"}}), "cluster.ssh.auth.privateKey", "sshKey is not set", "pulumi config set --secret sshKey"),
    "a secret in place of its name": (ssh(auth={"kind": "key", "privateKey": "-----BEGIN"}), "cluster.ssh.auth.privateKey", "mapping", ""),
    "a bastion without a host key": (ssh(bastion={"host": "192.0.2.97", "user": "ops"}), "192.0.2.97", "holds no key", "scan-host-keys"),
    "pods and services that overlap": (network(clusterCidr="10.43.0.0/16"), "cluster", "overlap", ""),
    "pods that overlap the nodes": (network(clusterCidr="192.0.0.0/16"), "cluster", "overlap", ""),
    "a network with host bits": (network(clusterCidr="10.42.0.1/16"), "network.clusterCidr", "host bits", "such as"),
    "a cluster DNS outside the services": (network(clusterDns="10.44.0.10"), "cluster", "10.44.0.10", "10.43.0.0/16"),
    "a flannel backend that is none": (network(flannelBackend="ipip"), "network.flannelBackend", "'vxlan'", ""),
    "a VIP outside every subnet": (cluster(endpoint={"address": "203.0.113.1"}), "cluster", "203.0.113.1", "nodeCidrs"),
    "a VIP that is a node's address": (cluster(endpoint={"address": "192.0.2.12"}), "cluster", "192.0.2.12", "s2"),
    "an endpoint kind that is none": (cluster(endpoint={"kind": "dns"}), "cluster.endpoint", "unknown kind", "vip"),
    "an external endpoint without a host": (cluster(endpoint={"kind": "external", "address": None, "interface": None}), "cluster.endpoint.host", "is required", ""),
    "a taint without an effect": (node(taints=["gpu=true"]), "nodes.a1.taints.0", "no taint", "NoSchedule"),
    "a label value with a blank": (node(labels={"zone": "a b"}), "nodes.a1.labels.zone", "label value", "63"),
    "nobody may ever be unavailable": (cluster(maxUnavailable=0), "cluster.maxUnavailable", "", ""),
    "more than all unavailable": (cluster(maxUnavailable="150%"), "cluster.maxUnavailable", "", ""),
    "an artifact folder that is not there": (cluster(artifacts={"kind": "folder", "path": "none/k3s"}), "cluster.artifacts", "none/k3s", ""),
    "an artifact URL that is none": (cluster(artifacts={"kind": "mirror", "url": "mirror"}), "cluster.artifacts.url", "http", "https://"),
    "a checksum that is none": (cluster(artifacts={"kind": "release", "sha256": {"k3s": "abc"}}), "cluster.artifacts.sha256", "64", "hexadecimal"),
    "a registry secret that is not set": (cluster(registries={"auths": {"r.example.com": {"username": "u", "password": {"secret": "registry"}}}}), "cluster.registries", "registry is not set", "config set --secret"),
    "a packaged component that is none": (cluster(disable=["treafik"]), "cluster.disable", "", "traefik"),
    "a kubelet argument with dashes": (cluster(kubeletArgs={"--max-pods": "20"}), "cluster.kubeletArgs", "", ""),
    "a system that is none": ({"systems": {"fff": {"profile": "production"}}}, "systems.fff", "no such system", "ffe"),
    "a profile that is none": ({"systems": {"ffe": {"profile": "prodution"}}}, "systems.ffe", "no profile prodution", "production"),
    "a system without a profile": ({"systems": {"ffe": {"profile": None}}}, "systems.ffe.profile", "is required", ""),
    "a system's unknown key": (backend(replcas=2), "systems.ffe.workloads.backend.replcas", "unknown", "replicas?"),
    "an image that moves": (backend(image={"tag": "latest", "digest": None}), "systems.ffe.workloads.backend.image", "moves", "digest"),
    "a quantity that is none": (backend(resources={"cpuLimit": "2 cores"}), "backend.resources.cpuLimit", "quantity", "500m"),
    "a system's undeclared service": ({"postgres": None}, "systems.ffe", "postgres", ""),
    "a system's undeclared secret": (backend(env={"KEY": {"secret": "apiKey"}}), "systems.ffe.workloads.backend.env.KEY", "apiKey is not set", "pulumi config set --secret apiKey"),
    "a postgres kind that is none": ({"postgres": {"kind": "cloud"}}, "postgres", "unknown kind", "bundled, external"),
    "an external database without a password": ({"postgres": {"kind": "external", "storage": None, "protect": None, "host": "db.example.com", "databases": {"ffe": {"name": "ffe", "user": "ffe"}}}}, "postgres.databases.ffe.password", "is required", ""),
    "a storage size that is none": ({"postgres": {"storage": "much"}}, "postgres.storage", "quantity", "1.5Gi"),
}  # fmt: skip


def refusal(sections, recorded):
    with pytest.raises(pulumi.RunError) as refused:
        deploy(sections)
    assert recorded == [], "refused too late"
    return str(refused.value)


@pytest.fixture
def recorded(monkeypatch):
    """The resources registered but for the stack itself."""
    seen = []
    register = Recorder.RegisterResource

    def spy(self, request):
        if request.type != "pulumi:pulumi:Stack":
            seen.append(request.name)
        return register(self, request)

    monkeypatch.setattr(Recorder, "RegisterResource", spy)
    return seen


@pytest.mark.parametrize(("patch", "path", "rule", "way_out"), TABLE.values(), ids=TABLE)
def test_a_stack_file_is_refused_for(patch, path, rule, way_out, tmp_path, recorded):
    message = refusal(patched(settings("prod", tmp_path), patch), recorded)

    lines = [line for line in message.splitlines() if path in line]
    assert any(rule in line and way_out in line for line in lines), message


def test_all_mistakes_are_named_at_once(tmp_path, recorded):
    patch = {"cluster": {"version": 1.36, "nodes": {"a1": {"role": "master"}}}, "clutser": {}}

    message = refusal(patched(settings("prod", tmp_path), patch), recorded)

    assert message.startswith("3 mistakes in the stack's configuration:"), message


def test_a_refused_value_is_not_printed(tmp_path, recorded):
    patch = ssh(auth={"kind": "key", "privateKey": {"secret": "hunter2 hunter2"}})

    assert "hunter2" not in refusal(patched(settings("prod", tmp_path), patch), recorded)

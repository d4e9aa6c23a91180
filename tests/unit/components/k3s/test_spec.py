"""The `cluster` section: what it means, and what it refuses."""

# ruff: noqa: E501 - tables: one mistake a line

import pytest
from pydantic import ValidationError

from components.k3s.spec import Cluster
from tests.unit.components.k3s.given import VIP, cluster, stack


def node(role, last, **more):
    return {"role": role, "address": f"192.0.2.{last}", **more}


# what is wrong | the patch that makes it so | the rule | the way out
TABLE = {
    "even": ({"nodes": {"s4": node("server", 14)}}, "4 servers; etcd needs an odd", "add one"),
    "one lost of two": ({"nodes": {"s3": None, "s2": {"lost": True}}}, "1 of 2 servers are lost", "restore"),
    "no server": ({"nodes": {f"s{i}": None for i in (1, 2, 3)}}, "no server", "role server"),
    "nine servers": ({"nodes": {f"s{i}": node("server", 30 + i) for i in range(4, 10)}}, "9 servers", "use agents"),
    "no majority left": ({"nodes": {"s1": {"lost": True}, "s2": {"lost": True}}}, "no quorum left", "restore a snapshot"),
    "address twice": ({"nodes": {"a2": node("agent", 21)}}, "192.0.2.21 is the address of a1 and a2", "its own"),
    "ssh host twice": ({"nodes": {n: {"sshHost": "gate"} for n in ("s1", "s2")}}, "gate is the sshHost of 2", "its own"),
    "pods on services": ({"network": {"clusterCidr": "10.43.0.0/17"}}, "serviceCidr: 10.43.0.0/16 overlaps", "other addresses"),
    "services on nodes": ({"network": {"nodeCidrs": ["192.0.2.0/24"], "serviceCidr": "192.0.2.128/25", "clusterDns": "192.0.2.138"}}, "overlaps network.serviceCidr", "other addresses"),
    "a node among pods": ({"nodes": {"a1": {"address": "10.42.7.1"}}}, "10.42.7.1 lies in network.clusterCidr", "move the range"),
    "dns elsewhere": ({"network": {"clusterDns": "10.42.0.10"}}, "10.42.0.10 is not in network.serviceCidr", "tenth"),
    "a node outside": (VIP | {"nodes": {"a1": {"address": "198.51.100.1"}}}, "in none of network.nodeCidrs", "add its subnet"),
    "a vip without subnets": (VIP | {"network": None}, "needed with a VIP", "list the subnets"),
    "a vip outside": (VIP | {"endpoint": {**VIP["endpoint"], "address": "198.51.100.9"}}, "outside every subnet", "free address"),
    "a vip in use": (VIP | {"endpoint": {**VIP["endpoint"], "address": "192.0.2.21"}}, "a1's own address", "a free one"),
    "a vip far from a server": (VIP | {"network": {"nodeCidrs": ["192.0.2.0/24", "198.51.100.0/24"]}, "nodes": {"s2": {"address": "198.51.100.2"}}}, "where the server s2", "external endpoint"),
    "an agent as endpoint": ({"endpoint": {"kind": "external", "host": "192.0.2.21"}}, "is the agent a1", "load balancer"),
    "disabled twice": ({"disable": ["traefik", "traefik"]}, "listed twice", "keep one"),
    "version": ({"version": "1.36"}, "is no K3s release", "releases page"),
    "version unquoted": ({"version": 1.36}, "valid string", ""),
    "share": ({"maxUnavailable": "0%"}, "0%: a number of agents", "share"),
    "nobody": ({"maxUnavailable": 0}, "0: a number of agents from 1", "share"),
    "a fraction": ({"maxUnavailable": "half"}, "half: a number", "share"),
    "owned by kubelet": ({"kubeletArgs": {"node-ip": "192.0.2.1"}}, "node-ip cannot be given here", "nodes.<name>.address"),
    "owned by api": ({"apiServerArgs": {"secure-port": "443"}}, "secure-port cannot be given", "6443"),
    "label key": ({"nodes": {"a1": {"labels": {"-x": "1"}}}}, "is no label key", "letters, digits"),
    "label value": ({"nodes": {"a1": {"labels": {"x": "a b"}}}}, "is no label value", "63"),
    "taint": ({"nodes": {"a1": {"taints": ["x=y"]}}}, "is no taint", "NoSchedule"),
    "cordon as taint": ({"nodes": {"a1": {"taints": ["node.kubernetes.io/unschedulable:NoSchedule"]}}}, "kubectl cordon", "your own"),
    "taint twice": ({"nodes": {"a1": {"taints": ["x=a:NoSchedule", "x=b:NoSchedule"]}}}, "x twice", "keep one"),
    "ssh host with user": ({"nodes": {"a1": {"sshHost": "ops@h"}}}, "neither an address nor a name", "no scheme"),
    "mirror url": ({"artifacts": {"kind": "mirror", "url": "ftp://m"}}, "no http(s) URL", "https://host"),
    "password in a url": ({"artifacts": {"kind": "mirror", "url": "https://u:p@m"}}, "credentials in a URL", "leave them out"),
    "registry mirror": ({"registries": {"mirrors": {"docker.io": {"endpoint": ["m"]}}}}, "no http(s) URL", "https://host"),
}  # fmt: skip


@pytest.mark.parametrize(("patch", "rule", "way_out"), TABLE.values(), ids=TABLE)
def test_a_section_is_refused_for(patch, rule, way_out):
    with pytest.raises(ValidationError) as refused:
        Cluster.model_validate(stack(patch))

    assert rule in str(refused.value)
    assert way_out in str(refused.value)


def test_every_mistake_is_named_at_once():
    with pytest.raises(ValidationError) as refused:
        cluster({"nodes": {"s4": node("server", 11)}, "network": {"clusterDns": "10.9.0.10"}})

    message = str(refused.value)
    assert all(part in message for part in ("odd number", "s1 and s4", "clusterDns"))


def test_the_order_of_nodes_means_nothing():
    turned = stack()
    turned["nodes"] = dict(reversed(turned["nodes"].items()))

    assert list(Cluster.model_validate(turned).living) == list(cluster().living)


def test_a_lost_host_may_be_replaced_in_the_same_edit():
    spec = cluster({"nodes": {"s1": {"lost": True}, "s4": node("server", 14)}})

    assert spec.first_server == "s2"
    assert "s1" not in spec.living


def test_a_lost_host_leaves_the_rest_as_it_was():
    assert list(cluster({"nodes": {"s3": {"lost": True}}}).living_servers) == ["s1", "s2"]


@pytest.mark.parametrize(("share", "lanes"), [(1, 1), (3, 3), ("25%", 2), ("1%", 1), ("100%", 10)])
def test_a_share_of_the_agents_is_never_none_of_them(share, lanes):
    agents = {f"a{i}": node("agent", 100 + i) for i in range(1, 11)}

    assert cluster({"nodes": agents, "maxUnavailable": share}).lanes == lanes


@pytest.mark.parametrize(
    ("patch", "url"),
    [
        ({}, "https://192.0.2.11:6443"),
        (VIP, "https://192.0.2.10:6443"),
        ({"endpoint": {"kind": "external", "host": "k8s.example.com", "port": 443}}, "https://k8s.example.com:443"),
        ({"nodes": {"s1": {"address": "2001:db8::1"}}}, "https://[2001:db8::1]:6443"),
    ],
)  # fmt: skip
def test_clients_are_sent_to_the_endpoint(patch, url):
    assert cluster(patch).endpoint_url == url


def test_a_version_is_asked_for_as_its_source_spells_it():
    release = cluster().artifacts
    folder = cluster({"artifacts": {"kind": "folder", "path": "k3s"}}).artifacts

    assert release.source("v1.36.4+k3s1").endswith("/download/v1.36.4%2Bk3s1")
    assert folder.source("v1.36.4+k3s1") == "file:///var/tmp/groundwork/v1.36.4+k3s1"


def test_an_arm_host_gets_its_own_binary():
    assert cluster().artifacts.files("arm64") == ["k3s-arm64"]

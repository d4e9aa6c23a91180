"""The files of a node."""

import hashlib

import pytest
import yaml

from components.k3s.config import node_files
from tests.unit.components.k3s.given import TRUST, VIP, cluster

PASSWORDS = {"r.example.com": "the-registry-password"}


def files(name, patch=None):
    return {f.path: f for f in node_files(cluster(patch), name, TRUST, PASSWORDS)}


def config(name, patch=None):
    return yaml.safe_load(files(name, patch)["/etc/rancher/k3s/config.yaml"].content)


def registration(name, patch=None):
    path = "/etc/rancher/k3s/config.yaml.d/20-node.yaml"
    return yaml.safe_load(files(name, patch)[path].content)


def test_servers_agree_on_all_that_k3s_wants_the_same_on_each():
    own = {"node-name", "node-ip", "tls-san"}
    one, other = ({k: v for k, v in config(n).items() if k not in own} for n in ("s1", "s3"))

    assert one == other


def test_an_agent_gets_no_servers_secret():
    text = "".join(f.content for f in files("a1").values())

    assert TRUST.server_password not in text
    assert "key of" not in text
    assert config("a1")["token"] == TRUST.agent_token


def test_the_token_pins_the_authority_byte_for_byte():
    digest = hashlib.sha256(b"cert of server-ca\n").hexdigest()

    assert TRUST.server_token == f"K10{digest}::server:the-server-password"
    assert TRUST.agent_token == f"K10{digest}::node:the-agent-password"


def test_adding_a_server_changes_no_other_servers_files():
    more = {f"s{i}": {"role": "server", "address": f"192.0.2.{10 + i}"} for i in (4, 5)}

    assert files("s1") == files("s1", {"nodes": more})


def test_a_vip_is_in_every_servers_certificate_and_runs_before_the_first_start():
    for name in ("s1", "s2", "s3"):
        assert "192.0.2.10" in config(name, VIP)["tls-san"]
    manifest = files("s1", VIP)["/var/lib/rancher/k3s/server/manifests/groundwork-vip.yaml"]
    kinds = [o["kind"] for o in yaml.safe_load_all(manifest.content)]

    assert manifest.kind == "live"
    assert kinds == ["ServiceAccount", "Role", "RoleBinding", "DaemonSet"]
    assert "ghcr.io/kube-vip/kube-vip:v1.2.3" in manifest.content


def test_labels_and_taints_need_no_restart():
    marks = {"nodes": {"a1": {"labels": {"zone": "a"}, "taints": ["x:NoSchedule"]}}}
    before, after = files("a1"), files("a1", marks)

    changed = {p for p in after if before[p] != after[p]}
    assert {after[p].kind for p in changed} == {"live"}
    assert registration("a1", marks) == {"node-label": ["zone=a"], "node-taint": ["x=:NoSchedule"]}


@pytest.mark.parametrize(
    ("label", "own"),
    [
        ("zone", True),
        ("example.com/zone", True),
        ("topology.kubernetes.io/zone", True),
        ("node.kubernetes.io/pool", True),
        ("node-role.kubernetes.io/worker", False),
        ("team.k8s.io/x", False),
    ],
)
def test_a_kubelet_gives_itself_only_labels_that_it_may(label, own):
    labels = registration("a1", {"nodes": {"a1": {"labels": {label: "1"}}}})

    assert bool(labels) is own, "it would refuse to start; the API sets the others"


def test_arguments_are_sorted_lists():
    args = {"kubeletArgs": {"max-pods": "50", "image-gc-high-threshold": "80"}}

    assert config("a1", args)["kubelet-arg"] == ["image-gc-high-threshold=80", "max-pods=50"]


def test_registries_are_written_as_k3s_reads_them():
    section = {
        "mirrors": {"docker.io": {"endpoint": ["https://m.example.com"]}},
        "auths": {"r.example.com": {"username": "u", "password": {"secret": "registry"}}},
    }
    text = files("a1", {"registries": section})["/etc/rancher/k3s/registries.yaml"].content

    assert yaml.safe_load(text) == {
        "mirrors": {"docker.io": {"endpoint": ["https://m.example.com"]}},
        "configs": {
            "r.example.com": {"auth": {"username": "u", "password": "the-registry-password"}}
        },
    }


def test_the_authorities_are_for_the_server_that_starts_the_cluster():
    authorities = [f.path for f in files("s1").values() if f.kind == "ca"]

    assert len(authorities) == 11
    assert "/var/lib/rancher/k3s/server/tls/service.key" in authorities


def test_what_may_hold_a_secret_is_for_root_alone():
    for file in files("s1").values():
        assert file.mode == "600" or file.path.endswith(".service"), file.path


def test_maintenance_cannot_read_a_secret():
    manifest = files("s1")["/var/lib/rancher/k3s/server/manifests/groundwork-maintenance.yaml"]
    rules = [r for o in yaml.safe_load_all(manifest.content) for r in o.get("rules", [])]

    [secrets] = [r for r in rules if "secrets" in r["resources"]]
    assert secrets["verbs"] == ["delete"]
    assert all("*" not in [*r["verbs"], *r["resources"]] for r in rules)


def test_no_file_shows_its_content_in_an_error():
    assert "the-" not in repr(list(files("s1").values()))
    assert "the-" not in repr(TRUST)

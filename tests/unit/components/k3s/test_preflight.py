"""Preflight: what it finds wrong with hosts, and what it lets pass."""

# ruff: noqa: E501 - tables: one mistake a line

import re

import pytest

from components.k3s.connection import Route
from components.k3s.inventory import Inventory, loads
from components.k3s.preflight.__main__ import report
from components.k3s.preflight.facts import parse
from components.k3s.preflight.judgement import judge
from tests.unit.components.k3s.given import cluster

WELL = {
    "os": "debian 12 ",
    "machine": "x86_64",
    "systemd": "yes",
    "cpus": "2",
    "memory_kib": "2000000",
    "swap_kib": "0",
    "disk_free_kib": "9000000",
    "cgroups": "cpuset cpu io memory pids",
    "default_route": "yes",
    "ports": "tcp/22 udp/68",
    "curl": "yes",
    "apt": "yes",
    "clock": "1000.0",
}
ADDRESSES = {"s1": "192.0.2.11", "s2": "192.0.2.12", "s3": "192.0.2.13", "a1": "192.0.2.21"}
HASH = "ab" * 32
OURS = {
    "unit": "k3s",
    "unit_ours": "yes",
    "unit_active": "active",
    "joined": HASH,
    "authority": HASH,
}
LIVES = OURS | {"datastore": "yes"}


def facts(name, **changes):
    own = {
        "hostname": name,
        "machine_id": f"id of {name}",
        "addresses": f"{ADDRESSES[name]} fe80::1",
    }
    lines = {**WELL, **own, **changes}
    return parse("".join(f"{k} {v}\n" for k, v in lines.items()), 1000.5)


def judged(changes=None, unreachable=None, **patch):
    changes = changes or {}
    silent = unreachable or {}
    known = {n: facts(n, **changes.get(n, {})) for n in ADDRESSES if n not in silent}
    return judge(cluster(patch or None), known, silent, HASH)


def test_hosts_as_they_should_be_give_no_finding():
    result = judged()

    assert result.findings == []
    assert result.warnings == []


# what is so on a1 | the finding | the remedy
TABLE = {
    "no systemd": ({"systemd": ""}, "without systemd", "Debian and Ubuntu"),
    "arm": ({"machine": "aarch64"}, "is arm64, the stack file says amd64", "architecture"),
    "address": ({"addresses": "203.0.113.9"}, "does not have the address 192.0.2.21", "sshHost"),
    "memory": ({"memory_kib": "300000"}, "292 MiB of memory, 440 is the least", "give it more"),
    "disk": ({"disk_free_kib": "1000000"}, "976 MiB free below /var/lib", "free some"),
    "cgroups": ({"cgroups": "cpu pids"}, "cgroup controllers cpuset, memory", "reboot"),
    "route": ({"default_route": "no"}, "no default route", "dummy interface"),
    "port": ({"ports": "tcp/10250", "owners": "10250=kubelet"}, "tcp/10250 is in use by kubelet", "stop it"),
    "vxlan": ({"ports": "udp/8472"}, "udp/8472 is in use by another program", "stop it"),
    "foreign": ({"unit": "k3s-agent", "unit_active": "active"}, "did not install", "k3s-uninstall.sh"),
    "cluster": (OURS | {"authority": "cd" * 32}, "belongs to another cluster", "remove that K3s"),
    "fast": ({"clock": "1042"}, "ahead of this machine's", "synchronize"),
    "slow": ({"clock": "960"}, "s behind this machine's", "synchronize"),
    "no curl": ({"curl": "", "apt": ""}, "no curl", "install curl"),
    "downgrade": (OURS | {"running": "v1.37.0+k3s1 x"}, "runs v1.37.0+k3s1", "restore a snapshot"),
    "skip": (OURS | {"running": "v1.34.0+k3s1 x"}, "skips 1 minor", "v1.35 release first"),
    "host name": ({"hostname": "s1"}, "has the host name of", "hostnamectl"),
    "machine id": ({"machine_id": "id of s1"}, "has the machine id of", "systemd-machine-id-setup"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "finding", "remedy"), TABLE.values(), ids=TABLE)
def test_a_host_is_refused_for(changes, finding, remedy):
    result = judged({"s1": LIVES, "a1": changes})

    assert [(f, r) for _, f, r in result.findings if finding in f and remedy in r], result.findings
    assert len(result.findings) == 1


def test_ports_of_our_own_k3s_are_not_somebody_elses():
    assert judged({"s1": LIVES | {"ports": "tcp/6443 tcp/10250"}}).findings == []


def test_a_server_needs_ports_that_an_agent_may_use():
    used = {"ports": "tcp/2379"}

    assert judged({"a1": used}).findings == []
    assert len(judged({"s1": used}).findings) == 1


def test_clocks_may_not_be_far_from_each_other_either():
    result = judged({"s1": {"clock": "980"}, "a1": {"clock": "1020"}})

    assert [(n, f) for n, f, _ in result.findings] == [("a1", "its clock is 40 s ahead of s1's")]


def test_containers_on_one_machine_may_share_its_uuid():
    shared = {"product_uuid": "one", "container": "systemd-nspawn"}

    assert judged(dict.fromkeys(ADDRESSES, shared)).findings == []
    assert judged({key: {"product_uuid": "one"} for key in ADDRESSES}).findings


def test_a_host_that_does_not_answer_is_a_finding_while_there_is_no_cluster():
    result = judged(unreachable={"a1": "192.0.2.21:22 refuses connections: start sshd"})

    assert result.findings == [("a1", "192.0.2.21:22 refuses connections", "start sshd")]


def test_a_member_that_does_not_answer_is_a_warning_while_the_cluster_lives():
    result = judged({"s1": OURS}, unreachable={"s3": "192.0.2.13:22 does not answer: power"})

    assert result.findings == []
    assert "does not answer" in result.warnings[0][1]


def test_a_second_cluster_does_not_begin_beside_the_first():
    agent = OURS | {"unit": "k3s-agent"}

    [(host, finding, _)] = judged({"a1": agent}).findings

    assert host == "s1"
    assert "a second cluster would begin" in finding


def test_swap_selinux_and_a_busy_apt_are_only_worth_knowing():
    result = judged(
        {"a1": {"swap_kib": "99", "selinux": "1", "apt_locked": "yes", "os": "rocky 9"}}
    )

    assert result.findings == []
    assert len(result.warnings) == 4


def test_the_report_has_a_line_for_each_host_and_then_the_findings():
    changes = {"a1": {"curl": "", "apt": ""}}
    known = {n: facts(n, **changes.get(n, {})) for n in ADDRESSES}
    routes = {n: Route(host=a, port=22, user="ops", host_key=None) for n, a in ADDRESSES.items()}
    inventory = Inventory(cluster=cluster(), routes=routes)

    lines = report(inventory, known, judge(cluster(), known, {}, HASH)).splitlines()

    assert lines[0] == "ok    s1  192.0.2.11  debian 12 amd64, 2 CPUs, 1953 MiB"
    assert re.match("FAIL  a1: no curl.* Remedy: install curl", lines[-1])
    assert len(lines) == 4


def test_an_inventory_survives_its_way_over_stdin():
    route = Route(host="192.0.2.11", port=22, user="ops", host_key=None)
    sent = Inventory(
        cluster=cluster(), routes={"s1": route}, bastion=route, private_key="k", ca_hash="h"
    )

    assert loads(sent.dumps()) == sent
    assert "'k'" not in repr(sent)

"""Ways out: `leave`, `teardown` and `forget`."""

import pytest

from tests.scripts.sandbox import Host, cluster


@pytest.fixture
def member(host):
    """The first of three servers of a cluster that lives."""
    host.member()
    host.others("s2", "s3", "a1")
    host.write("deeds", "")
    return host


def clean(host):
    return {name for name in host.files() if name != "etc/passwd"}


def deeds(host):
    return host.read("deeds").splitlines()


def test_a_server_drains_leaves_etcd_and_is_deleted_before_it_is_uninstalled(member):
    member.does("leave")

    assert deeds(member) == [
        "cordoned s1",
        "drained",
        "annotated",
        "deleted node s1",
        "deleted secret s1.node-password.k3s",
    ]
    assert clean(member) == set(), "nothing of ours is left"


def test_an_agent_has_no_etcd_to_leave(host, tmp_path):
    agent = Host(tmp_path / "agent", "a1")
    agent.others("s1", "s2", "s3")
    agent.does("prepare")
    agent.does("join", cluster())
    agent.write("deeds", "")

    agent.does("leave")

    assert "annotated" not in deeds(agent)
    assert clean(agent) == set()


def test_quorum_is_never_given_up(member):
    member.write("nodes", member.read("nodes").replace("s2|True", "s2|False"))
    before = member.files()

    refused = member.run("leave")

    assert refused.returncode == 1
    assert "of the 2 servers that stay, only 1 are healthy" in refused.stderr
    assert "Nothing was done" in refused.stderr
    assert deeds(member) == []
    assert member.files() == before


def test_a_server_that_has_just_died_does_not_count_as_healthy(member):
    member.path("world/answers/192.0.2.12").unlink()

    refused = member.run("leave")

    assert "of the 2 servers that stay, only 1 are healthy" in refused.stderr
    assert deeds(member) == []


def test_an_etcd_that_refuses_keeps_the_server(member):
    member.write("etcd-refuses", "")
    script = member.script
    member.script = lambda *a: script(*a).replace("await 90 left_etcd", "await 2 left_etcd")

    refused = member.run("leave")

    assert "the etcd member of s1 is not removed yet" in refused.stderr
    assert deeds(member)[-2:] == ["annotation withdrawn", "uncordoned s1"]
    assert member.path("world/active/k3s").exists()


def test_a_budget_that_forbids_eviction_stops_it(member):
    member.write("budget", "")

    refused = member.run("leave")

    assert refused.returncode == 1
    assert deeds(member)[-1] == "uncordoned s1"
    assert member.path("world/active/k3s").exists()


def test_without_any_other_server_it_is_refused(host):
    host.member()

    refused = host.run("leave")

    assert "Nothing was done: a node leaves with the help of another server" in refused.stderr
    assert host.path("world/active/k3s").exists()


def test_a_host_without_k3s_has_left_already(host):
    host.does("leave")

    assert clean(host) == set()


def test_a_second_leave_changes_nothing(member):
    member.does("leave")

    member.does("leave")

    assert clean(member) == set()


def test_what_is_not_ours_stays(member):
    kept = ["etc/rancher/other.yaml", "etc/cni/net.d/87-podman.conflist", "var/lib/data"]
    for name in kept:
        member.path(name).parent.mkdir(parents=True, exist_ok=True)
        member.path(name).write_text("somebody else's")

    member.does("leave")

    assert clean(member) == set(kept)


def test_teardown_asks_nobody(member):
    member.does("teardown")

    assert deeds(member) == []
    assert clean(member) == set()


def test_a_lost_host_is_forgotten_by_a_living_server(member):
    member.write("nodes", member.read("nodes").replace("s3|True", "s3|False"))
    member.path("world/answers/192.0.2.13").unlink()
    nodes = cluster().model_dump(mode="json", by_alias=True)["nodes"]
    nodes["s3"]["lost"] = True

    member.does("forget", cluster(nodes=nodes), subject="s3")

    assert deeds(member) == [
        "annotated", "deleted node s3", "deleted secret s3.node-password.k3s",
    ]  # fmt: skip


def test_a_host_that_lives_is_not_forgotten(member):
    refused = member.run("forget", subject="s3")

    assert "is Ready, so it lives: remove `lost: true`" in refused.stderr
    assert deeds(member) == []


def test_where_there_is_no_cluster_there_is_nothing_to_forget(host):
    assert "no cluster on this host yet" in host.does("forget", subject="s3")


@pytest.mark.parametrize("verb", ["leave", "teardown"])
@pytest.mark.parametrize("kill_at", range(30, 700, 90))
def test_a_run_killed_anywhere_is_ended_by_the_next(member, verb, kill_at):
    member.run(verb, kill_at=kill_at)

    member.does(verb)

    assert clean(member) == set()
    if verb == "leave":
        assert not [n for n in member.read("nodes").splitlines() if n.startswith("s1|")]

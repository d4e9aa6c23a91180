"""`roll`: a member comes to run what is wanted, and never while another is away."""

import pytest

from tests.scripts.sandbox import NEW, OLD, SECRETS, Host, cluster

BINARY = "usr/local/bin/k3s"


@pytest.fixture
def old(host):
    """The first of three servers, at the older version; the newer one is staged."""
    host.member(cluster(OLD))
    host.others("s2", "s3", "a1")
    host.does("prepare", cluster(NEW))
    host.write("deeds", "")
    return host


def deeds(host):
    return host.read("deeds").splitlines()


def test_an_upgrade_snapshots_drains_swaps_and_uncordons(old):
    output = old.does("roll")

    assert deeds(old) == ["snapshot before-v1.36.4-k3s1", "cordoned s1", "drained", "uncordoned s1"]
    assert NEW in old.path(BINARY).read_text()
    assert f"s1|True|True|true||{NEW}" in old.read("nodes")
    assert f"roll: changed to {NEW}" in output


def test_the_images_of_the_new_version_are_there_before_it_starts(old):
    old.does("roll")

    images = old.path("var/lib/rancher/k3s/agent/images/images.tar")
    assert images.read_text() == f"images of {NEW}\n"


def test_with_nothing_to_change_nothing_is_touched(old):
    old.does("roll")
    before = old.files()
    old.write("deeds", "")
    old.write("calls", "")

    output = old.does("roll")

    assert old.files() == before
    assert deeds(old) == []
    assert not old.calls("restart")
    assert f"runs {NEW} as wanted" in output


def test_a_changed_argument_needs_no_snapshot(old):
    old.does("roll", cluster(OLD, kubeletArgs={"max-pods": "50"}))

    assert deeds(old) == ["cordoned s1", "drained", "uncordoned s1"]
    assert "max-pods=50" in old.path("etc/rancher/k3s/config.yaml").read_text()


def test_a_file_that_somebody_edited_is_put_right(old):
    old.path("etc/rancher/k3s/config.yaml").write_text("disable: [everything]\n")

    old.does("roll", cluster(OLD))

    assert "the-server-password" in old.path("etc/rancher/k3s/config.yaml").read_text()
    assert "drained" in deeds(old)


def test_labels_and_taints_change_without_a_restart(old):
    nodes = cluster().model_dump(mode="json", by_alias=True)["nodes"]
    nodes["s1"] |= {"labels": {"zone": "a"}, "taints": ["dedicated=db:NoSchedule"]}
    old.write("calls", "")

    old.does("roll", cluster(OLD, nodes=nodes))
    nodes["s1"] |= {"labels": {}, "taints": []}
    old.does("roll", cluster(OLD, nodes=nodes))

    assert deeds(old) == [
        "label node s1 --overwrite zone=a",
        "taint node s1 --overwrite dedicated=db:NoSchedule",
        "label node s1 --overwrite zone-",
        "taint node s1 --overwrite dedicated:NoSchedule-",
    ]
    assert not old.calls("restart")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("s2|False|True|true||v1|192.0.2.12||", "server s2 is not Ready"),
        ("s2|True|False|true||v1|192.0.2.12||", "server s2 is no voter of etcd"),
        ("a1|False||||v1|192.0.2.21||", "1 other agent(s) are not Ready (a1 first)"),
        ("", "server s2 is not in the cluster"),
    ],
)
def test_while_another_is_away_nothing_is_changed(old, line, reason):
    name = line.split("|")[0] or "s2"
    kept = [n for n in old.read("nodes").splitlines() if not n.startswith(f"{name}|")]
    old.write("nodes", "\n".join([*kept, *([line] if line else [])]) + "\n")

    refused = old.run("roll")

    assert refused.returncode == 1
    assert reason in refused.stderr
    assert "Nothing was changed here" in refused.stderr
    assert deeds(old) == []
    assert OLD in old.path(BINARY).read_text()


def test_a_server_that_has_just_died_is_away_though_it_still_counts_as_ready(old):
    old.path("world/answers/192.0.2.12").unlink()

    refused = old.run("roll")

    assert "server s2 does not answer /readyz" in refused.stderr
    assert deeds(old) == []


def test_a_budget_that_forbids_eviction_leaves_the_node_as_it_was(old):
    old.write("budget", "")

    refused = old.run("roll")

    assert refused.returncode == 1
    assert (
        "PodDisruptionBudget shop/front (1 healthy, 1 needed) allows no eviction" in refused.stderr
    )
    assert "it is uncordoned and unchanged" in refused.stderr
    assert deeds(old)[-2:] == ["drained", "uncordoned s1"]
    assert OLD in old.path(BINARY).read_text()


def test_a_node_that_an_operator_cordoned_stays_cordoned(old):
    lines = [
        line.replace("|true||", "|true|true|", 1) if line.startswith("s1|") else line
        for line in old.read("nodes").splitlines()
    ]
    old.write("nodes", "\n".join(lines) + "\n")

    old.does("roll")

    assert "uncordoned s1" not in deeds(old)
    assert "cordoned s1" not in deeds(old)


def test_without_another_place_for_pods_there_is_no_drain(host):
    host.member(cluster(OLD))
    host.others("s2", "s3")
    cordoned = host.read("nodes").replace("s2|True|True|true||", "s2|True|True|true|true|")
    host.write("nodes", cordoned.replace("s3|True|True|true||", "s3|True|True|true|true|"))
    host.does("prepare")

    output = host.does("roll")

    assert "no drain: no other node takes pods" in output
    assert "drained" not in deeds(host)


def test_a_gate_that_stays_shut_stops_there_and_says_why(old):
    old.write("never-ready", "")

    refused = old.run("roll")

    assert refused.returncode == 1
    assert "groundwork: roll s1: node s1 is not Ready (Ready=False), after 10 s." in refused.stderr
    assert "no other node is touched" in refused.stderr
    assert not any(secret in refused.stderr + refused.stdout for secret in SECRETS)
    assert "uncordoned s1" not in deeds(old)


def test_a_change_taken_back_after_a_failed_gate_leaves_no_node_cordoned(old):
    old.write("never-ready", "")
    old.run("roll")
    old.path("world/never-ready").unlink()

    # The engine runs no `roll`: to it, nothing has changed since the last one that succeeded.
    old.does("join")

    assert f"s1|True|True|true||{NEW}" in old.read("nodes")
    assert deeds(old)[-1] == "uncordoned s1"


def test_a_change_taken_back_after_a_kill_in_its_drain_leaves_no_node_cordoned(old):
    old.write("nodes", old.read("nodes").replace("s1|True|True|true||", "s1|True|True|true|true|"))
    old.path("var/lib/groundwork/k3s/cordoned").write_text("s1\n")

    old.does("join")

    assert "s1|True|True|true||" in old.read("nodes")
    assert not old.path("var/lib/groundwork/k3s/cordoned").exists()


def test_after_a_failed_gate_join_mends_and_roll_uncordons(old):
    old.write("never-ready", "")
    old.run("roll")
    old.path("world/never-ready").unlink()

    old.does("join")
    old.does("roll")

    assert f"s1|True|True|true||{NEW}" in old.read("nodes")
    assert deeds(old)[-1] == "uncordoned s1"


def test_an_agent_may_roll_while_as_many_are_away_as_the_stack_allows(host, tmp_path):
    agent = Host(tmp_path / "agent", "a1")
    agent.does("prepare", cluster(OLD))
    agent.others("s1", "s2", "s3", version=NEW)
    agent.does("join", cluster(OLD))
    agent.write("nodes", agent.read("nodes") + "a2|False||||v1|192.0.2.22||\n")
    agent.does("prepare")

    agent.does("roll", cluster(NEW, maxUnavailable=2))

    assert NEW in agent.path(BINARY).read_text()
    assert not [d for d in deeds(agent) if "snapshot" in d]


@pytest.mark.parametrize("kill_at", range(40, 780, 60))
def test_a_run_killed_anywhere_is_mended_by_the_next(old, kill_at):
    assert old.run("roll", kill_at=kill_at).returncode != 0

    old.does("join")
    old.does("roll")

    assert NEW in old.path(BINARY).read_text()
    assert f"s1|True|True|true||{NEW}" in old.read("nodes"), "and not left cordoned"
    assert not old.path("var/lib/groundwork/k3s/changing").exists()
    assert not old.path("var/lib/groundwork/k3s/cordoned").exists()

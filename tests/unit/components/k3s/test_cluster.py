"""The component's graph: what runs where, after what, and what happens to it at the end."""

import base64
import json
import re

from components.base import SecretRef
from tests.unit.components.k3s.given import VIP
from tests.unit.components.k3s.test_known_hosts import ED

REMOTE, LOCAL = "command:remote:Command", "command:local:Command"
LOST = {"nodes": {"s3": {"lost": True}}}


def waits(graph, later, *earlier):
    return {graph.one(e).urn for e in earlier} <= graph.waits_for(graph.one(later))


def payload(node):
    lines = [line.split(" ") for line in node.inputs["stdin"].splitlines()]
    return {words[1]: base64.b64decode(words[2]).decode() for words in lines if words[0] == "var"}


def test_all_hosts_are_prepared_at_once(deploy):
    graph = deploy()
    prepared = [n for n in graph.of(REMOTE).values() if "prepare" in n.name]

    assert len(prepared) == 4
    assert not any(waits(graph, a.name, b.name) for a in prepared for b in prepared if a != b)


def test_all_others_join_at_once_after_the_first(deploy):
    graph = deploy()
    others = [f"cluster-join-{name}" for name in ("s2", "s3", "a1")]

    assert all(waits(graph, other, "cluster-join-s1") for other in others)
    assert not any(waits(graph, a, b) for a in others for b in others if a != b)


def test_no_roll_begins_before_every_host_has_its_version_staged(deploy):
    graph = deploy()

    assert waits(
        graph, "cluster-roll-s1", *(f"cluster-prepare-{n}" for n in ("s1", "s2", "s3", "a1"))
    )


def test_servers_roll_in_a_chain_and_agents_in_lanes_after_them(deploy):
    agents = {f"a{i}": {"role": "agent", "address": f"192.0.2.2{i}"} for i in (2, 3)}
    graph = deploy({"nodes": agents, "maxUnavailable": 2})

    assert waits(graph, "cluster-roll-s3", "cluster-roll-s2", "cluster-roll-s1")
    assert waits(graph, "cluster-roll-a1", "cluster-roll-s3")
    assert not waits(graph, "cluster-roll-a2", "cluster-roll-a1")
    assert waits(graph, "cluster-roll-a3", "cluster-roll-a1")
    assert payload(graph.one("cluster-roll-a1"))["ALLOWED_AWAY"] == "1"
    assert payload(graph.one("cluster-roll-s1"))["ALLOWED_AWAY"] == "0"


def test_the_cluster_is_ready_after_the_last_of_each_lane(deploy):
    agents = {"a2": {"role": "agent", "address": "192.0.2.22"}}
    graph = deploy({"nodes": agents, "maxUnavailable": 2})

    assert waits(graph, "cluster-ready", "cluster-roll-a1", "cluster-roll-a2")


def test_a_cluster_of_servers_alone_is_ready_after_the_last_of_them(deploy):
    assert waits(deploy({"nodes": {"a1": None}}), "cluster-ready", "cluster-roll-s3")


def test_only_the_first_server_may_start_a_cluster_and_takes_the_snapshot(deploy):
    graph = deploy()
    may = {n: payload(graph.one(f"cluster-join-{n}"))["MAY_START"] for n in ("s1", "s2", "a1")}
    snapshot = {n: payload(graph.one(f"cluster-roll-{n}"))["SNAPSHOT"] for n in ("s1", "s2")}

    assert may == {"s1": "yes", "s2": "no", "a1": "no"}
    assert snapshot == {"s1": "yes", "s2": "no"}


def test_leaving_is_what_undoes_joining_and_nothing_else_has_a_delete(deploy):
    graph = deploy()
    undone = {n.name: n.inputs["delete"] for n in graph.of(REMOTE).values() if "delete" in n.inputs}

    assert undone.keys() == {f"cluster-join-{n}" for n in ("s1", "s2", "s3", "a1")}
    assert re.fullmatch(r"sudo -n timeout -k 10 \d+ bash -s -- leave s2", undone["cluster-join-s2"])


def test_when_the_cluster_goes_one_bounded_program_sees_to_all_hosts(deploy):
    graph = deploy()
    teardown = graph.one("cluster-teardown")

    assert "create" not in teardown.inputs
    assert teardown.inputs["delete"].endswith("-m components.k3s.teardown")
    assert set(json.loads(teardown.inputs["stdin"])["routes"]) == {"s1", "s2", "s3", "a1"}
    for node in graph.of(REMOTE).values():
        assert (node.request.deletedWith == teardown.urn) is ("-join-" in node.name)


def test_a_lost_host_is_never_dialled(deploy):
    graph = deploy(LOST)
    dialled = [
        n.name
        for n in graph.of(REMOTE).values()
        if n.inputs["connection"]["host"] == "192.0.2.13"
        and {"create", "update", "delete"} & n.inputs.keys()
    ]

    assert dialled == []
    assert "cluster-join-s3" in graph.of(REMOTE), "taken out of the state it would be dialled"
    for beside in graph.of(LOCAL).values():
        assert "192.0.2.13" not in json.dumps(json.loads(beside.inputs["stdin"]).get("routes", ""))


def test_a_lost_host_is_forgotten_by_a_living_server_before_anyone_joins(deploy):
    graph = deploy(LOST)
    forget = graph.one("cluster-forget-s3")

    assert forget.inputs["connection"]["host"] == "192.0.2.11"
    assert forget.inputs["create"].endswith("bash -s -- forget s3")
    assert waits(graph, "cluster-join-s1", "cluster-forget-s3")


def test_root_needs_no_sudo(deploy):
    graph = deploy({"ssh": {"user": "root"}})

    assert graph.one("cluster-prepare-s1").inputs["create"].startswith("timeout -k")


def test_a_bastion_has_a_key_of_its_own(deploy):
    graph = deploy({"ssh": {"bastion": {"host": "b", "user": "jump"}}})
    proxy = graph.one("cluster-prepare-s1").inputs["connection"]["proxy"]

    assert (proxy["host"], proxy["user"], proxy["hostKey"]) == ("b", "jump", ED)


def test_a_key_from_the_stacks_secrets_is_a_secret_everywhere(deploy):
    graph = deploy({"ssh": {"auth": {"kind": "key", "privateKey": {"secret": "key"}}}})

    for node in [*graph.of(REMOTE).values(), *graph.of(LOCAL).values()]:
        for key, value in node.inputs.items():
            if "the-ssh-key" in json.dumps(value):
                assert any(p.startswith(key) for p in node.secrets), f"{node.name}.{key}"


def test_every_stdin_is_a_secret_in_a_preview_too(deploy):
    for preview in (False, True):
        graph = deploy(preview=preview)
        for node in [*graph.of(REMOTE).values(), *graph.of(LOCAL).values()]:
            assert "stdin" in node.secrets | node.unknowns, node.name


def test_accepting_any_host_key_is_what_it_says(deploy):
    open_door = {"kind": "accept-any", "path": None, "because": "a lab without keys"}
    graph = deploy({"ssh": {"hostKeys": open_door}})

    assert "hostKey" not in graph.one("cluster-prepare-s1").inputs["connection"]


def test_an_agent_added_changes_no_command_of_another_host(deploy):
    before = deploy().of(REMOTE)
    after = deploy({"nodes": {"a0": {"role": "agent", "address": "192.0.2.22"}}}).of(REMOTE)

    assert {n: c.inputs for n, c in before.items()} == {n: after[n].inputs for n in before}


def test_a_changed_generation_runs_everything_of_that_host_again(deploy):
    before = deploy().of(REMOTE)
    after = deploy({"nodes": {"a1": {"generation": 1}}}).of(REMOTE)
    changed = {name for name in before if before[name].inputs != after[name].inputs}

    assert changed == {f"cluster-{verb}-a1" for verb in ("prepare", "join", "roll")}


def test_any_change_of_the_section_has_the_hosts_looked_at_again(deploy):
    before = deploy().one("cluster-preflight").inputs["stdin"]

    assert (
        deploy({"kubeletArgs": {"max-pods": "50"}}).one("cluster-preflight").inputs["stdin"]
        != before
    )


def test_the_vip_is_taken_off_a_host_that_leaves(deploy):
    assert payload(deploy(VIP).one("cluster-join-s1"))["VIP"] == "192.0.2.10/32"


def test_files_from_a_folder_are_copied_before_they_are_staged(deploy):
    graph = deploy({"artifacts": {"kind": "folder", "path": "k3s", "images": ["i.tar"]}})
    copies = graph.of("command:remote:CopyToRemote")

    assert len(copies) == 4 * 3, "binary, archive and sums for each host"
    assert waits(graph, "cluster-prepare-a1", "cluster-upload-a1-k3s", "cluster-upload-a1-i.tar")
    assert copies["cluster-upload-a1-k3s"].inputs["remotePath"] == (
        "/var/tmp/groundwork/v1.36.4+k3s1/k3s"
    )


def test_registry_passwords_come_from_the_stacks_secrets(deploy):
    auths = {
        "r.example.com": {"username": "u", "password": SecretRef(secret="registry").model_dump()}
    }
    graph = deploy({"registries": {"auths": auths}})
    stdin = graph.one("cluster-join-a1").inputs["stdin"]

    assert base64.b64encode(b"the-registry-password").decode() in stdin

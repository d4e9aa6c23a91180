"""What holds for the whole graph of every stack, decided without deploying one."""

import itertools
import json
import re

import pytest
import yaml

from components.stack import ROOT, read, undeclared_secrets
from tests.unit.program.stacks import PRIVATE_KEY, STACKS, deploy, patched, settings

REMOTE = "command:remote:Command"
COMMANDS = (REMOTE, "command:local:Command")
MODES = [False, True]


@pytest.fixture(scope="module", params=STACKS)
def stack(request):
    return request.param


@pytest.fixture(scope="module", params=MODES, ids=["up", "preview"])
def graph(request, stack, tmp_path_factory):
    return deploy(settings(stack, tmp_path_factory.mktemp(stack)), preview=request.param)


@pytest.fixture
def sections(tmp_path):
    return settings("prod", tmp_path)


def host_commands(graph):
    return graph.of(REMOTE)


@pytest.mark.parametrize("name", sorted({*STACKS} - {"dev"}))
def test_a_stack_of_the_repository_can_be_previewed_as_it_stands(name):
    sections = yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text())["config"]
    plain = {k.removeprefix("groundwork:"): v for k, v in sections.items() if "groundwork" in k}

    stack, mistakes = read(plain, ROOT)

    assert mistakes == []
    assert undeclared_secrets(stack, set()) == []


def test_no_two_resources_share_a_urn(graph):
    assert graph.duplicates == []


def test_everything_in_the_cluster_names_its_provider(graph):
    [provider] = graph.of("pulumi:providers:kubernetes").values()
    strays = [n.urn for n in graph.kubernetes() if not n.provider.startswith(provider.urn)]

    assert graph.kubernetes()
    assert strays == [], "a default provider would be whatever ~/.kube/config names"


def test_the_provider_keeps_its_identity_while_its_kubeconfig_is_unknown(graph):
    [provider] = graph.of("pulumi:providers:kubernetes").values()

    assert provider.inputs["clusterIdentifier"] == "groundwork-test"
    assert "clusterIdentifier" not in provider.unknowns


def test_what_a_killed_run_could_not_record_is_taken_over_by_the_next(graph):
    [provider] = graph.of("pulumi:providers:kubernetes").values()

    assert str(provider.inputs["upsertExistingObjects"]).lower() == "true"


CLUSTER_SCOPED = {"Namespace", "StorageClass", "ClusterRole", "ClusterRoleBinding", "IngressClass"}


def test_every_namespaced_object_says_its_namespace_and_its_name(graph):
    for node in graph.kubernetes():
        metadata = node.inputs.get("metadata") or {}
        assert "name" in metadata, node.urn
        assert "namespace" in metadata or node.inputs["kind"] in CLUSTER_SCOPED, node.urn


def test_no_secret_stands_in_a_command_line_or_an_environment(graph):
    for node in (n for kind in COMMANDS for n in graph.of(kind).values()):
        assert not [p for p in node.secrets if not p.startswith(("stdin", "connection"))], node.urn
        line = json.dumps({k: node.inputs.get(k) for k in ("create", "update", "delete")})
        assert not re.search(r"pw-|private|PRIVATE|value-of-", line), node.urn


def test_secrets_are_held_by_kinds_that_keep_them(graph):
    for node in graph.kubernetes():
        if node.inputs.get("kind") != "Secret":
            assert node.secrets == set(), f"{node.urn} would hold a secret in plain text"


def test_every_host_command_is_bounded_quiet_and_forgets_its_output(graph):
    for node in host_commands(graph).values():
        assert "timeout -k" in node.inputs["create"], node.urn
        assert node.inputs["logging"] == "none", node.urn
        assert node.inputs["addPreviousOutputInEnv"] is False, node.urn
        assert set(node.request.additionalSecretOutputs) >= {"stdout", "stderr"}, node.urn
        assert "triggers" not in node.inputs, "a trigger replaces: the new install, uninstalled"
        assert "environment" not in node.inputs, "sshd refuses it without AcceptEnv"


def test_every_host_is_dialled_with_its_pinned_key(graph):
    for node in host_commands(graph).values():
        assert node.inputs["connection"]["hostKey"].startswith("ssh-ed25519 "), node.urn


def test_no_host_is_changed_before_all_are_checked(graph):
    check = graph.one("cluster-preflight")
    for node in host_commands(graph).values():
        assert check.urn in graph.waits_for(node), node.urn


def test_all_hosts_are_prepared_before_any_is_rolled(graph):
    prepared = {n.urn for name, n in host_commands(graph).items() if "-prepare-" in name}
    for name, node in host_commands(graph).items():
        if "-roll-" in name:
            assert prepared <= graph.waits_for(node), name


def test_servers_roll_one_after_another_and_agents_after_them(graph):
    rolls = {n: node for n, node in host_commands(graph).items() if "-roll-" in n}
    servers = sorted(n for n in rolls if n.startswith("cluster-roll-s"))
    order = sorted(servers, key=lambda n: len(graph.waits_for(rolls[n])))
    for earlier, later in itertools.pairwise(order):
        assert rolls[earlier].urn in graph.waits_for(rolls[later])
    for agent in rolls.keys() - set(servers):
        assert rolls[order[-1]].urn in graph.waits_for(rolls[agent])


def test_nothing_in_the_cluster_is_made_before_every_node_is_ready(graph):
    joins = {n.urn for name, n in host_commands(graph).items() if "-join-" in name}
    for node in graph.kubernetes():
        assert joins <= graph.waits_for(node), node.urn


def test_everything_in_the_cluster_goes_with_its_teardown(graph):
    marker = graph.one("cluster-teardown")
    for node in graph.kubernetes():
        line = [node, *graph.ancestors(node)]
        assert any(n.request.deletedWith == marker.urn for n in line), node.urn


def test_no_host_is_left_one_by_one_when_all_goes(graph):
    marker = graph.one("cluster-teardown")
    joins = [n for name, n in host_commands(graph).items() if "-join-" in name]

    assert {n.request.deletedWith for n in joins} == {marker.urn}
    assert "create" not in marker.inputs
    assert marker.inputs["delete"]


def test_a_preview_registers_the_same_resources_as_an_update(stack, tmp_path):
    sections = settings(stack, tmp_path)

    assert set(deploy(sections)) == set(deploy(sections, preview=True))


def test_the_outputs_are_the_promised_ones(graph):
    assert set(graph.exports) == {
        "kubeconfig", "endpoint", "nodes", "ingressAddresses", "certificateAuthority", "postgres",
        "urls",
    }  # fmt: skip


def test_the_kubeconfig_is_a_secret(stack, tmp_path):
    graph = deploy(settings(stack, tmp_path))

    assert "kubeconfig" in graph.secret_exports


def test_a_private_key_from_a_file_is_a_secret_wherever_it_goes(tmp_path):
    graph = deploy(settings("dev", tmp_path))

    for node in graph.values():
        for key, value in node.inputs.items():
            if PRIVATE_KEY in json.dumps(value):
                assert any(path.startswith(key) for path in node.secrets), f"{node.urn}: {key}"


@pytest.mark.parametrize("node", ["a0", "zz"], ids=["first", "last"])
def test_a_node_put_in_renames_no_other_and_changes_none(sections, node):
    added = {"role": "agent", "address": "192.0.2.99"}
    before = deploy(sections)
    after = deploy(patched(sections, {"cluster": {"nodes": {node: added}}}))

    new = set(host_commands(after)) - set(host_commands(before))
    assert new == {f"cluster-{verb}-{node}" for verb in ("prepare", "join", "roll")}
    assert set(before) <= set(after)
    for name, command in host_commands(before).items():
        assert command.inputs == host_commands(after)[name].inputs, f"{name} would run again"


def test_a_node_taken_out_renames_no_other(sections):
    before = deploy(sections)
    after = deploy(patched(sections, {"cluster": {"nodes": {"a1": None}}}))

    assert set(after) < set(before)
    assert {before[urn].name for urn in set(before) - set(after)} == {
        f"cluster-{verb}-a1" for verb in ("prepare", "join", "roll")
    }


def test_the_order_of_nodes_in_the_file_means_nothing(sections):
    nodes = sections["cluster"]["nodes"]
    turned = {
        **sections,
        "cluster": {**sections["cluster"], "nodes": dict(reversed(nodes.items()))},
    }

    assert {u: n.inputs for u, n in deploy(sections).items()} == {
        u: n.inputs for u, n in deploy(turned).items()
    }


def test_a_protected_section_protects_its_data(sections):
    graph = deploy(patched(sections, {"postgres": {"protect": True}}))
    guarded = [n for n in graph.kubernetes() if n.request.protect]

    assert {"StatefulSet", "PersistentVolumeClaim"} & {n.inputs["kind"] for n in guarded}
    assert all(n.request.retainOnDelete for n in guarded)

"""`join`: a host becomes a member; which server starts the cluster is decided on the host."""

import pytest

from tests.scripts.sandbox import ADDRESSES, NEW, OLD, SECRETS, Host, cluster
from tests.unit.components.k3s.given import TRUST

JOIN = "etc/rancher/k3s/config.yaml.d/10-join.yaml"
TLS = "var/lib/rancher/k3s/server/tls"


@pytest.fixture
def second(host, tmp_path):
    """The second server, prepared, of a cluster whose first one answers."""
    joiner = Host(tmp_path / "second", "s2")
    joiner.does("prepare")
    joiner.others("s1", version=NEW)
    return joiner


@pytest.fixture
def prepared(host):
    host.does("prepare")
    return host


def test_the_first_server_starts_a_cluster_where_none_answers(prepared):
    prepared.does("join")

    assert prepared.path(JOIN).read_text() == "cluster-init: true\n"
    assert prepared.path(f"{TLS}/etcd/peer-ca.key").read_text() == "key of etcd/peer-ca\n"


def test_the_first_server_rebuilt_joins_the_cluster_that_lives(prepared):
    prepared.others("s2", "s3", version=NEW)

    prepared.does("join")

    assert "server: https://192.0.2.12:6443" in prepared.path(JOIN).read_text()
    assert TRUST.server_token in prepared.path(JOIN).read_text()
    assert not prepared.path(f"{TLS}/server-ca.key").exists(), "it fetches them from the others"


def test_another_server_never_starts_a_cluster(host, tmp_path):
    joiner = Host(tmp_path / "second", "s2")
    joiner.does("prepare")

    refused = joiner.run("join")

    assert refused.returncode == 1
    assert "groundwork: join s2: no other server of the cluster answers" in refused.stderr
    assert not joiner.path(JOIN).exists()


def test_a_server_that_is_silent_rather_than_down_forbids_a_new_cluster(prepared):
    prepared.write(f"silent/{ADDRESSES['s3']}", "")

    refused = prepared.run("join")

    assert "cannot tell whether a cluster lives: s3 does not answer" in refused.stderr
    assert not prepared.path("var/lib/rancher").exists()


def test_another_cluster_at_a_servers_address_is_refused(prepared):
    prepared.others("s2")
    prepared.write("server-ca.crt", "the certificate of somebody else\n")

    refused = prepared.run("join")

    assert "at 192.0.2.12 (s2) another cluster answers" in refused.stderr
    assert not prepared.path(JOIN).exists()


def test_an_agent_joins_with_the_token_that_admits_agents_only(host, tmp_path):
    agent = Host(tmp_path / "agent", "a1")
    agent.does("prepare")
    agent.others("s1", version=NEW)

    agent.does("join")

    assert agent.path(JOIN).read_text() == "server: https://192.0.2.11:6443\n"
    files = [content for _, content in agent.files().values() if isinstance(content, bytes)]
    assert not any(TRUST.server_password.encode() in content for content in files)


def test_a_second_join_does_nothing_to_a_member(prepared):
    prepared.does("join")
    before = prepared.files()
    prepared.write("calls", "")

    output = prepared.does("join", cluster(NEW, kubeletArgs={"max-pods": "50"}))

    assert "is a member; nothing to do" in output
    assert prepared.files() == before, "changes are made by roll, one node at a time"
    assert not prepared.calls("restart")


def test_a_member_that_is_down_is_mended(prepared):
    prepared.does("join")
    prepared.path("world/active/k3s").unlink()

    prepared.does("join", cluster(NEW, kubeletArgs={"max-pods": "50"}))

    assert "max-pods=50" in prepared.path("etc/rancher/k3s/config.yaml").read_text()
    assert prepared.path("world/active/k3s").exists()


def test_a_member_that_the_cluster_has_forgotten_joins_anew(second):
    second.does("join")
    nodes = [line for line in second.read("nodes").splitlines() if not line.startswith("s2|")]
    second.write("nodes", "\n".join(nodes) + "\n")
    stale = second.path("var/lib/rancher/k3s/server/db/etcd/member")
    stale.write_text("a member that was removed")

    output = second.does("join")

    assert "has forgotten s2" in output
    assert not stale.exists(), "etcd takes no removed member back"
    assert "s2|True|True" in second.read("nodes")


def test_a_rebuilt_server_is_taken_out_of_etcd_before_it_joins(second):
    second.others("s3", version=NEW)
    second.write("nodes", second.read("nodes") + "s2|False|True|true||v1|192.0.2.12||\n")

    second.does("join")

    assert second.read("deeds").splitlines() == [
        "annotated", "deleted node s2", "deleted secret s2.node-password.k3s",
    ]  # fmt: skip


def test_a_rebuilt_agent_keeps_its_node_and_loses_its_password(host, tmp_path):
    agent = Host(tmp_path / "agent", "a1")
    agent.does("prepare")
    agent.others("s1", version=NEW)
    agent.write("nodes", agent.read("nodes") + "a1|False||||v1|192.0.2.21||\n")

    agent.does("join")

    assert agent.read("deeds") == "deleted secret a1.node-password.k3s\n"


def test_a_name_that_another_host_has_is_refused(second):
    second.write("nodes", second.read("nodes") + "s2|True|True|true||v1|203.0.113.5||\n")

    refused = second.run("join")

    assert "has a node s2 at 203.0.113.5, this host is 192.0.2.12" in refused.stderr


def test_a_gate_that_stays_shut_says_why_without_a_secret(prepared):
    prepared.write("broken", "")

    refused = prepared.run("join")

    assert refused.returncode == 1
    assert "groundwork: join s1: k3s.service is inactive, after 10 s." in refused.stderr
    assert "cannot join with token ***" in refused.stderr
    assert not any(secret in refused.stderr + refused.stdout for secret in SECRETS)


def test_no_secret_is_in_any_argument(prepared):
    prepared.does("join")
    prepared.does("roll")

    assert not any(secret in prepared.read("calls") for secret in SECRETS)


def test_secret_files_are_for_root_alone(prepared):
    prepared.does("join")

    for name, (mode, content) in prepared.files().items():
        if isinstance(content, bytes) and any(s.encode() in content for s in SECRETS):
            assert mode == oct(0o100600), name


def test_credentials_are_gone_when_a_script_ends(prepared):
    prepared.does("join")

    assert not prepared.path("run/groundwork/api").exists()


def test_without_a_staged_version_nothing_begins(host):
    refused = host.run("join")

    assert "k3s of v1.36.4+k3s1 is not staged" in refused.stderr
    assert not host.path("etc/rancher").exists()


@pytest.mark.parametrize("kill_at", range(40, 540, 45))
def test_a_run_killed_anywhere_is_mended_by_the_next(prepared, untouched, kill_at):
    assert prepared.run("join", kill_at=kill_at).returncode != 0

    prepared.does("join")

    assert prepared.files() == untouched("prepare", "join")
    assert OLD not in prepared.read("nodes")

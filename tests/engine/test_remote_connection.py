"""How remote resources reach their host: keys, agents, host keys, retries, and what stays open."""

import os
import shutil
import socket
import subprocess
import time

import pytest

from tests.engine.sshd import free_port

COMMAND = "pulumi.export('out', remote.Command('c', connection=CONNECTION, {}).stdout)\n"


def command(host, arguments="create='echo reached'", **connection):
    return host.program(COMMAND.format(f"{arguments}, **QUIET"), **connection)


@pytest.fixture
def agent(sshd, tmp_path):
    """An SSH agent that has the client's key: its socket."""
    path = tmp_path / "agent"
    process = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not path.exists():
        time.sleep(0.01)
    subprocess.run(
        ["ssh-add", "-q", str(sshd.folder / "client_key")],
        env=os.environ | {"SSH_AUTH_SOCK": str(path)},
        check=True,
    )
    yield str(path)
    process.terminate()
    process.wait()


def test_an_agent_serves_instead_of_a_key_and_no_key_is_in_the_state(workspace, host, agent):
    project = workspace(command(host, private_key=None, agent_socket_path=agent))

    project.up()

    assert project.outputs() == {"out": "reached"}
    assert "privateKey" not in project.resources()["c"]["inputs"]["connection"]["plaintext"]


def test_the_agent_of_the_environment_is_taken_when_none_is_named(workspace, host, agent):
    project = workspace(command(host, private_key=None))

    project.up(SSH_AUTH_SOCK=agent)

    assert project.outputs() == {"out": "reached"}


def test_a_dead_agent_fails_at_once_even_beside_a_key(workspace, host, tmp_path):
    before = host.sshd.attempts()

    printed = workspace(command(host)).pulumi(
        "up", status=1, SSH_AUTH_SOCK=str(tmp_path / "nobody")
    )

    assert f"dial unix {tmp_path}/nobody: connect: no such file or directory" in printed
    assert host.sshd.attempts() == before


def test_another_host_key_is_refused_after_one_more_attempt_than_the_limit(workspace, host):
    other = " ".join(host.sshd.read("other_key.pub").split()[:2])
    before = host.sshd.attempts()

    printed = workspace(command(host, host_key=other)).pulumi("up", status=1)

    assert "after 2 failed attempts: ssh: handshake failed: ssh: host key mismatch" in printed
    assert host.sshd.attempts() == before + 3


def test_a_key_the_host_does_not_know_is_tried_as_often(workspace, host):
    before = host.sshd.attempts()

    printed = workspace(command(host, private_key=host.sshd.read("other_key"))).pulumi(
        "up", status=1
    )

    assert "ssh: unable to authenticate" in printed
    assert host.sshd.attempts() == before + 3


def test_without_a_host_key_any_host_is_believed(workspace, host):
    project = workspace(command(host, host_key=None))

    project.up()

    assert project.outputs() == {"out": "reached"}


def test_an_encrypted_key_needs_its_password(workspace, host, tmp_path):
    # The same key as the client's, under a password: the server knows it.
    encrypted = shutil.copy(host.sshd.folder / "client_key", tmp_path / "encrypted")
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "letmein", "-f", encrypted], check=True)
    key = (tmp_path / "encrypted").read_text()
    project = workspace(command(host, private_key=key))

    printed = project.pulumi("up", status=1)
    project.up(command(host, private_key=key, private_key_password="letmein"))

    assert "this private key is passphrase protected" in printed
    assert project.outputs() == {"out": "reached"}


def test_a_bastion_is_gone_through(workspace, host):
    proxy = {
        "host": "127.0.0.1",
        "port": host.sshd.port,
        "user": host.sshd.user,
        "private_key": host.sshd.read("client_key"),
        "host_key": host.sshd.host_key(),
    }
    before = host.sshd.attempts()
    text = command(host).replace(
        "ConnectionArgs(**FIELDS)",
        f"ConnectionArgs(**FIELDS, proxy=remote.ProxyConnectionArgs(**{proxy!r}))",
    )
    project = workspace(text)

    project.up()

    assert project.outputs() == {"out": "reached"}
    assert host.sshd.attempts() == before + 2


def test_an_unreachable_host_fails_the_destroy_and_what_has_no_delete_goes(workspace, host):
    port = free_port()
    body = (
        "remote.Command('c', connection=CONNECTION, delete='true')\n"
        "remote.Command('quiet', connection=CONNECTION)\n"
    )
    project = workspace(host.program(body, port=port, dial_error_limit=1))
    project.up()

    printed = project.pulumi("destroy", status=1)

    assert f"after 1 failed attempts: dial tcp 127.0.0.1:{port}: connect: " in printed
    assert project.resources().keys() == {"trial-test", "c", "default_1_2_1"}


def test_each_command_leaves_its_connection_open_until_the_end(workspace, host):
    """As with the official plugin: scripts have to be few and fat."""
    count = f"ss -tnH state established '( sport = :{host.sshd.port} )' | wc -l"
    if shutil.which("ss") is None:
        pytest.skip("no `ss` to count connections with: install iproute2")
    body = "".join(
        f"c{n} = remote.Command('c{n}', connection=CONNECTION, create={count!r}, "
        f"opts=pulumi.ResourceOptions(depends_on=[c{n - 1}]), **QUIET)\n"
        if n
        else f"c0 = remote.Command('c0', connection=CONNECTION, create={count!r}, **QUIET)\n"
        for n in range(3)
    )
    project = workspace(
        host.program(body + "pulumi.export('seen', [c0.stdout, c1.stdout, c2.stdout])\n")
    )

    project.up()

    first, *others = map(int, project.outputs()["seen"])
    assert others == [first + 1, first + 2]


def test_a_host_that_accepts_and_says_nothing_is_waited_for_without_a_limit(workspace, host):
    """As with the official plugin: perDialTimeout is for the TCP leg only."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        text = command(host, port=port, per_dial_timeout=1, dial_error_limit=0)
        process = workspace(text).start("up")
        connection, _ = mute.accept()
        time.sleep(4)

        still_running = process.poll() is None
        connection.close()
        printed, _ = process.communicate(timeout=60)

    assert still_running
    assert "after 0 failed attempts: ssh: handshake failed" in printed


def test_a_variable_the_server_refuses_fails_the_command(workspace, host):
    text = command(host, "create='echo $GW_ACCEPTED', environment={'GW_ACCEPTED': 'taken'}")
    project = workspace(text)

    project.up()
    refused = text.replace("GW_ACCEPTED", "REFUSED")
    project.program(refused)
    printed = project.pulumi("up", status=1)

    assert project.resources()["c"]["outputs"]["stdout"] == "taken"
    assert 'could not set environment variable "REFUSED"' in printed


def test_the_previous_output_is_offered_and_its_refusal_is_a_warning(workspace, host):
    body = "remote.Command('c', connection=CONNECTION, create='echo one', stdin={!r})\n"
    project = workspace(host.program(body.format("1")))
    project.up()

    printed = project.up(host.program(body.format("2")))

    assert "warning: Unable to set 'PULUMI_COMMAND_STDOUT'" in printed

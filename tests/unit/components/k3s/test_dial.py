"""Hosts dialled for real, on loopback: what is run, and why a host cannot be."""

import asyncio
import contextlib
import socket

import asyncssh
import pytest

from components.k3s import teardown
from components.k3s.connection import Route
from components.k3s.dial import Dialler, Unreachable
from components.k3s.inventory import Inventory
from components.k3s.preflight.__main__ import look
from tests.unit.components.k3s.given import cluster

HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")
OTHER_KEY = asyncssh.generate_private_key("ssh-ed25519")
USER_KEY = asyncssh.generate_private_key("ssh-ed25519")


def public(key):
    return key.export_public_key().decode().strip()


class Sshd(asyncssh.SSHServer):
    """One user, one key."""

    def begin_auth(self, username):
        return True

    def public_key_auth_supported(self):
        return True

    def validate_public_key(self, username, key):
        return username == "ops" and key.public_data == USER_KEY.public_data


@contextlib.asynccontextmanager
async def sshd(answer, key=HOST_KEY):
    """A server on loopback; `answer(line, script)` -> (exit status, stdout, stderr)."""

    async def handle(process):
        script = await process.stdin.read()
        status, out, err = answer(process.command, script)
        process.stdout.write(out)
        process.stderr.write(err)
        process.exit(status)

    server = await asyncssh.create_server(
        Sshd, "127.0.0.1", 0, server_host_keys=[key], process_factory=handle
    )
    async with server:
        yield server.get_port()


def inventory(**ports):
    routes = {
        name: Route(host="127.0.0.1", port=port, user="ops", host_key=public(HOST_KEY))
        for name, port in ports.items()
    }
    private = USER_KEY.export_private_key().decode()
    return Inventory(cluster=cluster(), routes=routes, private_key=private, ca_hash="h")


def reason(known, patience=0.0, seconds=5.0):
    async def dial():
        await Dialler(known, patience).run("s1", "verb s1", "script", seconds)

    with pytest.raises(Unreachable) as refused:
        asyncio.run(dial())
    return str(refused.value)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_script_runs_as_root_with_its_arguments_and_its_text_on_stdin():
    seen = []

    async def dial():
        async with sshd(lambda *asked: seen.append(asked) or (3, "out", "err")) as port:
            return await Dialler(inventory(s1=port), 0).run("s1", "teardown s1", "the script", 9)

    answer = asyncio.run(dial())

    assert (answer.status, answer.output, answer.errors) == (3, "out", "err")
    assert seen == [("sudo -n timeout -k 5 9 bash -s -- teardown s1", "the script")]


def test_a_host_that_refuses_is_said_to_refuse():
    assert "refuses connections: start sshd" in reason(inventory(s1=free_port()))


def test_a_host_that_boots_is_waited_for():
    port = free_port()

    async def dial():
        asked = asyncio.create_task(Dialler(inventory(s1=port), 10).run("s1", "", "", 5))
        await asyncio.sleep(0.5)
        server = await asyncssh.create_server(
            Sshd, "127.0.0.1", port, server_host_keys=[HOST_KEY],
            process_factory=lambda process: process.exit(0),
        )  # fmt: skip
        async with server:
            return await asked

    assert asyncio.run(dial()).status == 0


def test_a_host_that_accepts_and_then_says_nothing_costs_a_bounded_time(monkeypatch):
    monkeypatch.setattr("components.k3s.dial._ATTEMPT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        assert "does not answer" in reason(inventory(s1=frozen.getsockname()[1]))


def test_another_host_key_is_no_host_to_talk_to():
    async def dial():
        async with sshd(lambda *_: (0, "", ""), key=OTHER_KEY) as port:
            with pytest.raises(Unreachable, match="shows another host key than the pinned one"):
                await Dialler(inventory(s1=port), 30).run("s1", "", "", 5)

    asyncio.run(dial())


def test_a_key_that_is_not_authorized_is_not_tried_again():
    async def dial():
        async with sshd(lambda *_: (0, "", "")) as port:
            known = inventory(s1=port)
            stranger = OTHER_KEY.export_private_key().decode()
            known = Inventory(cluster=known.cluster, routes=known.routes, private_key=stranger)
            with pytest.raises(Unreachable, match="refuses the user ops with this key"):
                await Dialler(known, 30).run("s1", "", "", 5)

    asyncio.run(dial())


def test_without_an_agent_the_way_out_is_named(monkeypatch):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    known = inventory(s1=free_port())

    message = reason(Inventory(cluster=known.cluster, routes=known.routes))

    assert "no SSH agent answers (SSH_AUTH_SOCK)" in message


def test_a_bastion_is_gone_through():
    class Bastion(Sshd):
        def connection_requested(self, *_):
            return True

    async def dial():
        async with sshd(lambda *_: (0, "inside", "")) as port:
            bastion = await asyncssh.create_server(
                Bastion, "127.0.0.1", 0, server_host_keys=[OTHER_KEY]
            )
            async with bastion:
                known = inventory(s1=port)
                way = Route(
                    host="127.0.0.1", port=bastion.get_port(), user="ops",
                    host_key=public(OTHER_KEY),
                )  # fmt: skip
                through = Inventory(
                    cluster=known.cluster, routes=known.routes, bastion=way,
                    private_key=known.private_key,
                )  # fmt: skip
                return await Dialler(through, 0).run("s1", "", "script", 5)

    assert asyncio.run(dial()).output == "inside"


def test_hosts_are_asked_at_once_and_each_that_cannot_be_is_explained():
    async def ask():
        async with (
            sshd(lambda *_: (0, "machine x86_64\nclock 1.0\n", "")) as well,
            sshd(lambda *_: (1, "", "sudo: a password is required\n")) as strict,
        ):
            return await look(inventory(s1=well, s2=strict, s3=free_port()), patience=0)

    facts, unreachable = asyncio.run(ask())

    assert facts["s1"].architecture == "amd64"
    assert "ops may not become root without a password" in unreachable["s2"]
    assert "NOPASSWD" in unreachable["s2"]
    assert "refuses connections" in unreachable["s3"]


def test_teardown_reaches_all_it_can_and_names_the_rest(monkeypatch):
    monkeypatch.setattr(teardown, "_PATIENCE_SECONDS", 0)
    lines = []

    def answer(line, script):
        lines.append(line)
        return (0, "", "") if "teardown s1" in line else (1, "", "noise\nstill mounted below /x\n")

    async def tear():
        async with sshd(answer) as port:
            return await teardown.tear_down(inventory(s1=port, s2=port, s3=free_port()))

    left = asyncio.run(tear())

    assert left["s2"] == "still mounted below /x"
    assert "refuses connections" in left["s3"]
    assert "s1" not in left
    assert len(lines) == 2

"""`ops scan-host-keys`: what it adds, and what it refuses to."""

import argparse
import asyncio
import io
import queue
import threading

import asyncssh
import pytest

from components.k3s.known_hosts import host_key
from ops import scan_host_keys
from ops.scan_host_keys import Shown, sort_out

WANTED = [("192.0.2.11", 22)]
SHOWN = [Shown("192.0.2.11", "ssh-ed25519 AAAA", "SHA256:x")]


@pytest.fixture
def sshd():
    """The port and the key of an SSH server on loopback."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    ready = queue.Queue()

    async def serve():
        stop = asyncio.Event()
        server = await asyncssh.create_server(
            asyncssh.SSHServer, "127.0.0.1", 0, server_host_keys=[key]
        )
        async with server:
            ready.put((server.get_port(), stop, asyncio.get_running_loop()))
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    port, stop, loop = ready.get(timeout=10)
    yield port, " ".join(key.export_public_key().decode().split()[:2])
    loop.call_soon_threadsafe(stop.set)
    thread.join()


def scan(port, path, **options):
    arguments = argparse.Namespace(hosts=["127.0.0.1"], stack=None, port=port, file=path, yes=True)
    return scan_host_keys.run(argparse.Namespace(**{**vars(arguments), **options}))


def test_a_scanned_key_is_found_by_the_program(sshd, tmp_path, capsys):
    port, key = sshd

    assert scan(port, tmp_path / "new" / "known_hosts") == 0
    text = (tmp_path / "new" / "known_hosts").read_text()
    assert host_key(text, "127.0.0.1", port) == key
    assert "SHA256:" in capsys.readouterr().out


def test_a_second_scan_adds_nothing(sshd, tmp_path):
    path = tmp_path / "known_hosts"
    scan(sshd[0], path)
    before = path.read_text()

    assert scan(sshd[0], path) == 0
    assert path.read_text() == before


def test_nothing_is_pinned_without_a_yes(sshd, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))

    scan(sshd[0], tmp_path / "known_hosts", yes=False)

    assert not (tmp_path / "known_hosts").exists()


def test_another_key_than_the_pinned_one_is_never_replaced():
    new, [line] = sort_out(SHOWN, "192.0.2.11 ssh-ed25519 BBBB\n", WANTED)

    assert new == []
    assert "is not the pinned key" in line


def test_a_host_that_shows_no_key_is_named():
    new, wrong = sort_out([Shown("192.0.2.11", failure="no answer")], "", WANTED)

    assert (new, wrong) == ([], ["192.0.2.11: shows no key: no answer"])

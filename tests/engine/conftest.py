"""The real engine with the plugins of this clone, and a real SSH server on loopback."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.engine.environment import environment
from tests.engine import sshd as server
from tests.engine.workspace import Workspace


@pytest.fixture(scope="session")
def engine():
    """The environment in which `pulumi` runs."""
    try:
        variables = environment()
    except SystemExit as why:
        pytest.skip(str(why))
    # What the person at the keyboard has an agent for is no business of a test.
    return variables | {"SSH_AUTH_SOCK": ""}


@pytest.fixture
def workspace(engine, tmp_path):
    """A new Pulumi project: workspace(program).pulumi("up")."""

    def make(program, **variables):
        return Workspace(tmp_path / "workspace", engine | variables, program)

    return make


@pytest.fixture(scope="session")
def sshd(tmp_path_factory):
    """One SSH server for the whole session."""
    if server.program() is None:
        install_openssh()
    running = server.Sshd(tmp_path_factory.mktemp("sshd"))
    yield running
    running.stop()


def install_openssh():
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("no OpenSSH server, and no right to install one: install openssh-server")
    # Its own service must not start: the tests bring a configuration of theirs.
    policy = Path("/usr/sbin/policy-rc.d")
    had_policy = policy.exists()
    if not had_policy:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        for words in (
            ["update"],
            ["install", "--yes", "--no-install-recommends", "openssh-server"],
        ):
            subprocess.run(["apt-get", "--quiet", "--quiet", *words], check=True)
    finally:
        if not had_policy:
            policy.unlink()


@pytest.fixture
def host(sshd, tmp_path):
    """What programs need to reach the server: imports, the connection, a folder there."""
    return Host(sshd, tmp_path / "host")


@pytest.fixture(scope="module")
def story(engine, sshd, tmp_path_factory):
    """story(program of a host) for a module: one project that several tests look at."""

    def make(program):
        folder = tmp_path_factory.mktemp("story")
        host = Host(sshd, folder / "host")
        return Workspace(folder / "workspace", engine, program(host)), host

    return make


class Host:
    def __init__(self, sshd, folder):
        self.sshd, self.folder = sshd, folder
        self.folder.mkdir()

    def head(self, **changed):
        """The first lines of a program: imports, CONNECTION and DIRECTORY."""
        fields = {
            "host": "127.0.0.1",
            "port": self.sshd.port,
            "user": self.sshd.user,
            "private_key": self.sshd.read("client_key"),
            "host_key": self.sshd.host_key(),
            "dial_error_limit": 2,
        } | changed
        given = {key: value for key, value in fields.items() if value is not None}
        return (
            "import pulumi\n"
            "from pulumi_command import local, remote\n"
            f"FIELDS = {given!r}\n"
            "CONNECTION = remote.ConnectionArgs(**FIELDS)\n"
            f"DIRECTORY = {str(self.folder)!r}\n"
            "QUIET = dict(logging=remote.Logging.NONE, add_previous_output_in_env=False)\n"
        )

    def program(self, body, **changed):
        return self.head(**changed) + body

    def lines(self, name="log"):
        """What commands have written into a file of the folder, line by line."""
        path = self.folder / name
        return path.read_text().split() if path.exists() else []

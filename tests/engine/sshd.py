"""A real OpenSSH server on loopback, for the user who runs the tests."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

# Debian's sshd refuses to run as root without it; its service makes it.
SEPARATION = Path("/run/sshd")

CONFIGURATION = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/client_key.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
AcceptEnv GW_*
MaxStartups 100
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""


def program():
    return shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:/usr/bin")


class Sshd:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.user = getpass.getuser()
        self.port = free_port()
        for name in ("host_key", "client_key", "other_key"):
            generate_key(self.folder / name)
        configuration = self.folder / "sshd_config"
        configuration.write_text(CONFIGURATION.format(port=self.port, folder=self.folder))
        self.made_separation = not SEPARATION.exists() and os.geteuid() == 0
        if self.made_separation:
            SEPARATION.mkdir(mode=0o755)
        self.log = self.folder / "log"
        # Absolute, with -f: sshd runs itself again for each connection.
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [program(), "-D", "-e", "-f", str(configuration)],
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
        self.wait()

    def wait(self):
        until = time.monotonic() + 10
        while "listening" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        if self.made_separation:
            SEPARATION.rmdir()

    def read(self, name):
        return (self.folder / name).read_text()

    def host_key(self):
        return " ".join(self.read("host_key.pub").split()[:2])

    def attempts(self):
        """How many connections have come in so far."""
        return self.log.read_text().count("Connection from")


def generate_key(path, passphrase=""):
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(path)]
    subprocess.run(command, check=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

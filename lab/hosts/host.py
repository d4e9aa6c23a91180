"""One host of a lab: a container with its own systemd, sshd, network and disk."""

import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from lab.hosts import cgroups, disk, network, processes, ssh
from lab.hosts.layout import Place

BOOT = Path(__file__).with_name("boot.sh")


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """A host by its name (which is its host name): s1, a1. All of it is in the kernel and on disk.

    base: the image its root is an overlay of.
    cancelled: set it to end a wait in `boot`.
    """

    place: Place
    name: str
    base: Path
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        """The address its sshd answers at."""
        return str(self.place.address(self.name))

    @property
    def directory(self) -> Path:
        """Everything the host has on disk."""
        return self.place.hosts / self.name

    @property
    def group(self) -> str:
        """Its control group, in every hierarchy."""
        return f"{self.place.bridge}/{self.name}"

    @property
    def pid(self) -> int | None:
        """The process of its systemd-nspawn while the host is powered on."""
        return processes.running(self.directory / "pid")

    @property
    def state(self) -> str:
        """What its switches say: off, frozen, cut off or on."""
        if self.pid is None:
            return "off"
        if cgroups.frozen(self.group):
            return "frozen"
        return "on" if network.port_is_up(self.place, self.name) else "cut off"

    def install(self) -> None:
        """Give the host a new disk, unless it has one."""
        disk.make(self.place, self.name)

    def boot(self, timeout_seconds: float = 120) -> float:
        """Power on if need be and wait until `ops` can log in; the seconds it took."""
        begun = time.monotonic()
        if self.pid is None:
            self.kill()
            self.install()
            self._start()
        while not self.answers():
            if self.cancelled.is_set():
                raise InterruptedError(f"host {self.name}: given up while it booted")
            if self.pid is None or time.monotonic() - begun > timeout_seconds:
                raise RuntimeError(self._why_not())
            time.sleep(0.05)
        return time.monotonic() - begun

    def _start(self) -> None:
        (self.directory / "pid").unlink(missing_ok=True)
        arguments = [self.place.name, self.name, str(self.directory), str(self.base)]
        with (self.directory / "console.log").open("ab") as console:
            subprocess.run(
                ["setsid", "--fork", "bash", str(BOOT), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                check=True,
            )
        processes.wait(lambda: self.pid is not None, 5)

    def _why_not(self) -> str:
        console = self.directory / "console.log"
        last = console.read_text(errors="replace").splitlines()[-15:]
        state = "powered off while it booted" if self.pid is None else "sshd does not answer"
        return f"host {self.name} ({self.address}): {state}; the end of {console}:\n" + "\n".join(
            f"  {line}" for line in last
        )

    def answers(self) -> bool:
        """Whether `ops` can log in now."""
        try:
            with socket.create_connection((self.address, 22), 1) as connection:
                connection.settimeout(2)
                if not connection.recv(4).startswith(b"SSH-"):
                    return False
        except OSError:
            return False
        return self.run("true").returncode == 0

    def run(
        self, remote: str, *, stdin: str = "", timeout_seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """A shell command line run on the host as `ops`; its exit status raises nothing."""
        command = ssh.command(self.place, self.name, remote)
        return subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )

    def cut(self) -> None:
        """Pull the network cable."""
        network.set_port(self.place, self.name, up=False)

    def heal(self) -> None:
        """Plug the network cable in."""
        network.set_port(self.place, self.name, up=True)

    def freeze(self) -> None:
        """Stop everything on the host where it stands; connections to it hang."""
        cgroups.freeze(self.group, frozen=True)

    def thaw(self) -> None:
        """Let a frozen host go on."""
        cgroups.freeze(self.group, frozen=False)

    def kill(self) -> None:
        """Power off at once, without a word to anything on the host. `boot` starts it again."""
        processes.kill(list(processes.of_directory(self.directory)))
        cgroups.kill(self.group)
        cgroups.remove(self.group)
        port = network.port(self.place, self.name)
        if not processes.wait(lambda: port not in network.links(), 10):
            network.ip("link", "delete", port, check=False)

    def refresh(self) -> None:
        """Power off and take the disk away; the next `boot` is a new host with the old key."""
        self.kill()
        disk.discard(self.place, self.name)

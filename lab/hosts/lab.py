"""A lab: some hosts on one bridge, and the mirror they download from."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from lab import mirror
from lab.hosts import base, layout, machine, network, processes, ssh, traces
from lab.hosts.host import Host
from lab.progress import say

MIRROR_PORT = 8080


class Lab:
    """Hosts on this machine, reached over SSH. As a context manager it is gone at the end.

    `up` makes what is missing and leaves the rest alone; `down` removes every trace.
    """

    def __init__(self, name: str, subnet: str, parent: Path | None = None) -> None:
        self.place = layout.place(name, subnet, parent)
        self._cancelled = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.down()

    @property
    def hosts(self) -> list[Host]:
        """The hosts the lab has, by name."""
        if not self.place.hosts.is_dir():
            return []
        return [self.host(n) for n in layout.in_order(p.name for p in self.place.hosts.iterdir())]

    @property
    def mirror_url(self) -> str:
        """Where hosts find the mirror."""
        return f"http://{self.place.gateway}:{MIRROR_PORT}"

    @property
    def _mirror_pid(self) -> Path:
        return self.place.directory / "mirror.pid"

    def host(self, name: str) -> Host:
        """The host of that name."""
        return Host(place=self.place, name=name, base=base.path(), cancelled=self._cancelled)

    def up(self, servers: int = 1, agents: int = 1, k3s: Sequence[str] = (mirror.CURRENT,)) -> None:
        """Have at least these hosts, all powered on; those there are left as they are.

        k3s: versions the mirror has to have.
        """
        wanted = layout.names(servers, agents)
        machine.require_root()
        with self._alone():
            self._refuse_what_is_anothers()
            machine.install_programs()
            machine.load_modules()
            base.image()
            for version in k3s:
                mirror.fill(version)
            there = {host.name for host in self.hosts}
            try:
                self._make(layout.in_order({*there, *wanted}))
            except KeyboardInterrupt:
                self._take_back(there)
                raise
            finally:
                self._cancelled.clear()

    def down(self) -> list[str]:
        """Remove the lab with everything it made; returns what there was to remove."""
        machine.require_root()
        with self._alone():
            self._refuse_what_is_anothers()
            return traces.remove(self.place)

    def _make(self, names: list[str]) -> None:
        self.place.hosts.mkdir(parents=True, exist_ok=True)
        self._write_state()
        machine.claim_limits(self.place)
        network.make_bridge(self.place)
        ssh.make_key(self.place.private_key, f"lab {self.place.name}")
        self._start_mirror()
        hosts = [self.host(name) for name in names]
        for host in hosts:
            host.install()
        ssh.write_known_hosts(self.place, [host.name for host in self.hosts])
        self._write_state()
        with ThreadPoolExecutor(max_workers=16) as pool:
            try:
                for _ in pool.map(self._boot, hosts):
                    pass
            except KeyboardInterrupt:
                self._cancelled.set()
                raise
        self._write_state()

    def _boot(self, host: Host) -> None:
        before = host.state
        text = f"is {before}; left as it is"
        if before in {"on", "off"}:
            seconds = host.boot()
            text = "is up" if before == "on" else f"ready after {seconds:.1f} s"
        say(f"lab {self.place.name}: {host.name} {host.address} {text}")

    def _take_back(self, keep: set[str]) -> None:
        """Remove the hosts an interrupted `up` began, and the whole lab if there are no others."""
        say(f"lab {self.place.name}: not finished; taking back what was begun")
        if not keep:
            traces.remove(self.place)
            return
        for host in self.hosts:
            if host.name not in keep:
                traces.remove_host(host)
        ssh.write_known_hosts(self.place, [host.name for host in self.hosts])
        self._write_state()

    def _start_mirror(self) -> None:
        if processes.running(self._mirror_pid):
            return
        listen = [str(self.place.gateway), str(MIRROR_PORT)]
        arguments = [*listen, str(self.place.hosts), str(mirror.root()), str(self._mirror_pid)]
        with (self.place.directory / "mirror.log").open("ab") as log:
            subprocess.run(
                ["setsid", "--fork", sys.executable, "-m", "lab.hosts.server", *arguments],
                cwd=layout.REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
            )
        if not processes.wait(self._mirror_answers, 10):
            log_end = (self.place.directory / "mirror.log").read_text()[-500:]
            raise RuntimeError(f"mirror: {self.mirror_url} does not answer:\n{log_end}")

    def _mirror_answers(self) -> bool:
        try:
            socket.create_connection((str(self.place.gateway), MIRROR_PORT), 1).close()
        except OSError:
            return False
        return True

    def _write_state(self) -> None:
        hosts = {h.name: {"address": h.address, "pid": h.pid} for h in self.hosts}
        mirror = {"url": self.mirror_url, "pid": processes.running(self._mirror_pid)}
        subnet = str(self.place.subnet)
        state = {"name": self.place.name, "subnet": subnet, "hosts": hosts, "mirror": mirror}
        machine.write_whole(self.place.directory / "lab.json", json.dumps(state, indent=2) + "\n")

    def _refuse_what_is_anothers(self) -> None:
        owner = network.owner(self.place.bridge)
        if owner not in {None, self.place.directory}:
            raise RuntimeError(
                f"lab {self.place.name}: this machine has a lab of that name already, kept in "
                f"{owner}; take another --name, or take that one down from its clone"
            )
        before = layout.recorded_subnet(self.place.directory)
        if before not in {None, str(self.place.subnet)}:
            raise RuntimeError(
                f"lab {self.place.name}: it has subnet {before}, not {self.place.subnet}; leave "
                "--subnet out, or take the lab down first"
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A hold on the lab's name: no other process of this machine makes or removes it."""
        with ExitStack() as holds:
            try:
                holds.enter_context(machine.alone(f"lab-{self.place.name}", 0))
            except BlockingIOError as error:
                raise RuntimeError(
                    f"lab {self.place.name}: another up or down of it is at work; let it finish"
                ) from error
            yield


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Within it, SIGTERM and SIGHUP end the program the way Ctrl-C does: with cleaning up."""
    before = {
        number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: object) -> None:
    del number, frame
    raise KeyboardInterrupt

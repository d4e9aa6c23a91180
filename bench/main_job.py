"""The main job: from prepared hosts to Ready nodes and the application's first answer."""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from bench.engine import Run, critical_path, pulumi, use, waits
from components.stack import ROOT
from lab.hosts.host import Host
from lab.hosts.lab import Lab
from lab.stack import create, settings

STACK = "bench"


def measure() -> list[str]:
    """Seconds from `up` to Ready nodes and to the first answer, the critical path, no-op runs."""
    with tempfile.TemporaryDirectory() as scratch, Lab("bench", "10.215.9.0/24") as lab:
        lab.up(servers=1, agents=1)
        file = _stack_file(lab, Path(scratch))
        update = ("up", "--yes", "--skip-preview", "--stack", STACK, "--config-file", file)
        before = {host.name: _logins(host) for host in lab.hosts}
        first = pulumi(*update)
        connections = {host.name: _logins(host) - before[host.name] - 1 for host in lab.hosts}
        answered = _first_answer(Path(scratch))
        second = pulumi(*update)
        preview = pulumi("preview", "--stack", STACK, "--config-file", file)
        path = critical_path(first, waits(STACK))
    return [
        f"up: {first.seconds:.1f} s; all nodes Ready after {_ready(first):.1f} s",
        f"first answer of the application: {answered:.1f} s after `up` had returned",
        *(f"critical path: {s.began:6.1f} + {s.seconds:5.1f} s  {s.name}" for s in path),
        f"up again: {_against(second, first)}, {len(second.changed())} changes",
        f"preview: {_against(preview, first)}",
        *(f"SSH connections to {name}: {count}" for name, count in connections.items()),
    ]


def _against(run: Run, first: Run) -> str:
    return f"{run.seconds:.1f} s, x{run.seconds / first.seconds:.2f} of the first"


def _stack_file(lab: Lab, folder: Path) -> str:
    use(folder)
    file = folder / f"Pulumi.{STACK}.yaml"
    create(STACK, file, settings(lab.place), os.environ)
    return str(file)


def _ready(run: Run) -> float:
    """When the last node had passed its gate, in seconds since the run's start."""
    return max(step.ended for step in run.changed() if "-roll-" in step.name)


def _first_answer(folder: Path) -> float:
    """Seconds until the application answers over HTTPS; raises TimeoutError after a minute."""
    command = ["pulumi", "stack", "output", "--json", "--stack", STACK]
    answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    outputs = json.loads(answer.stdout)
    authority = folder / "ca.crt"
    authority.write_text(outputs["certificateAuthority"], encoding="utf-8")
    [[url, *_]] = outputs["urls"].values()
    where = f"{url.removeprefix('https://')}:443:{outputs['ingressAddresses'][0]}"
    ask = ["curl", "--silent", "--fail", "--cacert", str(authority), "--resolve", where, url]
    began = time.monotonic()
    while subprocess.run(ask, check=False, stdout=subprocess.DEVNULL).returncode:
        if time.monotonic() - began > 60:  # noqa: PLR2004 - a minute
            raise TimeoutError(f"{url} did not answer within a minute of `up`")
        time.sleep(0.1)
    return time.monotonic() - began


def _logins(host: Host) -> int:
    """Log-ins that sshd has accepted so far, this one among them."""
    journal = "sudo journalctl --unit ssh --grep '^Accepted publickey' --quiet"
    return len(host.run(journal).stdout.splitlines())

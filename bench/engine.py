"""One run of the Pulumi CLI, with the second in which each of its steps began and ended."""

import json
import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.stack import ROOT
from lab.engine.environment import environment


@dataclass
class Step:
    """What the engine did to one resource; `began` and `ended` in seconds since the run's start."""

    urn: str
    operation: str
    began: float
    ended: float = 0.0

    @property
    def name(self) -> str:
        """The resource's own name, without type and parents."""
        return self.urn.rsplit("::", 1)[-1]

    @property
    def is_work(self) -> bool:
        """Whether it did something itself: a component lasts as long as what is in it."""
        kind = self.urn.rsplit("::", 2)[-2].rsplit("$", 1)[-1]
        return not kind.startswith(("groundwork:", "pulumi:pulumi:"))

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


@dataclass
class Run:
    """A finished command: its seconds, and its steps by URN."""

    seconds: float
    steps: dict[str, Step] = field(default_factory=dict)

    def changed(self) -> list[Step]:
        """The steps that did something, in the order in which they ended."""
        done = [s for s in self.steps.values() if s.operation != "same"]
        return sorted(done, key=lambda step: step.ended)


def use(folder: Path) -> None:
    """Point `pulumi` at a state of its own in `folder`."""
    os.environ.update(environment())
    os.environ["PULUMI_BACKEND_URL"] = f"file://{folder}"
    os.environ["PULUMI_CONFIG_PASSPHRASE"] = ""


def pulumi(*arguments: str, folder: Path = ROOT) -> Run:
    """Run `pulumi` with `arguments` in `folder`; raises RuntimeError with its output."""
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "events"
        log.touch()
        command = ["pulumi", *arguments, "--non-interactive", "--event-log", str(log)]
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            # The event log is one of the CLI's debugging flags.
            env={**os.environ, "PULUMI_DEBUG_COMMANDS": "true"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        steps: dict[str, Step] = {}
        ended = threading.Event()
        follower = threading.Thread(target=_follow, args=(log, began, steps, ended))
        follower.start()
        output, _ = process.communicate()
        seconds = time.monotonic() - began
        ended.set()
        follower.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Run(seconds, steps)


def _follow(log: Path, began: float, steps: dict[str, Step], ended: threading.Event) -> None:
    # The log's own timestamps are whole seconds: lines are timed as they arrive.
    with log.open(encoding="utf-8") as lines:
        partial = ""
        while True:
            last = ended.is_set()
            partial += lines.read()
            *whole, partial = partial.split("\n")
            for line in whole:
                _note(json.loads(line), time.monotonic() - began, steps)
            if last:
                return
            time.sleep(0.02)


def _note(event: dict[str, Any], now: float, steps: dict[str, Step]) -> None:
    if before := event.get("resourcePreEvent"):
        metadata = before["metadata"]
        steps[metadata["urn"]] = Step(metadata["urn"], metadata["op"], now)
    after = event.get("resOutputsEvent") or event.get("resOpFailedEvent")
    if after and (step := steps.get(after["metadata"]["urn"])):
        step.ended = now


def critical_path(run: Run, waits: dict[str, set[str]]) -> list[Step]:
    """The chain of steps that ends last: before each, the one it waited for that ended last.

    `waits` holds, by URN, what the engine finished before it began that step.
    """
    done = {step.urn: step for step in run.changed() if step.is_work}
    if not done:
        return []
    path = [max(done.values(), key=lambda step: step.ended)]
    while earlier := [done[urn] for urn in waits.get(path[0].urn, set()) if urn in done]:
        path.insert(0, max(earlier, key=lambda step: step.ended))
    return path


def waits(stack: str, folder: Path = ROOT) -> dict[str, set[str]]:
    """By URN: its dependencies, its provider, and what its ancestors depend on, from the state."""
    command = ["pulumi", "stack", "export", "--stack", stack]
    answer = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE)
    resources = json.loads(answer.stdout)["deployment"].get("resources", [])
    by_urn = {resource["urn"]: resource for resource in resources}
    return {urn: _waits(urn, by_urn) for urn in by_urn}


def _waits(urn: str, by_urn: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    current: str | None = urn
    while current:
        resource = by_urn[current]
        found |= set(resource.get("dependencies") or [])
        if provider := resource.get("provider"):
            found.add(provider.rsplit("::", 1)[0])
        current = resource.get("parent")
    return found - {urn}

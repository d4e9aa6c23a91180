"""Processes of the machine: which belong to a lab's directory, and whether one still runs."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` held within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def started(pid: int) -> str | None:
    """The start time of a running process in ticks since boot; None if it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, start = fields[0], fields[19]
    return None if state in {"Z", "X"} else start


def running(pid_file: Path) -> int | None:
    """The process named by a file of "PID START", if that very process still runs."""
    try:
        pid, start = pid_file.read_text().split()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return int(pid) if started(int(pid)) == start else None


def record(pid_file: Path, pid: int) -> None:
    """Write the file `running` reads."""
    pid_file.write_text(f"{pid} {started(pid)}\n")


# What a lab leaves running: nothing else is ever killed for having a lab's path in its arguments.
PROGRAMS = {"boot.sh", "systemd-nspawn", "lab.hosts.server"}


def of_directory(directory: Path) -> Iterator[int]:
    """Processes a lab started for `directory`: one of their arguments is it or a path in it."""
    marks = tuple(f"{option}{directory}/" for option in ("", "--directory="))
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        of_lab = PROGRAMS.intersection(argument.rpartition("/")[2] for argument in arguments)
        if of_lab and any(f"{argument}/".startswith(marks) for argument in arguments):
            yield int(entry.name)


def kill(pids: list[int], seconds: float = 10) -> None:
    """Kill processes and wait until they are gone."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    wait(lambda: all(started(pid) is None for pid in pids), seconds)

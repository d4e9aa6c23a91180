"""A lab's control groups: everything its hosts run, to be frozen, killed and counted as one."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from lab.hosts.processes import wait

ROOT = Path("/sys/fs/cgroup")


def hierarchies() -> list[Path]:
    """Every hierarchy of the machine: one with cgroup v2, one per controller with v1."""
    if (ROOT / "cgroup.controllers").exists():
        return [ROOT]
    found = [path for path in ROOT.iterdir() if (path / "cgroup.procs").exists()]
    return [path for path in found if not path.is_symlink()]


def second_version() -> Path:
    """The hierarchy of version 2, which can freeze and kill; v1 machines have it too."""
    for hierarchy in hierarchies():
        if (hierarchy / "cgroup.controllers").exists():
            return hierarchy
    raise RuntimeError(
        "/sys/fs/cgroup: no hierarchy of version 2 is mounted there, and a lab stops its hosts "
        "with it; mount one (`mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified`)"
    )


def groups(name: str) -> Iterator[Path]:
    """The existing directories of a group, given like gw-dev or gw-dev/s1, in every hierarchy."""
    return (h / name for h in hierarchies() if (h / name).is_dir())


def make(name: str) -> None:
    """A group in the hierarchy of version 2: a sign that the lab is there, before any host is."""
    (second_version() / name).mkdir(exist_ok=True)


def freeze(name: str, *, frozen: bool) -> None:
    """Stop all processes of a group where they stand, or let them go on."""
    group = second_version() / name
    (group / "cgroup.freeze").write_text("1" if frozen else "0")
    wanted = f"frozen {int(frozen)}"
    if not wait(lambda: wanted in (group / "cgroup.events").read_text(), 10):
        raise RuntimeError(f"control group {name}: not {wanted!r} after 10 s")


def frozen(name: str) -> bool:
    """Whether a group was frozen."""
    events = second_version() / name / "cgroup.events"
    return events.exists() and "frozen 1" in events.read_text()


def resident_bytes(name: str) -> int:
    """Memory the processes of a group have for themselves, without the page cache."""
    # v1 counts a group with all below it as total_rss, v2 as anon.
    for group in groups(name):
        stat = group / "memory.stat"
        if stat.exists():
            fields = dict(line.split() for line in stat.read_text().splitlines())
            return int(fields.get("total_rss") or fields.get("anon") or 0)
    return 0


def populated(name: str) -> bool:
    """Whether any process is in a group or below it."""
    events = second_version() / name / "cgroup.events"
    return events.exists() and "populated 1" in events.read_text()


def kill(name: str, seconds: float = 20) -> None:
    """Kill every process of a group, frozen or not, and wait until the last is gone."""
    group = second_version() / name
    if not populated(name):
        return
    (group / "cgroup.kill").write_text("1")
    if not wait(lambda: not populated(name), seconds):
        raise RuntimeError(
            f"control group {name}: processes left {seconds} s after they were killed"
        )


def remove(name: str) -> int:
    """Remove a group with all below it from every hierarchy; returns how many directories."""
    count = 0
    for group in list(groups(name)):
        for directory, _, _ in os.walk(group, topdown=False):
            wait(lambda path=directory: _removed(path), 5)  # type: ignore[misc]
            count += 1
    return count


def _removed(directory: str) -> bool:
    """Whether a group could be removed; the kernel keeps it for a moment after its last process."""
    try:
        Path(directory).rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno == errno.EBUSY:
            return False
        raise
    return True

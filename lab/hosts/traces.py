"""Removal of a lab from what is found of it: after any crash, and without its own records."""

import shutil
import subprocess
from pathlib import Path

from lab.hosts import cgroups, machine, network, processes
from lab.hosts.host import Host
from lab.hosts.layout import Place

ROUNDS = 5


def remove(place: Place) -> list[str]:
    """Remove everything of a lab from this machine; returns what was found, empty for nothing."""
    found = list[str]()
    # A process that was being started while it was looked for shows up in the next round.
    for _ in range(ROUNDS):
        more = _round(place)
        if not more:
            return found
        found += more
    raise RuntimeError(
        f"lab {place.name}: still there after it was removed {ROUNDS} times: {', '.join(more)}; "
        "see who holds or makes it again, and run `down` once more"
    )


def _round(place: Place) -> list[str]:
    strays = list(processes.of_directory(place.hosts))
    found = [f"process {pid}" for pid in strays]
    cgroups.kill(place.bridge)
    processes.kill(strays)
    found += [f"mount {path}" for path in unmount(place.directory)]
    found += [f"interface {name}" for name in network.remove_bridge(place)]
    found += machine.release_limits(place)
    if place.directory.exists():
        shutil.rmtree(place.directory)
        found.append(f"directory {place.directory}")
    _remove_if_empty(place.directory.parent)
    return found


def remove_host(host: Host) -> None:
    """Remove one host of a lab that goes on."""
    host.kill()
    unmount(host.directory)
    shutil.rmtree(host.directory)


def unmount(directory: Path) -> list[str]:
    """Unmount everything below `directory`, innermost first."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    below = [point for point in points if point.startswith(f"{directory}/")]
    for point in reversed(below):
        subprocess.run(["umount", "--lazy", point], check=True)
    return below


def _remove_if_empty(directory: Path) -> None:
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()

"""What the machine a lab runs on needs: root, a few programs, a kernel limit or two."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.hosts import cgroups, network
from lab.hosts.layout import Place
from lab.progress import say

# What a lab runs -> the Debian package that has it.
PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "debootstrap": "debootstrap",
    "ssh": "openssh-client",
    "ip": "iproute2",
    "unshare": "util-linux",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}
# Every systemd, containerd and kubelet takes some, and the kernel counts all hosts as one user.
INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
ENOUGH_INSTANCES = 2048
LIMITS = "limits.json"
LOCKED = "Could not get lock"


def require_root() -> None:
    """Refuse to go on without root."""
    if os.geteuid() != 0:
        raise RuntimeError("the lab makes network interfaces and mounts: run it as root (sudo)")


def install_programs() -> None:
    """Install the packages of the programs this machine lacks, and say which."""
    lacking = sorted({p for program, p in PROGRAMS.items() if not _present(program)})
    if not lacking:
        return
    if not shutil.which("apt-get"):
        raise RuntimeError(f"this machine lacks {', '.join(lacking)}; install these and run again")
    say(f"machine: installing {', '.join(lacking)}")
    _apt_get("update")
    _apt_get("install", "--yes", "--no-install-recommends", *lacking)


def _present(program: str) -> bool:
    return Path(program).exists() if "/" in program else shutil.which(program) is not None


def _apt_get(*arguments: str, patience_seconds: int = 300) -> None:
    """Run apt-get; while another one holds its locks, wait and say so."""
    command = ["apt-get", "-q", "-o", f"DPkg::Lock::Timeout={patience_seconds}", *arguments]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    end = time.monotonic() + patience_seconds
    while True:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        if LOCKED not in done.stderr or time.monotonic() > end:
            last = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise RuntimeError(f"{' '.join(command)} failed:\n{last}")
        say("machine: another apt-get is at work; waiting for it")
        time.sleep(5)


def load_modules() -> None:
    """Load what hosts, having no modules of their own, cannot; a kernel may have it built in."""
    if not Path("/sys/module/br_netfilter").exists() and shutil.which("modprobe"):
        subprocess.run(["modprobe", "br_netfilter"], capture_output=True, check=False)


def debian_mirror() -> str:
    """The Debian archive that hosts are made from: as the environment says, else as apt does."""
    if named := os.environ.get("GROUNDWORK_DEBIAN_MIRROR"):
        return named
    suite = "bookworm"
    if shutil.which("apt-get"):
        wanted = ["Created-By: Packages", f"Release: {suite}", "Component: main"]
        command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        for uri in done.stdout.split():
            if uri.startswith(("http://", "https://", "file:")):
                return uri
    raise RuntimeError(
        f"no mirror of Debian {suite} is known: this machine's apt has none; name one in the "
        "environment, GROUNDWORK_DEBIAN_MIRROR=<URL>"
    )


def apt_proxy() -> dict[str, str]:
    """The environment that makes other programs use the proxy apt is configured with."""
    if "http_proxy" in os.environ or not shutil.which("apt-config"):
        return {}
    command = ["apt-config", "shell", "PROXY", "Acquire::http::Proxy"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    proxy = done.stdout.strip().removeprefix("PROXY=").strip("'")
    return {"http_proxy": proxy} if proxy else {}


@contextmanager
def alone(name: str, patience_seconds: float) -> Iterator[None]:
    """A hold on a name that one process of the machine has at a time, and loses when it dies."""
    end = time.monotonic() + patience_seconds
    with socket.socket(socket.AF_UNIX) as hold:
        while True:
            try:
                hold.bind(f"\0groundwork-{name}")
                break
            except OSError as error:
                if time.monotonic() > end:
                    raise BlockingIOError(f"{name} is held by another process") from error
                time.sleep(0.02)
        yield


def claim_limits(place: Place) -> None:
    """Raise the limits several hosts would run into, for as long as any lab is there."""
    with alone("limits", 10):
        cgroups.make(place.bridge)
        before = int(INSTANCES.read_text())
        if before < ENOUGH_INSTANCES:
            write_whole(place.directory / LIMITS, json.dumps({str(INSTANCES): before}))
            INSTANCES.write_text(str(ENOUGH_INSTANCES))
            say(f"machine: {INSTANCES.name} {before} -> {ENOUGH_INSTANCES} while labs run")


def release_limits(place: Place) -> list[str]:
    """Remove the lab's control groups, and with the last lab's set the limits back."""
    with alone("limits", 10):
        count = cgroups.remove(place.bridge)
        found = [f"{count} control groups"] if count else []
        kept = place.directory / LIMITS
        if not kept.exists():
            return found
        others = [group.name for group in cgroups.second_version().glob("gw-*")]
        heirs = [heir for heir in map(network.owner, others) if heir and heir.is_dir()]
        if heirs:
            write_whole(heirs[0] / LIMITS, kept.read_text())
            kept.unlink()
            return found
        before: dict[str, int] = json.loads(kept.read_text())
        for path, value in before.items():
            Path(path).write_text(str(value))
        kept.unlink()
        return [*found, *(f"raised limit {Path(path).name}" for path in before)]


def write_whole(path: Path, text: str) -> None:
    """Write a file such that a reader finds all of it or none."""
    aside = path.with_name(f"{path.name}.part")
    aside.write_text(text)
    aside.replace(path)

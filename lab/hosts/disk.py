"""A host's disk when it is new: what lies over the base image, and the host's identity."""

import os
import shutil
import uuid
from pathlib import Path

from lab.hosts import ssh
from lab.hosts.layout import Place

ROOTFS = Path(__file__).with_name("rootfs")
# Three make the overlay. The others are plain directories: K3s mounts overlays there itself.
PARTS = ("upper", "work", "root", "rancher", "kubelet")
OPS = 1000  # the user id base.sh's useradd gives


def make(place: Place, host: str) -> None:
    """An empty disk with the host's identity on it, unless the host has a disk."""
    directory = place.hosts / host
    if (directory / "installed").exists():
        return
    for part in PARTS:
        _clear(directory / part)
    ssh.make_key(ssh.host_key(place, host), host)
    upper = directory / "upper"
    shutil.copytree(ROOTFS, upper, symlinks=True, dirs_exist_ok=True)
    for path, text in _identity(place, host).items():
        _write(upper / path, text)
    _set_modes(upper)
    for private in (
        upper / "etc/ssh/ssh_host_ed25519_key",
        upper / "home/ops/.ssh/authorized_keys",
    ):
        private.chmod(0o600)
    home = upper / "home/ops"
    for owned in (home, *home.rglob("*")):
        os.chown(owned, OPS, OPS)
    (directory / "installed").touch()


def discard(place: Place, host: str) -> None:
    """Take the disk away; the host's key stays, so that a new disk is reached like the old one."""
    (place.hosts / host / "installed").unlink(missing_ok=True)


def _identity(place: Place, host: str) -> dict[str, str]:
    """The files that make a host this one and no other."""
    key = ssh.host_key(place, host)
    address = place.address(host)
    return {
        "etc/groundwork-lab/network": (
            f"ADDRESS={address}/{place.subnet.prefixlen}\nGATEWAY={place.gateway}\n"
        ),
        "etc/hostname": f"{host}\n",
        "etc/hosts": f"127.0.0.1 localhost\n{address} {host}\n",
        # Nothing answers there. A resolver that refuses at once is better than none.
        "etc/resolv.conf": f"nameserver {place.gateway}\n",
        "etc/machine-id": f"{uuid.uuid4().hex}\n",
        "etc/ssh/ssh_host_ed25519_key": key.read_text(),
        "etc/ssh/ssh_host_ed25519_key.pub": key.with_suffix(".pub").read_text(),
        "home/ops/.ssh/authorized_keys": place.private_key.with_suffix(".pub").read_text(),
    }


def _clear(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _set_modes(root: Path) -> None:
    """The modes of a host's file system, whatever umask the clone was made with."""
    for where, _, names in os.walk(root):
        Path(where).chmod(0o755)
        for path in (Path(where, name) for name in names):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)

"""Keys of a lab and its hosts, and the command lines that use them."""

import subprocess
from pathlib import Path

from lab.hosts.layout import Place
from lab.hosts.machine import write_whole


def make_key(path: Path, comment: str) -> None:
    """An ed25519 key pair at `path`, unless it is there."""
    if path.with_name(f"{path.name}.pub").exists():
        return
    path.unlink(missing_ok=True)
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def host_key(place: Place, host: str) -> Path:
    """The private key of a host's sshd; it stays the same when the host is made fresh."""
    return place.hosts / host / "ssh_host_ed25519_key"


def write_known_hosts(place: Place, hosts: list[str]) -> None:
    """The known_hosts file of a lab with these hosts."""
    lines = []
    for host in hosts:
        kind, key, *_ = host_key(place, host).with_suffix(".pub").read_text().split()
        lines.append(f"{place.address(host)} {kind} {key}\n")
    write_whole(place.known_hosts, "".join(lines))


def command(place: Place, host: str, *remote: str) -> list[str]:
    """The ssh command line to a host, with the lab's key and only the lab's host keys."""
    options = {
        "UserKnownHostsFile": f'"{place.known_hosts}"',
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "IdentitiesOnly": "yes",
        "BatchMode": "yes",
        "LogLevel": "ERROR",
        "ConnectTimeout": "5",
    }
    flags = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
    target = f"ops@{place.address(host)}"
    return ["ssh", "-F", "none", "-i", str(place.private_key), *flags, target, *remote]

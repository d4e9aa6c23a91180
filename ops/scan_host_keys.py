"""Pin hosts' keys: show their fingerprints, ask, and add them to known_hosts."""

import argparse
import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from components.k3s.known_hosts import host_key, lookup_name
from components.k3s.ssh import KnownHosts
from components.stack import ROOT
from ops import section

_ALGORITHMS = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"]
_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Shown:
    """The key that a host shows, or why it shows none."""

    name: str
    key: str = ""
    fingerprint: str = ""
    failure: str = ""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare this command's arguments."""
    parser.add_argument("hosts", nargs="*", metavar="HOST", help="default: those of the stack")
    parser.add_argument("--stack", help="whose hosts, and whose known_hosts file")
    parser.add_argument("--port", type=int, default=22, help="for HOSTs (default: 22)")
    parser.add_argument("--file", type=Path, help="known_hosts to add to (default: the stack's)")
    parser.add_argument("--yes", action="store_true", help="do not ask: fingerprints were compared")


def run(arguments: argparse.Namespace) -> int:
    """Add what is new and agreed to; 1 when a host shows no key, or another than the pinned one."""
    wanted, path = _wanted(arguments)
    text = path.read_text("utf-8") if path.exists() else ""
    shown = asyncio.run(_scan(wanted))
    new, wrong = sort_out(shown, text, wanted)
    for line in wrong:
        sys.stderr.write(f"{line}\n")
    for key in new:
        sys.stdout.write(f"{key.name}  {key.fingerprint}\n")
    if new and (arguments.yes or _agreed(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        gap = "" if not text or text.endswith("\n") else "\n"
        added = "".join(f"{key.name} {key.key}\n" for key in new)
        path.write_text(text + gap + added, encoding="utf-8")
        sys.stdout.write(f"{len(new)} key(s) added to {path}\n")
    return 1 if wrong else 0


def sort_out(
    shown: list[Shown], text: str, wanted: list[tuple[str, int]]
) -> tuple[list[Shown], list[str]]:
    """(the keys to add to a known_hosts of that text, a line for each host that is not well)."""
    new: list[Shown] = []
    wrong: list[str] = []
    for key, (host, port) in zip(shown, wanted, strict=True):
        try:
            pinned = host_key(text, host, port)
        except ValueError:
            pinned = ""
        if key.failure:
            wrong.append(f"{key.name}: shows no key: {key.failure}")
        elif pinned and pinned != key.key:
            wrong.append(
                f"{key.name}: shows {key.fingerprint}, which is not the pinned key: if it was "
                "reinstalled, delete its line and scan again; if not, somebody is in between"
            )
        elif not pinned:
            new.append(key)
    return new, wrong


def _wanted(arguments: argparse.Namespace) -> tuple[list[tuple[str, int]], Path]:
    if not arguments.stack:
        if not arguments.hosts or not arguments.file:
            sys.exit("name a --stack, or HOSTs and the --file that their keys go to")
        return [(host, arguments.port) for host in arguments.hosts], arguments.file
    cluster = section.cluster(arguments.stack)
    ssh = cluster.ssh
    if not isinstance(ssh.host_keys, KnownHosts):
        sys.exit("the stack accepts any host key: there is no file to write")
    everyone = [(node.host, ssh.port) for node in cluster.living.values()]
    if ssh.bastion:
        everyone.append((ssh.bastion.host, ssh.bastion.port))
    chosen = [pair for pair in everyone if not arguments.hosts or pair[0] in arguments.hosts]
    return chosen, arguments.file or ROOT / ssh.host_keys.path


async def _scan(wanted: list[tuple[str, int]]) -> list[Shown]:
    return list(await asyncio.gather(*(_ask(host, port) for host, port in wanted)))


async def _ask(host: str, port: int) -> Shown:
    name = lookup_name(host, port)
    try:
        async with asyncio.timeout(_SECONDS):
            key = await asyncssh.get_server_host_key(
                host, port, server_host_key_algs=_ALGORITHMS, config=None
            )
    except TimeoutError:
        return Shown(name, failure=f"no answer within {_SECONDS} s")
    except (OSError, asyncssh.Error) as error:
        return Shown(name, failure=str(error))
    if key is None:
        return Shown(name, failure="it has neither an ed25519 nor an ecdsa key")
    text = " ".join(key.export_public_key().decode().split()[:2])
    return Shown(name, text, key.get_fingerprint())


def _agreed(path: Path) -> bool:
    sys.stdout.write(
        "Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on each host.\n"
        f"Add to {path}? [y/N] "
    )
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}

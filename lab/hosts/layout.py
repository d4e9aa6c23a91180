"""Where a lab keeps what it has: names and addresses of its hosts, and the files of each."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

PREFIX = 24
# Role -> first letter of its hosts' names, offset of its addresses in the subnet, most hosts of it.
ROLES = {"server": ("s", 10, 10), "agent": ("a", 20, 200)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One lab's name and subnet, and where in the file system and on the network its things are."""

    name: str
    subnet: IPv4Network
    directory: Path

    @property
    def gateway(self) -> IPv4Address:
        """The machine's own address on the lab's bridge."""
        return self.subnet[1]

    @property
    def bridge(self) -> str:
        """The bridge all hosts are on; control groups carry the same name."""
        return f"gw-{self.name}"

    @property
    def private_key(self) -> Path:
        """The key the user `ops` of every host accepts."""
        return self.directory / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The hosts' keys, one line per address."""
        return self.directory / "known_hosts"

    @property
    def hosts(self) -> Path:
        """The directory with one directory per host."""
        return self.directory / "hosts"

    def address(self, host: str) -> IPv4Address:
        """The address of a host by its name: s1 is .11, a1 is .21."""
        for letter, offset, _ in ROLES.values():
            if host.startswith(letter):
                return self.subnet[offset + int(host[1:])]
        raise ValueError(f"host {host}: no role has names that begin like that")


def place(name: str, subnet: str, parent: Path | None = None) -> Place:
    """The place of the lab `name`. Raises ValueError for a name or subnet a lab cannot have."""
    # Interfaces have names of at most 15 characters, and "vb-<lab>-a100" is one.
    if not re.fullmatch(r"[a-z][a-z0-9]{0,6}", name):
        raise ValueError(f"lab {name!r}: a name is a letter and up to 6 letters or digits")
    directory = (parent or REPOSITORY / ".lab").resolve() / name
    # They mean something in the options of an overlay mount and of systemd-nspawn.
    if taken := set(":,\\") & set(str(directory)):
        raise ValueError(
            f"directory {directory}: mounts cannot name a path with {' or '.join(sorted(taken))}; "
            "move the clone"
        )
    return Place(name=name, subnet=_network(subnet), directory=directory)


def _network(text: str) -> IPv4Network:
    try:
        network = IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"subnet {text!r}: {error}; give one like 10.213.0.0/24") from error
    if network.prefixlen != PREFIX or not network.is_private:
        raise ValueError(f"subnet {text}: a lab takes a private network of /{PREFIX}")
    return network


def names(servers: int, agents: int) -> list[str]:
    """The names of so many hosts, servers first."""
    wanted = {"server": servers, "agent": agents}
    for role, count in wanted.items():
        most = ROLES[role][2]
        if not 0 <= count <= most:
            raise ValueError(f"{count} {role}s: a lab has from 0 to {most} of them")
    return [f"{ROLES[r][0]}{i}" for r, count in wanted.items() for i in range(1, count + 1)]


def in_order(hosts: Iterable[str]) -> list[str]:
    """Names of hosts, servers first, each role by number."""
    letters = "".join(letter for letter, _, _ in ROLES.values())
    return sorted(hosts, key=lambda host: (letters.index(host[0]), int(host[1:])))


def recorded_subnet(directory: Path) -> str | None:
    """The subnet the lab in `directory` was made with, if there is one."""
    try:
        return str(json.loads((directory / "lab.json").read_text())["subnet"])
    except (FileNotFoundError, KeyError, ValueError):
        return None

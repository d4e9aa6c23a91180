"""The lab's bridge: one network with all hosts on it, and the machine as their gateway."""

import json
import subprocess
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

from lab.hosts.layout import Place


def ip(*arguments: str, check: bool = True) -> str:
    """What the `ip` command prints."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def links() -> dict[str, dict[str, Any]]:
    """Every network interface of the machine by its name."""
    found: list[dict[str, Any]] = json.loads(ip("-json", "address", "show") or "[]")
    return {link["ifname"]: link for link in found}


def port(place: Place, host: str) -> str:
    """The bridge's port of a host, as systemd-nspawn names it."""
    return f"vb-{place.name}-{host}"


def owner(bridge: str) -> Path | None:
    """The directory of the lab a bridge belongs to; None without bridge or owner."""
    alias = Path(f"/sys/class/net/{bridge}/ifalias")
    text = alias.read_text().strip() if alias.exists() else ""
    return Path(text) if text else None


def make_bridge(place: Place) -> None:
    """The bridge, up and with the gateway's address; refuses a subnet that is in use."""
    own = f"{place.gateway}/{place.subnet.prefixlen}"
    for name, link in links().items():
        for address in link["addr_info"]:
            interface = f"{address['local']}/{address['prefixlen']}"
            taken = address["family"] == "inet" and name != place.bridge
            if taken and IPv4Interface(interface).network.overlaps(place.subnet):
                raise RuntimeError(
                    f"subnet {place.subnet}: interface {name} of this machine has {interface}, and "
                    "a lab needs a network of its own; choose another with --subnet"
                )
    if place.bridge not in links():
        ip("link", "add", "name", place.bridge, "type", "bridge", "forward_delay", "0")
    ip("link", "set", place.bridge, "alias", str(place.directory))
    ip("address", "replace", own, "dev", place.bridge)
    ip("link", "set", place.bridge, "up")


def remove_bridge(place: Place) -> list[str]:
    """Remove the bridge and every port of the lab's hosts; returns what was there."""
    prefix = port(place, "")
    found = [name for name in links() if name.startswith(prefix) or name == place.bridge]
    for name in found:
        ip("link", "delete", name, check=False)  # a port goes by itself when its host's end goes
    return found


def port_is_up(place: Place, host: str) -> bool:
    """Whether a host's cable is in; a port that is not there yet was not pulled out."""
    return "UP" in links().get(port(place, host), {"flags": ["UP"]})["flags"]


def set_port(place: Place, host: str, *, up: bool) -> None:
    """Plug a host's cable in or out."""
    ip("link", "set", port(place, host), "up" if up else "down")

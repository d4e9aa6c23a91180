"""Stacks of any size, written for measuring: servers and agents at consecutive addresses."""

from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import yaml

from components.stack import ROOT

FIRST = IPv4Address("10.99.0.10")
# Any host key does: a preview dials nobody.
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqNOR4Tqf6Qh1u0RnwtbBOPsVfSrxIzJdVqKUjxl1nX"


def settings(folder: Path, *, servers: int, agents: int) -> dict[str, Any]:
    """The repository's prod stack with that many nodes; their host keys lie in `folder`."""
    template = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    config: dict[str, Any] = yaml.safe_load(template)["config"]
    roles = ["server"] * servers + ["agent"] * agents
    nodes = {
        f"{role[0]}{index}": {"role": role, "address": str(FIRST + index)}
        for index, role in enumerate(roles)
    }
    known = folder / f"known_hosts-{len(nodes)}"
    known.write_text("".join(f"{n['address']} {HOST_KEY}\n" for n in nodes.values()), "utf-8")
    cluster = config["groundwork:cluster"]
    cluster["nodes"] = nodes
    cluster["network"] = {}
    cluster["endpoint"] = {"kind": "first-server"}
    cluster["ssh"]["hostKeys"] = {"kind": "known-hosts", "path": str(known)}
    return config

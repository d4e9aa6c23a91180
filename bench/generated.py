"""Stacks of any size, written for measuring: servers and agents at consecutive addresses."""

from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import yaml

from components.stack import ROOT

FIRST = IPv4Address("10.99.0.10")
# Any host key does: a preview dials nobody.
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqNOR4Tqf6Qh1u0RnwtbBOPsVfSrxIzJdVqKUjxl1nX"


def write(folder: Path, name: str, *, servers: int, agents: int) -> Path:
    """`Pulumi.<name>.yaml` of that many nodes in `folder`, after the repository's prod stack."""
    template = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    settings: dict[str, Any] = yaml.safe_load(template)["config"]
    roles = ["server"] * servers + ["agent"] * agents
    nodes = {
        f"{role[0]}{index}": {"role": role, "address": str(FIRST + index)}
        for index, role in enumerate(roles)
    }
    known = folder / f"{name}.known_hosts"
    known.write_text("".join(f"{n['address']} {HOST_KEY}\n" for n in nodes.values()), "utf-8")
    cluster = settings["groundwork:cluster"]
    cluster["nodes"] = nodes
    cluster["endpoint"] = {"kind": "first-server"}
    cluster["ssh"]["hostKeys"] = {"kind": "known-hosts", "path": str(known)}
    path = folder / f"Pulumi.{name}.yaml"
    path.write_text(yaml.safe_dump({"config": settings}), encoding="utf-8")
    return path

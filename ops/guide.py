"""Say how to reach what a stack made: its URLs with its CA, its API with its kubeconfig."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from components.stack import ROOT


def add(parser: argparse.ArgumentParser) -> None:
    """Declare this command's arguments."""
    parser.add_argument("--stack", required=True)
    parser.add_argument("--folder", type=Path, default=ROOT / ".lab", help="where files are put")


def run(arguments: argparse.Namespace) -> int:
    """Write the CA and the kubeconfig beside the lab, and print the lines that use them; 0."""
    outputs = _outputs(arguments.stack)
    folder = arguments.folder / arguments.stack
    folder.mkdir(parents=True, exist_ok=True)
    authority, kubeconfig = folder / "ca.crt", folder / "kubeconfig"
    authority.write_text(outputs["certificateAuthority"], encoding="utf-8")
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(outputs["kubeconfig"], encoding="utf-8")
    sys.stdout.write("\n".join(lines(outputs, _short(authority), _short(kubeconfig))) + "\n")
    return 0


def lines(outputs: dict[str, Any], authority: str, kubeconfig: str) -> list[str]:
    """What a person types next. Pure."""
    addresses = outputs["ingressAddresses"]
    urls = sorted(url for system in outputs["urls"].values() for url in system)
    curls = [
        f"  curl --cacert {authority} --resolve {urlsplit(url).hostname}:443:{addresses[0]} {url}/"
        for url in urls
    ]
    return [
        *(f"application  {url}" for url in urls),
        "ask it",
        *curls,
        "the cluster",
        f"  export KUBECONFIG={kubeconfig}     # then: kubectl get nodes",
        "by hand",
        '  eval "$(make -s env)"               # then: pulumi stack output, pulumi preview, ...',
        "take it all down",
        "  make down",
    ]


def _outputs(stack: str) -> dict[str, Any]:
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--stack", stack]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ, cwd=ROOT)
    outputs: dict[str, Any] = json.loads(answer.stdout)
    return outputs


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)

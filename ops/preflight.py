"""Look at every host of a stack, changing none: the checks that come before anything is done."""

import argparse
import asyncio
import subprocess
import sys

from components.k3s.connection import connections
from components.k3s.inventory import inventory
from components.k3s.preflight.__main__ import judgement
from components.k3s.problems import path_of, problems
from components.k3s.spec import Cluster
from components.k3s.ssh import KeyAuth, KeyFileAuth
from components.stack import ROOT
from ops import section


def add(parser: argparse.ArgumentParser) -> None:
    """Declare this command's arguments."""
    parser.add_argument("--stack", required=True)


def run(arguments: argparse.Namespace) -> int:
    """1 when a host is not as it must be."""
    cluster = section.cluster(arguments.stack)
    if mistakes := problems(cluster, ROOT):
        sys.exit("\n".join(mistakes))
    private_key = _private_key(cluster, arguments.stack)
    ways = connections(cluster, private_key, ROOT)
    text, status = asyncio.run(judgement(inventory(cluster, ways, private_key=private_key)))
    sys.stdout.write(text)
    return status


def _private_key(cluster: Cluster, stack: str) -> str | None:
    match cluster.ssh.auth:
        case KeyFileAuth(path=path):
            return path_of(path, ROOT).read_text("utf-8")
        case KeyAuth(private_key=reference):
            command = ["pulumi", "config", "get", reference.secret, "--stack", stack]
            asked = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            return asked.stdout
    return None

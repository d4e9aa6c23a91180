"""The lab's command line: up, down, status, ssh, mirror."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from lab import mirror
from lab.hosts import Lab, layout, ssh, status
from lab.hosts.lab import terminated_like_interrupted
from lab.progress import say

SUBNET = "10.213.0.0/24"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status of the lab's command line with these arguments."""
    options = _parser().parse_args(arguments)
    try:
        with terminated_like_interrupted():
            return int(COMMANDS[options.command](options))
    except KeyboardInterrupt:
        say("lab: stopped")
        return 130
    except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
        say(f"error: {error}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="Hosts on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--name", default="dev", help="the lab's name (default: dev)")
    shared.add_argument("--subnet", help=f"its network, a /24 (default: {SUBNET})")
    up = commands.add_parser("up", parents=[shared], help="make hosts, or add what is missing")
    up.add_argument("--servers", type=int, default=1, metavar="N", help="s1, s2, ... (default: 1)")
    up.add_argument("--agents", type=int, default=1, metavar="N", help="a1, a2, ... (default: 1)")
    k3s = up.add_mutually_exclusive_group()
    k3s.add_argument(
        "--k3s",
        action="append",
        metavar="VERSION",
        help=f"in the mirror (default: {mirror.CURRENT})",
    )
    k3s.add_argument("--no-k3s", action="store_const", dest="k3s", const=[], help="hosts alone")
    commands.add_parser("down", parents=[shared], help="remove the lab without a trace")
    commands.add_parser("status", parents=[shared], help="show the hosts")
    into = commands.add_parser("ssh", parents=[shared], help="log in, or run a command")
    into.add_argument("host", metavar="NAME", help="s1, a1, ...")
    into.add_argument("remote", nargs=argparse.REMAINDER, metavar="COMMAND")
    fill = commands.add_parser("mirror", help="have K3s and its images in the mirror")
    fill.add_argument("versions", nargs="+", metavar="VERSION", help="v1.36.4+k3s1, ...")
    return parser


def _lab(options: argparse.Namespace) -> Lab:
    lab = Lab(options.name, options.subnet or SUBNET)
    before = layout.recorded_subnet(lab.place.directory)
    return Lab(options.name, before) if before and not options.subnet else lab


def _up(options: argparse.Namespace) -> int:
    lab = _lab(options)
    k3s = [mirror.CURRENT] if options.k3s is None else options.k3s
    lab.up(options.servers, options.agents, k3s)
    say(f"lab {lab.place.name}: {len(lab.hosts)} hosts up; mirror at {lab.mirror_url}")
    return 0


def _down(options: argparse.Namespace) -> int:
    removed = _lab(options).down()
    for trace in removed:
        say(f"lab {options.name}: removed {trace}")
    if not removed:
        say(f"lab {options.name}: nothing to remove")
    return 0


def _status(options: argparse.Namespace) -> int:
    lab = _lab(options)
    sys.stdout.write(status.table(lab))
    return 0 if lab.hosts else 1


def _ssh(options: argparse.Namespace) -> int:
    lab = _lab(options)
    if options.host not in {host.name for host in lab.hosts}:
        there = ", ".join(host.name for host in lab.hosts) or "no hosts; `up` makes some"
        raise ValueError(f"host {options.host}: lab {options.name} has {there}")
    command = ssh.command(lab.place, options.host, *options.remote)
    os.execvp(command[0], command)  # noqa: S606


def _mirror(options: argparse.Namespace) -> int:
    for version in options.versions:
        mirror.fill(version)
    return 0


COMMANDS = {"up": _up, "down": _down, "status": _status, "ssh": _ssh, "mirror": _mirror}

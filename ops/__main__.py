"""`python -m ops COMMAND`: each command is a module of this package with `add` and `run`."""

import argparse
import sys

from ops import guide, preflight, scan_host_keys, schema

COMMANDS = (guide, preflight, scan_host_keys, schema)


def main() -> int:
    """The exit status of the command that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m ops", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        name = command.__name__.rsplit(".", 1)[-1].replace("_", "-")
        summary = (command.__doc__ or "").splitlines()[0]
        sub = commands.add_parser(name, help=summary, description=command.__doc__)
        command.add(sub)
        sub.set_defaults(run=command.run)
    arguments = parser.parse_args()
    status: int = arguments.run(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())

"""Make a Pulumi engine available, and say where it is.

usage: python -m lab.engine        prints the folders to put on PATH, one a line
       python -m lab.engine env    prints the whole environment: eval "$(python -m lab.engine env)"
What was found, downloaded or built is said on standard error.
"""

import shlex
import sys

from lab.engine.environment import directories, environment


def main(arguments: list[str]) -> int:
    """Run one of the two forms. The result is the exit status."""
    match arguments:
        case []:
            for folder in directories():
                sys.stdout.write(f"{folder}\n")
        case ["env"]:
            for name, value in environment().items():
                sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
        case _:
            sys.stderr.write(f"{__doc__}")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

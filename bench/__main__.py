"""`python -m bench [PART ...]`: seconds, ratios and critical paths, measured in one run."""

import argparse
import sys
import time
from collections.abc import Callable

from bench import main_job, previews, suite

PARTS: dict[str, Callable[[], list[str]]] = {
    "suite": suite.measure,
    "previews": previews.measure,
    "main-job": main_job.measure,
}


def main() -> int:
    """Measure the parts that the arguments name, all of them without any; 0."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    wanted = parser.parse_args().parts or list(PARTS)
    if unknown := sorted(set(wanted) - PARTS.keys()):
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    for name in wanted:
        began = time.monotonic()
        for line in PARTS[name]():
            sys.stdout.write(f"{name}: {line}\n")
        sys.stdout.write(f"{name}: measured in {time.monotonic() - began:.0f} s\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The unit suite: what an edit waits for."""

import subprocess
import sys
import time

from components.stack import ROOT


def measure() -> list[str]:
    """Its seconds, twice: the second run finds compiled modules."""
    return [f"unit tier, {which} run: {_seconds():.1f} s" for which in ("first", "second")]


def _seconds() -> float:
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "--quiet", "tests/unit"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return time.monotonic() - began

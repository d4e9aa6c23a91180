"""Previews of stacks of 10, 50 and 100 nodes by the real CLI, from an empty state."""

import os
import tempfile
from pathlib import Path

from bench.engine import pulumi, use
from bench.generated import settings
from lab.stack import create

SIZES = (10, 50, 100)
SERVERS = 3


def measure() -> list[str]:
    """Seconds and resources of each, and how the seconds grow."""
    seconds: dict[int, float] = {}
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        use(folder)
        for size in SIZES:
            name = f"bench{size}"
            file = folder / f"Pulumi.{name}.yaml"
            config = settings(folder, servers=SERVERS, agents=size - SERVERS)
            create(name, file, config, os.environ)
            run = pulumi("preview", "--stack", name, "--config-file", str(file))
            seconds[size] = run.seconds
            lines.append(f"{size} nodes: {run.seconds:.1f} s, {len(run.steps)} resources")
    ratio = seconds[SIZES[-1]] / seconds[SIZES[0]]
    return [*lines, f"{SIZES[-1]} nodes against {SIZES[0]}: x{ratio:.1f}"]

"""`python3 -m components.k3s.teardown`: K3s off every host, all at once, in bounded time.

It runs when the cluster goes. The joins are deleted with it, so that no host is drained for others
that go too, and a host that is silent costs a while and a warning, not the whole removal.
"""

import asyncio
import sys

from components.k3s import jobs
from components.k3s.dial import Answer, Dialler, Unreachable
from components.k3s.inventory import Inventory, loads

_PATIENCE_SECONDS = 20
_SECONDS = 240


async def tear_down(inventory: Inventory) -> dict[str, str]:
    """Host -> why K3s is still on it; the hosts that are clean are not in it."""
    dialler, script = Dialler(inventory, _PATIENCE_SECONDS), jobs.teardown(inventory.cluster)

    async def leave(name: str) -> str | None:
        try:
            answer = await dialler.run(name, f"teardown {name}", script, _SECONDS)
        except Unreachable as reason:
            return str(reason)
        return _complaint(answer) if answer.status else None

    names = list(inventory.routes)
    results = await asyncio.gather(*map(leave, names))
    return {name: why for name, why in zip(names, results, strict=True) if why}


def _complaint(answer: Answer) -> str:
    lines = answer.errors.strip().splitlines() or [f"exit status {answer.status}"]
    return lines[-1]


def main() -> int:
    """Exit status 0 always: what could not be reached must not keep the rest from going."""
    inventory = loads(sys.stdin.read())
    left = asyncio.run(tear_down(inventory))
    for name in inventory.routes:
        if name in left:
            sys.stderr.write(f"warning: K3s is left on {name}: {left[name]}\n")
        else:
            sys.stdout.write(f"{name}: K3s removed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python3 -m components.k3s.preflight`: an inventory on stdin; exit status 1 with findings."""

import asyncio
import sys
import time
from pathlib import Path

from components.k3s.dial import Dialler, Unreachable
from components.k3s.inventory import Inventory, loads
from components.k3s.preflight.facts import Facts, parse
from components.k3s.preflight.judgement import Judgement, judge

_PROBE = Path(__file__).parents[1] / "scripts" / "probe.sh"
# A fresh host boots meanwhile; a host that is down costs no more than this.
_PATIENCE_SECONDS = 60
_PROBE_SECONDS = 30


async def look(
    inventory: Inventory, patience: float = _PATIENCE_SECONDS
) -> tuple[dict[str, Facts], dict[str, str]]:
    """The facts of each host that answers, and why the others do not; all asked at once."""
    dialler, script = Dialler(inventory, patience), _PROBE.read_text("utf-8")

    async def ask(name: str) -> Facts | str:
        try:
            answer = await dialler.run(name, "", script, _PROBE_SECONDS)
        except Unreachable as reason:
            return str(reason)
        if answer.status:
            return _refusal(inventory.routes[name].user, answer.errors)
        return parse(answer.output, time.time())

    names = list(inventory.routes)
    answers = dict(zip(names, await asyncio.gather(*map(ask, names)), strict=True))
    facts = {name: answer for name, answer in answers.items() if isinstance(answer, Facts)}
    return facts, {name: answer for name, answer in answers.items() if isinstance(answer, str)}


def _refusal(user: str, errors: str) -> str:
    last = errors.strip().splitlines()[-1] if errors.strip() else "no reason given"
    if "sudo" in last:
        return (
            f"{user} may not become root without a password ({last.removeprefix('sudo: ')}): "
            f"allow it with `{user} ALL=(ALL) NOPASSWD: ALL` in /etc/sudoers.d"
        )
    return f"the host cannot be looked at ({last}): log in and see"


def report(inventory: Inventory, facts: dict[str, Facts], result: Judgement) -> str:
    """A line for each host that is well, then the warnings, then the findings with their remedy."""
    bad = {name for name, *_ in result.findings}
    lines = [
        f"ok    {name}  {inventory.routes[name].host}  {known.system} {known.architecture}, "
        f"{known['cpus']} CPUs, {known.memory_mib} MiB"
        for name, known in sorted(facts.items())
        if name not in bad
    ]
    lines += [f"note  {name}: {text}" for name, text in result.warnings]
    lines += [f"FAIL  {name}: {what}. Remedy: {way}" for name, what, way in result.findings]
    return "".join(f"{line}\n" for line in lines)


async def judgement(inventory: Inventory) -> tuple[str, int]:
    """The report on an inventory's hosts, and the exit status that it deserves."""
    facts, unreachable = await look(inventory)
    result = judge(inventory.cluster, facts, unreachable, inventory.ca_hash)
    return report(inventory, facts, result), 1 if result.findings else 0


def main() -> int:
    """Exit status 1 when a host is not as it must be."""
    text, status = asyncio.run(judgement(loads(sys.stdin.read())))
    sys.stdout.write(text)
    if status:
        sys.stderr.write("groundwork: preflight: see the findings above; no host is changed\n")
    return status


if __name__ == "__main__":
    sys.exit(main())

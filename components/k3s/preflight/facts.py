"""What is so on a host, as scripts/probe.sh reports it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_MIB = 1024


@dataclass(frozen=True, slots=True)
class Facts:
    """The answers of one host. What it could not tell is empty."""

    values: Mapping[str, str]
    clock_skew_seconds: float
    """How far the host's clock is ahead of this machine's."""

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def architecture(self) -> str:
        """As K3s' release files name it; other machines as they name themselves."""
        return {"x86_64": "amd64", "aarch64": "arm64"}.get(self["machine"], self["machine"])

    @property
    def system(self) -> str:
        """The distribution and its version."""
        return " ".join(self["os"].split()[:2])

    @property
    def memory_mib(self) -> int:
        """Memory of the host."""
        return int(self["memory_kib"] or 0) // _MIB

    @property
    def disk_free_mib(self) -> int:
        """Free space below /var/lib."""
        return int(self["disk_free_kib"] or 0) // _MIB

    @property
    def ports(self) -> set[str]:
        """What is listened on, as `tcp/6443`."""
        return set(self["ports"].split())

    @property
    def owners(self) -> dict[str, str]:
        """Port -> the name of who listens, where the host could tell."""
        return dict(pair.split("=", 1) for pair in self["owners"].split() if "=" in pair)

    @property
    def installed(self) -> bool:
        """Whether there is a K3s of any kind."""
        return bool(self["unit"] or self["binary"])

    @property
    def running_version(self) -> str | None:
        """The version that our last change left running."""
        version = self["running"].split(" ")[0]
        return version or None


def parse(output: str, answered_at: float) -> Facts:
    """The facts in a probe's output. It reads the clock last, so the way back is all that blurs."""
    pairs = (re.match(r"(\w+) ?(.*)", line) for line in output.splitlines())
    values = {m[1]: m[2].strip() for m in pairs if m}
    clock = float(values.get("clock") or answered_at)
    return Facts(values, clock - answered_at)

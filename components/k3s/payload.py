"""What travels to a host on stdin: the script's text, then its data. Pure.

The format of the data is described where it is read, in scripts/lib/core.sh.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from components.k3s.config import File

_SCRIPTS = Path(__file__).parent / "scripts"
# What each script is made of, in this order; a script's name is the verb it is mostly about.
_PARTS = {
    "prepare": ("lib/core", "lib/install", "prepare"),
    "join": (
        *("lib/core", "lib/api", "lib/gate", "lib/install", "lib/drain", "lib/member"),
        *("lib/uninstall", "join", "leave"),
    ),
    "roll": ("lib/core", "lib/api", "lib/gate", "lib/install", "lib/drain", "lib/labels", "roll"),
    "leave": ("lib/core", "lib/api", "lib/drain", "lib/member", "lib/uninstall", "leave"),
}


def script(name: str) -> str:
    """The text of a script: its parts, and last the line that calls it."""
    parts = [(_SCRIPTS / f"{part}.sh").read_text("utf-8") for part in _PARTS[name]]
    return "\n".join([*parts, 'main "$@"; exit\n'])


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """The data of a script. All of it is on stdin: nothing is in a command line or a log."""

    variables: Mapping[str, str]
    masked: Iterable[str] = ()
    servers: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    """File -> sha256; `-` where the published sums have it."""
    files: Iterable[File] = ()

    def __repr__(self) -> str:
        """Never the content."""
        return "Payload(********)"

    def lines(self) -> str:
        """One line each, in the order that the scripts want."""
        return "".join(
            f"{line}\n"
            for line in (
                *(f"var {name} {_encode(value)}" for name, value in sorted(self.variables.items())),
                *(f"mask {_encode(secret)}" for secret in self.masked),
                *(f"server {name} {address}" for name, address in self.servers.items()),
                *(f"artifact {name} {digest}" for name, digest in self.artifacts.items()),
                *(f"{f.kind} {f.mode} {f.path} {_encode(f.content)}" for f in self.files),
            )
        )


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()

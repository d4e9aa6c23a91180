"""Python's compiled files in a layer, for containers whose file system is read-only."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Compiled:
    """Bytecode beside every Python file of some folders, made by the layer's own interpreter."""

    interpreter: str
    folders: tuple[str, ...]

    def sources(self) -> tuple[Path, ...]:
        """The module."""
        return (Path(__file__),)

    def apply(self, root: Path) -> None:
        """Compile, so that equal sources give equal files: no times in them, no hash seeds."""
        # The layer's Python finds its own library; the C library is the machine's.
        environment = os.environ | {
            "PYTHONHOME": str(root / "usr"),
            "PYTHONHASHSEED": "0",
            "LD_LIBRARY_PATH": str(root / "usr/lib/x86_64-linux-gnu"),
        }
        command = [str(root / self.interpreter), "-S", "-m", "compileall", "-q"]
        command += ["--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", "/"]
        command += [str(root / folder) for folder in self.folders]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{self.interpreter} could not compile its layer:\n{done.stderr}")

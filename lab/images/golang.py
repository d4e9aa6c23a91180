"""Static programs built from Go modules, at the versions and hashes of go.mod and go.sum."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MODULE = Path(__file__).parent / "go"


@dataclass(frozen=True, slots=True)
class GoProgram:
    """One program: a package of our module, or of a module that it names as a tool."""

    package: str
    target: str
    variables: tuple[tuple[str, str], ...] = ()

    def sources(self) -> tuple[Path, ...]:
        """The module, the pins, and our own source where the package is ours."""
        pins = (Path(__file__), MODULE / "go.mod", MODULE / "go.sum")
        return (*pins, MODULE / self.package) if self.package.startswith("./") else pins

    def apply(self, root: Path) -> None:
        """Build it, without paths of this machine, and without symbols."""
        if shutil.which("go") is None:
            raise FileNotFoundError(
                f"go is not on PATH: {self.package} is built with it; install Go"
            )
        settings = [f"-X {name}={value}" for name, value in self.variables]
        command = ["go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly"]
        command += ["-ldflags", " ".join(["-s -w -buildid=", *settings])]
        command += ["-o", str(root / self.target), self.package]
        environment = os.environ | {"CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": "amd64"}
        environment["GOFLAGS"] = ""
        done = subprocess.run(
            command, cwd=MODULE, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"go build {self.package} failed:\n{done.stderr}")

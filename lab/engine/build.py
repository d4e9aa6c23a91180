"""The Pulumi command line program out of its Go module, where its release cannot be had."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from lab.engine import cache
from lab.engine.release import VERSION

_MODULE = Path(__file__).parent / "cli"
_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


def built() -> Path:
    """The folder with the program `pulumi`, built once for a go.sum."""
    return cache.made(_name(), _build)


def is_built() -> bool:
    """Whether an earlier run has built it."""
    return (cache.folder() / _name()).exists()


def _name() -> str:
    pinned = hashlib.sha256((_MODULE / "go.sum").read_bytes()).hexdigest()[:12]
    return f"cli-v{VERSION}-{pinned}"


def _build(target: Path) -> None:
    go = shutil.which("go")
    if go is None:
        sys.exit(
            "engine: no `pulumi` on PATH, its release cannot be downloaded, and there is no `go` "
            "to build it with; install Pulumi (https://www.pulumi.com/docs/install/) or Go 1.25"
        )
    sys.stderr.write(f"engine: building pulumi v{VERSION} from its Go module: minutes, once\n")
    flags = f"-s -w -X {_VERSION_VARIABLE}=v{VERSION}"
    command = [go, "build", "-trimpath", "-ldflags", flags, "-o", str(target / "pulumi"), _PACKAGE]
    # Niced: the machine may be somebody's desk.
    finished = subprocess.run(["nice", *command], cwd=_MODULE, check=False)
    if finished.returncode != 0:
        sys.exit(f"engine: `{' '.join(command)}` failed in {_MODULE} (above); see go's words there")

"""The build of the lab's stand-in for K3s: `python -m lab.k3s.build VERSION OUT`."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from lab import cache
from lab.images import names

HERE = Path(__file__).parent
KUBERNETES = "k8s.io/kubernetes"
SUFFIXES = {".go", ".mod", ".sum", ".yaml"}
PROGRESS_SECONDS = 20
NOTES = "see the lines above; `go` must reach its module proxy on the first build"


def main() -> int:
    """Build the version named first into the file named second."""
    version, out = sys.argv[1:]
    try:
        build(version, Path(out))
    except (RuntimeError, ValueError) as error:
        _say(f"error: {error}")
        return 1
    return 0


def build(version: str, out: Path) -> None:
    """Have the stand-in for K3s `version` at `out`: out of the cache, or built into it first."""
    modfile = modfile_of(version)
    key = _key(version, modfile)
    home = cache.root() / "k3s"
    home.mkdir(exist_ok=True)
    made = cache.made(home / f"{version}-{key}", lambda aside: _compile(version, modfile, aside))
    part = out.with_name(f"{out.name}.part")
    shutil.copyfile(made, part)
    part.chmod(0o755)
    part.replace(out)
    _say(f"{version} is at {out}")


def versions() -> dict[str, Path]:
    """Every version of Kubernetes there is a module file for."""
    return {_pinned(path): path for path in sorted(HERE.glob("*.mod"))}


def modfile_of(version: str) -> Path:
    """The module file of the Kubernetes that a K3s version carries."""
    kubernetes, _, release = version.partition("+")
    known = versions()
    if kubernetes not in known or not release.startswith("k3s"):
        there = ", ".join(f"{one}+k3s1" for one in known)
        raise ValueError(f"version {version}: the stand-in can be built as {there}")
    return known[kubernetes]


def _pinned(modfile: Path) -> str:
    for line in modfile.read_text().splitlines():
        words = line.removeprefix("require").split()
        if words[:1] == [KUBERNETES]:
            return words[1]
    raise ValueError(f"{modfile.name}: it requires no {KUBERNETES}")


def _go() -> str:
    go = shutil.which("go")
    if go is None:
        raise RuntimeError("go is not on PATH: the stand-in for K3s is built with it; install Go")
    return go


def _key(version: str, modfile: Path) -> str:
    """A hash over all that the program is made of."""
    total = hashlib.sha256(f"{version} {modfile.name} {_images()}\n".encode())
    total.update(subprocess.run([_go(), "version"], capture_output=True, check=True).stdout)
    total.update(Path(__file__).read_bytes())
    for path in sorted(_sources()):
        total.update(f"{path.relative_to(HERE)}\n".encode() + path.read_bytes())
    return total.hexdigest()[:12]


def _sources() -> Iterator[Path]:
    for path in HERE.rglob("*"):
        if path.suffix in SUFFIXES and not path.name.endswith("_test.go"):
            yield path


def _images() -> str:
    return json.dumps(names(), sort_keys=True, separators=(",", ":"))


def variables(version: str, revision: str) -> dict[str, str]:
    """What the linker sets: the version that nodes report, and the packaged images' names."""
    major, minor = version.removeprefix("v").split(".")[:2]
    values = {"main.version": version, "main.revision": revision, "main.images": _images()}
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        values |= {
            f"{package}.gitVersion": version,
            f"{package}.gitMajor": major,
            f"{package}.gitMinor": minor,
            f"{package}.gitTreeState": "clean",
        }
    return values


def _compile(version: str, modfile: Path, target: Path) -> None:
    settings = variables(version, target.name.removesuffix(".part").rpartition("-")[2])
    flags = " ".join(["-s -w -buildid=", *(f"-X '{k}={v}'" for k, v in settings.items())])
    command = ["nice", _go(), "build", "-trimpath", "-buildvcs=false", "-mod=readonly"]
    command += [f"-modfile={modfile.name}", f"-ldflags={flags}", "-o", str(target), "."]
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "", "GOOS": "linux"}
    _say(f"building {version} from Kubernetes' modules (about six minutes the first time)")
    begun = time.monotonic()
    with subprocess.Popen(command, cwd=HERE, env=environment, stdin=subprocess.DEVNULL) as process:
        while True:
            try:
                status = process.wait(PROGRESS_SECONDS)
            except subprocess.TimeoutExpired:
                _say(f"building {version}: {time.monotonic() - begun:.0f} s")
            except BaseException:
                process.kill()
                raise
            else:
                break
    if status:
        raise RuntimeError(f"go build of {version} failed with status {status}; {NOTES}")
    _say(f"built {version} in {time.monotonic() - begun:.0f} s")


def _say(text: str) -> None:
    print(f"k3s stand-in: {text}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())

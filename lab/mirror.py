"""The mirror's content: K3s and image archives, laid out as K3s' own releases are."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from lab import cache
from lab.progress import say

REPOSITORY = Path(__file__).resolve().parents[1]
# The version of the dev stack.
CURRENT = "v1.36.4+k3s1"
RELEASES = "https://github.com/k3s-io/k3s/releases/download"
SUMS = "sha256sum-amd64.txt"
OFFICIAL = ("k3s", "k3s-airgap-images-amd64.tar.zst")
IMAGES = "groundwork-images-amd64.tar"
PATIENCE_SECONDS = 10
# What the stand-in and the images are made of: when it changes, the mirror is filled again.
SOURCES = ("lab/k3s", "lab/images", "lab/demo")


def root() -> Path:
    """The directory a lab's HTTP server serves."""
    path = cache.root() / "mirror"
    path.mkdir(exist_ok=True)
    return path


def directory(version: str) -> Path:
    """Where a version is in the mirror. Raises ValueError for what is no version of K3s."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+(-rc\d+)?\+k3s\d+", version):
        raise ValueError(f"version {version!r}: K3s has versions like {CURRENT}")
    return root() / "k3s" / version


def fill(version: str) -> Path:
    """Have K3s `version` and the images in the mirror: the release, or else the lab's stand-in."""
    wanted = directory(version)
    stamp = wanted / ".made-from"
    wanted.parent.mkdir(parents=True, exist_ok=True)
    with cache.locked(wanted):
        sources = _sources()
        if stamp.exists() and stamp.read_text() == sources:
            say(f"mirror: {version} is there")
            return wanted
        aside = wanted.with_name(f"{version}.part")
        cache.discard(aside)
        aside.mkdir()
        if not _download(version, aside):
            _build(version, aside)
        _module("lab.images.build", aside / IMAGES)
        _add_sum(aside, IMAGES)
        (aside / stamp.name).write_text(sources)
        cache.discard(wanted)
        aside.rename(wanted)
    return wanted


def _download(version: str, target: Path) -> bool:
    """Fetch the official release with its sums checked; False where it cannot be reached."""
    base = f"{RELEASES}/{quote(version)}"
    try:
        _fetch(f"{base}/{SUMS}", target / SUMS)
    except (urllib.error.URLError, TimeoutError) as error:
        say(f"mirror: {version} cannot be had from {RELEASES} ({_cause(error)})")
        return False
    sums = read_sums(target / SUMS)
    for name in OFFICIAL:
        before = directory(version) / name
        if before.exists() and sha256(before) == sums.get(name):
            os.link(before, target / name)
            continue
        say(f"mirror: downloading {name} of {version}")
        _fetch(f"{base}/{name}", target / name)
        found = sha256(target / name)
        if sums.get(name) != found:
            raise RuntimeError(
                f"mirror: {base}/{name} has sha256 {found}, and {SUMS} beside it says "
                f"{sums.get(name)}; something on the way changed it: try again, or another network"
            )
    (target / "k3s").chmod(0o755)
    say(f"mirror: {version} is the official release")
    return True


def _cause(error: Exception) -> object:
    return error.reason if isinstance(error, urllib.error.URLError) else error


def _fetch(url: str, target: Path) -> None:
    with (
        urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer,  # noqa: S310
        target.open("wb") as file,
    ):
        shutil.copyfileobj(answer, file, 1 << 20)


def _build(version: str, target: Path) -> None:
    """Build the stand-in for K3s `version`."""
    say(f"mirror: building the lab's stand-in for K3s {version}")
    _module("lab.k3s.build", version, target / "k3s")
    _add_sum(target, "k3s")
    say(f"mirror: {version} is the lab's stand-in, not K3s")


def _module(name: str, *arguments: str | Path) -> None:
    """Run a module of the lab; it ends when this process does, however that ends."""
    confined = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", name]
    command = [*confined, *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, process_group=0
    ) as run:
        try:
            status = run.wait()
        except BaseException:
            os.killpg(run.pid, signal.SIGKILL)
            raise
    if status:
        raise RuntimeError(
            f"mirror: `python -m {name}` failed with status {status}, and said why above"
            " (`lab up --no-k3s` makes hosts without it)"
        )


def _sources() -> str:
    """One hash over every file the stand-in and the images are made of."""
    total = hashlib.sha256()
    for path in sorted(_files()):
        total.update(f"{path.relative_to(REPOSITORY)} {sha256(path)}\n".encode())
    return total.hexdigest()


def _files() -> Iterator[Path]:
    for top in SOURCES:
        for where, folders, names in os.walk(REPOSITORY / top):
            folders[:] = [folder for folder in folders if folder != "__pycache__"]
            yield from (Path(where, name) for name in names)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_sums(path: Path) -> dict[str, str]:
    """File name -> SHA-256, as a sums file has them."""
    pairs = (line.split() for line in path.read_text().splitlines() if line.strip())
    return {name.lstrip("*"): digest for digest, name in pairs}


def _add_sum(target: Path, name: str) -> None:
    with (target / SUMS).open("a") as file:
        file.write(f"{sha256(target / name)}  {name}\n")

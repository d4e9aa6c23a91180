"""The folder for what is made once: outside the clone, complete or absent, one maker at a time."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def folder() -> Path:
    """The engine's part of the project's cache."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("GROUNDWORK_CACHE") or Path(home) / "groundwork") / "engine"


def holds(path: Path) -> bool:
    """Whether the file or folder lies in the engine's cache."""
    return folder().resolve() in path.resolve().parents


def made(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` of the cache; where it is absent `make` fills it.

    It is filled under another name and then renamed, so a killed run leaves no half of it; two
    runs at once wait for each other.
    """
    target = folder() / name
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent / f"{name}.lock"):
        if not target.exists():
            _sweep(target)
            aside = Path(tempfile.mkdtemp(prefix=f"{name}.aside-", dir=target.parent))
            try:
                make(aside)
            except BaseException:
                shutil.rmtree(aside)
                raise
            aside.chmod(0o755)
            aside.rename(target)
    return target


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _sweep(target: Path) -> None:
    """Remove what killed runs left. The lock is held: nobody else is filling such a folder."""
    for left in target.parent.glob(f"{target.name}.aside-*"):
        shutil.rmtree(left)

"""The cache: what is slow to make, kept outside the clone and shared by all clones."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def root() -> Path:
    """The cache's directory, made if need be: GROUNDWORK_CACHE, else the user's cache directory."""
    fallback = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "groundwork"
    path = Path(os.environ.get("GROUNDWORK_CACHE") or fallback).resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """A turn at making `path`: a second process waits here until the first has ended or died."""
    with path.with_name(f"{path.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made(path: Path, make: Callable[[Path], None]) -> Path:
    """`path`, made by `make` under another name first unless it is there: it is whole or absent."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path):
        if not path.exists():
            aside = path.with_name(f"{path.name}.part")
            discard(aside)
            try:
                make(aside)
            except BaseException:
                discard(aside)
                raise
            aside.rename(path)
    return path


def discard(path: Path) -> None:
    """Remove what a killed run left under `path`, file or directory."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

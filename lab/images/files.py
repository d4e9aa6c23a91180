"""Files of this repository, links and empty folders in a layer."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Copy:
    """A file or folder of this repository, named from lab/images; its modes are kept."""

    source: str
    target: str

    def sources(self) -> tuple[Path, ...]:
        """The module and what is copied."""
        return (Path(__file__), (HERE / self.source).resolve())

    def apply(self, root: Path) -> None:
        """Copy, without what a run of Python leaves beside its sources."""
        source, target = HERE / self.source, root / self.target
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            shutil.copy(source, target)
        else:
            unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=unwanted)


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link."""

    path: str
    to: str

    def sources(self) -> tuple[Path, ...]:
        """The module."""
        return (Path(__file__),)

    def apply(self, root: Path) -> None:
        """Make it."""
        (root / self.path).symlink_to(self.to)


@dataclass(frozen=True, slots=True)
class Folders:
    """Empty folders."""

    paths: tuple[str, ...]

    def sources(self) -> tuple[Path, ...]:
        """The module."""
        return (Path(__file__),)

    def apply(self, root: Path) -> None:
        """Make them."""
        for path in self.paths:
            (root / path).mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Applets:
    """A link to busybox for each of its commands that the layer has no program for."""

    def sources(self) -> tuple[Path, ...]:
        """The module."""
        return (Path(__file__),)

    def apply(self, root: Path) -> None:
        """Ask the layer's busybox for its commands, and link them in /usr/bin."""
        busybox = root / "usr/bin/busybox"
        listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
        for name in listed.stdout.split():
            link = root / "usr/bin" / name
            if not link.exists():
                link.symlink_to("busybox")

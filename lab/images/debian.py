"""Files of Debian 12's packages, fetched by apt into a state of its own: no root, no host package.

Of the release alone, without its updates: so the versions stay the same between point releases.
"""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from lab.archives import guarded
from lab.cache import root as cache_root
from lab.hosts.machine import debian_mirror
from lab.images.layer import matches

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITE = "bookworm"
# What only a person at a shell, or a compiler, would read.
UNREAD = (
    "usr/share/doc/*",
    "usr/share/man/*",
    "usr/share/locale/*",
    "usr/share/info/*",
    "usr/share/lintian/*",
    "usr/share/bug/*",
    "usr/share/menu/*",
    "usr/share/applications/*",
    "usr/share/pixmaps/*",
    "usr/share/binfmts/*",
    "etc/skel/*",
)
# Debian's packages still name these as folders of their own; a root has them as links into /usr.
MERGED = ("bin", "sbin", "lib", "lib64")


@dataclass(frozen=True, slots=True)
class Packages:
    """The files of Debian packages (named with all they need: nothing is resolved).

    only: patterns of paths to take, all by default; without: patterns to leave out.
    """

    names: tuple[str, ...]
    only: tuple[str, ...] = ("*",)
    without: tuple[str, ...] = ()

    def sources(self) -> tuple[Path, ...]:
        """The module."""
        return (Path(__file__),)

    def apply(self, root: Path) -> None:
        """Unpack the packages below `root`, which gets /bin, /sbin and /lib as links."""
        for name in MERGED:
            (root / "usr" / name).mkdir(parents=True, exist_ok=True)
            if not (root / name).is_symlink():
                (root / name).symlink_to(f"usr/{name}")
        for archive in _fetch(self.names):
            self._unpack(archive, root)

    def _unpack(self, archive: Path, root: Path) -> None:
        command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
                for entry in self._wanted(guarded(tar, "tar")):
                    tar.extract(entry, root)
            if process.wait() != 0:
                raise RuntimeError(f"{archive.name}: dpkg-deb could not read this package")

    def _wanted(self, tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
        for entry in tar:
            entry.name = _merged(entry.name)
            if entry.islnk():
                entry.linkname = _merged(entry.linkname)
            if entry.isdir() or not matches(entry.name, self.only):
                continue
            if not matches(entry.name, UNREAD + self.without):
                yield entry


def _merged(name: str) -> str:
    path = PurePosixPath(name.removeprefix("./"))
    if path.parts and path.parts[0] in MERGED:
        path = PurePosixPath("usr") / path
    return str(path)


def _fetch(names: tuple[str, ...]) -> list[Path]:
    store = cache_root() / "images/debian"
    _update(store)
    target = store / "fetched"
    target.mkdir(exist_ok=True)
    for name in names:
        for old in target.glob(f"{name}_*.deb"):
            old.unlink()
    _apt(
        store,
        "download",
        *(f"{name}:amd64" if ":" not in name else name for name in names),
        cwd=target,
    )
    return [next(target.glob(f"{name}_*.deb")) for name in names]


@cache
def _update(store: Path) -> None:
    if shutil.which("apt-get") is None or not Path(KEYRING).exists():
        raise FileNotFoundError(
            f"apt-get and {KEYRING}: images are made of Debian packages; "
            "install apt, dpkg and debian-archive-keyring"
        )
    for name in ("state/lists/partial", "cache/archives/partial"):
        (store / name).mkdir(parents=True, exist_ok=True)
    source = f"deb [arch=amd64 signed-by={KEYRING}] {debian_mirror()} {SUITE} main\n"
    (store / "sources.list").write_text(source)
    _apt(store, "update", cwd=store)


def _apt(store: Path, *arguments: str, cwd: Path) -> None:
    settings = {
        "Dir::State": store / "state",
        "Dir::Cache": store / "cache",
        "Dir::Etc::SourceList": store / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "APT::Architecture": "amd64",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    options = [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]
    command = ["apt-get", "-qq", *options, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(
            f"apt-get {' '.join(arguments)}: packages of Debian 12 could not be fetched; "
            f"see that this machine's apt reaches a Debian archive\n{done.stderr}"
        )

"""Layers: folders packed so that equal content gives equal bytes, each made once and kept."""

import fnmatch
import gzip
import hashlib
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from lab.cache import discard, made

HERE = Path(__file__).parent


class Step(Protocol):
    """One thing that puts files into a layer. Its `repr` and its sources decide what it puts."""

    def apply(self, root: Path) -> None:
        """Put the files below `root`, which may already hold earlier steps' files."""

    def sources(self) -> tuple[Path, ...]:
        """The files and folders, this step's own module included, that decide its result."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Owned:
    """Who owns a path of a layer, and its mode; everything else is root's, 0755 or 0644."""

    uid: int
    mode: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """What a layer is made of: steps in their order, and the paths that are not root's."""

    name: str
    steps: Sequence[Step]
    owned: Mapping[str, Owned] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The hash of everything that decides the content, but for Debian's current versions."""
        digest = hashlib.sha256(f"{self.name} {self.steps!r} {self.owned!r}".encode())
        for source in [Path(__file__), *(path for step in self.steps for path in step.sources())]:
            for file in _files(source):
                digest.update(f"\n{file.relative_to(source.parent)} ".encode())
                digest.update(file.read_bytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """A layer as an image holds it: the compressed file, its digest, and that of its content."""

    name: str
    path: Path
    digest: str
    content_digest: str
    size: int


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern fits the whole path; its `*` spans folders."""
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def packed(layer: Layer, store: Path) -> Packed:
    """The layer out of the store, made first where it is not there."""
    home = made(store / f"{layer.name}-{layer.key}", lambda aside: _make(layer, aside))
    facts = json.loads((home / "layer.json").read_text())
    return Packed(name=layer.name, path=home / "layer.tar.gz", **facts)


def _make(layer: Layer, aside: Path) -> None:
    root = aside / "root"
    root.mkdir(parents=True)
    for step in layer.steps:
        step.apply(root)
    _pack(root, aside, layer.owned)
    discard(root)


def _files(source: Path) -> Iterator[Path]:
    if source.is_file():
        yield source
    elif source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
    else:
        raise FileNotFoundError(f"{source}: a layer is made of it, and it is not there")


class _Hashing:
    """A writable file that keeps the sha256 of what passes through."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.sha256 = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _pack(root: Path, result: Path, owned: Mapping[str, Owned]) -> None:
    missing = [path for path in owned if not (root / path).exists()]
    if missing:
        raise FileNotFoundError(f"{missing}: an owner is given, and no step made it")
    target = result / "layer.tar.gz"
    with target.open("wb") as file:
        compressed = _Hashing(file)
        with gzip.GzipFile("", "wb", 6, cast("BinaryIO", compressed), mtime=0) as zipped:
            content = _Hashing(cast("BinaryIO", zipped))
            with tarfile.open(fileobj=cast("BinaryIO", content), mode="w|") as tar:
                for path in sorted(root.rglob("*")):
                    _add(tar, path, str(path.relative_to(root)), owned)
    facts = {
        "digest": f"sha256:{compressed.sha256.hexdigest()}",
        "content_digest": f"sha256:{content.sha256.hexdigest()}",
        "size": target.stat().st_size,
    }
    (result / "layer.json").write_text(json.dumps(facts))


def _add(tar: tarfile.TarFile, path: Path, name: str, owned: Mapping[str, Owned]) -> None:
    entry = tarfile.TarInfo(name)
    if name in owned:
        entry.uid = entry.gid = owned[name].uid
    if path.is_symlink():
        entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
        tar.addfile(entry)
    elif path.is_dir():
        entry.type = tarfile.DIRTYPE
        entry.mode = owned[name].mode if name in owned else 0o755
        tar.addfile(entry)
    else:
        status = path.stat()
        entry.size = status.st_size
        entry.mode = 0o755 if status.st_mode & 0o100 else 0o644
        with path.open("rb") as file:
            tar.addfile(entry, file)

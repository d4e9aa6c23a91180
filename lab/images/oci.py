"""Images in the OCI layout: a configuration, a list of layers, and one archive of many images.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import hashlib
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from lab.images.layer import Packed

MEDIA = "application/vnd.oci.image"
# Equal content has to give equal bytes, so nothing is dated.
CREATED = "1970-01-01T00:00:00Z"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """How a container of the image starts, as its runtime reads it.

    A user is numeric: a kubelet can only then tell that it is not root.
    """

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    folder: str = "/"
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    volumes: tuple[str, ...] = ()
    stop_signal: str = "SIGTERM"

    def document(self) -> dict[str, Any]:
        """The `config` object of an image configuration."""
        environment = {"PATH": PATH} | dict(self.environment)
        return {
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.command),
            "User": self.user,
            "WorkingDir": self.folder,
            "Env": [f"{name}={value}" for name, value in environment.items()],
            "ExposedPorts": {f"{port}/tcp": {} for port in self.ports},
            "Volumes": {path: {} for path in self.volumes},
            "StopSignal": self.stop_signal,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A named image: its configuration and its layers, the lowest first."""

    name: str
    config: Config
    layers: Sequence[Packed]


def write(images: Iterable[Image], target: Path) -> None:
    """Write one archive of all images; a layer or configuration they share is in it once."""
    with tarfile.open(target, "w") as tar:
        _add(tar, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        written: set[str] = set()
        manifests = []
        for image in images:
            config = _blob(tar, written, _configuration(image)) | {
                "mediaType": f"{MEDIA}.config.v1+json"
            }
            layers = [_layer(tar, written, layer) for layer in image.layers]
            manifest = {"schemaVersion": 2, "mediaType": f"{MEDIA}.manifest.v1+json"}
            descriptor = _blob(tar, written, manifest | {"config": config, "layers": layers})
            manifests.append(descriptor | _identity(image.name))
        index = {"schemaVersion": 2, "mediaType": f"{MEDIA}.index.v1+json", "manifests": manifests}
        _add(tar, "index.json", json.dumps(index).encode())


def _configuration(image: Image) -> dict[str, Any]:
    return {
        "created": CREATED,
        "architecture": "amd64",
        "os": "linux",
        "config": image.config.document(),
        "rootfs": {"type": "layers", "diff_ids": [layer.content_digest for layer in image.layers]},
        "history": [{"created": CREATED, "created_by": layer.name} for layer in image.layers],
    }


def _identity(name: str) -> dict[str, Any]:
    # containerd takes the whole name from its own annotation, other tools the tag from OCI's
    # https://github.com/containerd/containerd/blob/release/1.6/images/annotations.go
    annotations = {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }
    return {
        "mediaType": f"{MEDIA}.manifest.v1+json",
        "platform": {"architecture": "amd64", "os": "linux"},
        "annotations": annotations,
    }


def _layer(tar: tarfile.TarFile, written: set[str], layer: Packed) -> dict[str, Any]:
    if layer.digest not in written:
        written.add(layer.digest)
        entry = tarfile.TarInfo(_blob_path(layer.digest))
        entry.size = layer.size
        with layer.path.open("rb") as file:
            tar.addfile(entry, file)
    return {"mediaType": f"{MEDIA}.layer.v1.tar+gzip", "digest": layer.digest, "size": layer.size}


def _blob(tar: tarfile.TarFile, written: set[str], document: dict[str, Any]) -> dict[str, Any]:
    content = json.dumps(document).encode()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if digest not in written:
        written.add(digest)
        _add(tar, _blob_path(digest), content)
    return {"digest": digest, "size": len(content)}


def _blob_path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, BytesIO(content))

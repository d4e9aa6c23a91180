"""Where the K3s binary and its image archives come from, and how they are known to be genuine."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from components.base import Model, Sha256

_ARCHIVE = r"^[A-Za-z0-9][A-Za-z0-9._-]*\.tar(\.(zst|gz|lz4|bz2))?$"
# https://docs.k3s.io/installation/airgap
_BINARY = {"amd64": "k3s", "arm64": "k3s-arm64"}


def _url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", url):
        raise ValueError(f"{url} is no http(s) URL: write it as https://host[:port][/path]")
    if parts.username or parts.password:
        raise ValueError("credentials in a URL are readable in state and logs: leave them out")
    return url.rstrip("/")


Url = Annotated[str, AfterValidator(_url)]
Archive = Annotated[str, StringConstraints(pattern=_ARCHIVE)]


class _Artifacts(Model):
    sha256: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$")], Sha256] = {}
    """File name -> digest. What is not pinned is checked against sha256sum-<arch>.txt beside it."""
    images: list[Archive] = []
    """Image archives to load before K3s starts, for hosts that reach no registry."""

    def files(self, architecture: str) -> list[str]:
        """What a host of that architecture needs; the binary first."""
        return [_BINARY[architecture], *self.images]

    def unpinned(self, architecture: str) -> list[str]:
        """What needs the published sums."""
        return [name for name in self.files(architecture) if name not in self.sha256]


def sums(architecture: str) -> str:
    """The published file of digests."""
    return f"sha256sum-{architecture}.txt"


class ReleaseArtifacts(_Artifacts):
    """K3s' releases, downloaded by each host."""

    kind: Literal["release"]
    url: Url = "https://github.com/k3s-io/k3s/releases/download"

    def source(self, version: str) -> str:
        """The URL of the folder that holds a version's files."""
        return f"{self.url}/{version.replace('+', '%2B')}"


class MirrorArtifacts(_Artifacts):
    """An HTTP server laid out as K3s' releases are."""

    kind: Literal["mirror"]
    url: Url

    def source(self, version: str) -> str:
        """The URL of the folder that holds a version's files."""
        return f"{self.url}/{version.replace('+', '%2B')}"


class FolderArtifacts(_Artifacts):
    """A folder on the operator's machine, copied to each host over SSH."""

    kind: Literal["folder"]
    path: Annotated[str, StringConstraints(min_length=1)]
    """Relative to the project."""

    def source(self, version: str) -> str:
        """The URL of the folder on the host that SSH copies a version's files to."""
        return f"file://{self.upload(version)}"

    def upload(self, version: str) -> str:
        """Where a user without privileges may put them; nothing there is used before its check."""
        return f"/var/tmp/groundwork/{version}"  # noqa: S108 - checked by digest after root's copy


Artifacts = Annotated[
    ReleaseArtifacts | MirrorArtifacts | FolderArtifacts, Field(discriminator="kind")
]

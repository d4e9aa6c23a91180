"""The official Pulumi release: its programs, downloaded and checked, where the network allows."""

import hashlib
import io
import os
import platform
import sys
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

from lab.archives import guarded

VERSION = "3.250.0"

# https://www.pulumi.com/docs/install/versions/
_PROGRAMS = "https://get.pulumi.com/releases/sdk"
_CHECKSUMS = f"https://github.com/pulumi/pulumi/releases/download/v{VERSION}"
_PLUGINS = "https://get.pulumi.com/releases/plugins"

_CONNECT_SECONDS = 4
_MACHINES = {"x86_64": "x64", "aarch64": "arm64"}


class UnreachableError(Exception):
    """The official downloads cannot be reached from here, or not at the moment."""


def download(target: Path) -> None:
    """Put the release's programs into `target`. UnreachableError where they cannot be had.

    GROUNDWORK_PULUMI_DOWNLOADS names another place that has the archive and its checksums file.
    """
    elsewhere = os.environ.get("GROUNDWORK_PULUMI_DOWNLOADS")
    archive = f"pulumi-v{VERSION}-linux-{_machine()}.tar.gz"
    sums = _fetch(f"{elsewhere or _CHECKSUMS}/pulumi-{VERSION}-checksums.txt").decode()
    content = _fetch(f"{elsewhere or _PROGRAMS}/{archive}")
    _verify(archive, content, sums)
    with tarfile.open(fileobj=io.BytesIO(content)) as opened:
        for member in guarded(opened, "data").getmembers():
            # The archive holds one folder, `pulumi/`, with the programs in it.
            member.name = Path(member.name).name
            if member.isfile():
                opened.extract(member, target)


def has_plugin(name: str, version: str) -> bool:
    """Whether the engine could download an official plugin from here."""
    elsewhere = os.environ.get("GROUNDWORK_PULUMI_DOWNLOADS")
    machine = {"x64": "amd64"}.get(_machine(), _machine())
    archive = f"pulumi-resource-{name}-v{version}-linux-{machine}.tar.gz"
    request = urllib.request.Request(f"{elsewhere or _PLUGINS}/{archive}", method="HEAD")  # noqa: S310 -- https, or what the operator named
    try:
        with urllib.request.urlopen(request, timeout=_CONNECT_SECONDS):  # noqa: S310
            return True
    except OSError:
        return False


def _machine() -> str:
    try:
        return _MACHINES[platform.machine()]
    except KeyError:
        raise UnreachableError(f"Pulumi has no release for {platform.machine()}") from None


def _fetch(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=_CONNECT_SECONDS) as answer:  # noqa: S310 -- https, or what the operator named
            return bytes(answer.read())
    except (OSError, urllib.error.URLError) as error:
        raise UnreachableError(f"{url}: {error}") from error


def _verify(name: str, content: bytes, sums: str) -> None:
    """Hold the archive against the published sums. A wrong sum is no reason to build quietly."""
    wanted = {
        words[1].lstrip("*./"): words[0] for line in sums.splitlines() if (words := line.split())
    }
    found = hashlib.sha256(content).hexdigest()
    if wanted.get(name) != found:
        sys.exit(
            f"engine: {name} has the SHA-256 {found}, the published sum is "
            f"{wanted.get(name, 'missing')}; remove what stands between, or set "
            "GROUNDWORK_PULUMI_DOWNLOADS to a place that has the release as published"
        )

"""A Helm chart: what it is called and which version it has, wherever it lies."""

import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.engine.kubernetes import helm
from lab.engine.properties import Properties


class ChartError(Exception):
    """A chart that is not there or is none."""


def version(release: Properties) -> str:
    """The version of the chart that a release's inputs name. Repositories are asked."""
    reference = str(release.get("chart") or "")
    path = Path(reference)
    if path.is_dir() or path.is_file():
        return str(_metadata(path)["version"])
    with tempfile.TemporaryDirectory(prefix="chart-") as folder:
        options = {"destination": folder, **source(release)}
        try:
            helm.run("pull", {"chart": reference, "options": options})
        except helm.HelmFailedError as error:
            raise ChartError(f"chart {reference!r}: {error}") from error
        archive = next(Path(folder).glob("*.tgz"), None)
        if archive is None:
            raise ChartError(f"chart {reference!r}: its repository sent no archive")
        return str(_metadata(archive)["version"])


def source(release: Properties) -> dict[str, Any]:
    """Where a chart that is not local comes from, in the words of Helm's `pull`."""
    repository = release.get("repositoryOpts") or {}
    named = {
        "version": release.get("version"),
        "repo_url": repository.get("repo"),
        "username": repository.get("username"),
        "password": repository.get("password"),
    }
    return {key: value for key, value in named.items() if value}


def _metadata(path: Path) -> Mapping[str, Any]:
    try:
        text = _from_folder(path) if path.is_dir() else _from_archive(path)
        found = yaml.safe_load(text)
    except (OSError, tarfile.TarError, yaml.YAMLError) as error:
        raise ChartError(f"chart {path}: {error}") from error
    if not isinstance(found, dict) or not found.get("version"):
        raise ChartError(f"chart {path}: its Chart.yaml names no version")
    return found


def _from_folder(path: Path) -> bytes:
    return (path / "Chart.yaml").read_bytes()


def _from_archive(path: Path) -> bytes:
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if member.name.count("/") == 1 and member.name.endswith("/Chart.yaml") and content:
                return content.read()
    raise ChartError(f"chart {path}: the archive has no Chart.yaml")

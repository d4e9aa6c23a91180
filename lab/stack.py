"""The repository's dev stack on the hosts of any lab, for tests and measurements beside it."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lab.hosts.layout import REPOSITORY, Place

DEV = REPOSITORY / "Pulumi.dev.yaml"
# What the dev stack's file says of its lab, and stands in for another's
_NETWORK, _FOLDER = "10.213.0.", ".lab/dev/"


def settings(place: Place) -> dict[str, Any]:
    """The `config` of the dev stack's file with the addresses and files of the lab at `place`."""
    text = DEV.read_text(encoding="utf-8")
    network = str(place.subnet.network_address).removesuffix("0")
    moved = text.replace(_NETWORK, network).replace(_FOLDER, f"{place.directory}/")
    config: dict[str, Any] = yaml.safe_load(moved)["config"]
    return config


def create(
    name: str, file: Path, config: Mapping[str, Any], environment: Mapping[str, str]
) -> None:
    """Make the stack `name` of this project, its settings in `file` and nothing in the clone."""
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copy(REPOSITORY / "Pulumi.yaml", scratch)
        command = ["pulumi", "stack", "init", name, "--cwd", scratch, "--non-interactive"]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        written = Path(scratch, f"Pulumi.{name}.yaml").read_text(encoding="utf-8")
    file.write_text(yaml.safe_dump({**yaml.safe_load(written), "config": dict(config)}), "utf-8")

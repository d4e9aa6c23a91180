"""The repository's dev stack on the hosts of any lab, for tests and measurements beside it."""

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

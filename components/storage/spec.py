"""The `storage` section: which kind of volume serves which purpose."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from components.base import Model


class Purpose(StrEnum):
    """What a volume is for. Whoever needs one names this, never a driver or a class."""

    DATABASE = "database"
    """One pod at a time, low latency."""
    BULK = "bulk"
    """One node at a time."""
    SHARED = "shared"
    """Pods of many nodes at once."""


class LocalPath(Model):
    """K3s' packaged local-path provisioner: a folder on the node that first uses the volume.

    Nothing copies it elsewhere and nothing enforces its size: for trying things out, and for
    software that copies its data itself.
    """

    kind: Literal["local-path"]

    @property
    def classes(self) -> Mapping[Purpose, str]:
        """Storage classes by purpose; a purpose that is missing cannot be served."""
        return {Purpose.DATABASE: "local-path", Purpose.BULK: "local-path"}


Storage = LocalPath

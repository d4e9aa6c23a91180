"""The storage of a cluster: nothing to install for K3s' own, and the answer to who asks."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.base import Quantity
from components.storage import manifests
from components.storage.spec import Purpose
from components.storage.spec import Storage as StorageSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageArgs:
    """What storage is made from."""

    spec: StorageSpec


class Storage(pulumi.ComponentResource):
    """The volumes of a cluster, claimed by purpose."""

    def __init__(
        self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:storage:Storage", name, {}, opts)
        self._spec = args.spec
        self.register_outputs({"classes": dict(self._spec.classes)})

    def class_for(self, purpose: Purpose) -> str:
        """The name of the storage class that serves `purpose`."""
        return self._spec.classes[purpose]

    def claim(self, purpose: Purpose, size: Quantity) -> k8s.core.v1.PersistentVolumeClaimSpecArgs:
        """What a PersistentVolumeClaim of `size` for `purpose` asks."""
        return manifests.claim(self._spec, purpose, size)

"""Purpose and size -> a claim of a volume. Pure."""

import pulumi_kubernetes as k8s

from components.base import Quantity
from components.storage.spec import Purpose, Storage


def claim(
    spec: Storage, purpose: Purpose, size: Quantity
) -> k8s.core.v1.PersistentVolumeClaimSpecArgs:
    """A claim of `size` from the class that serves `purpose`."""
    return k8s.core.v1.PersistentVolumeClaimSpecArgs(
        access_modes=["ReadWriteMany" if purpose is Purpose.SHARED else "ReadWriteOnce"],
        storage_class_name=spec.classes[purpose],
        resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": size}),
    )

"""The parts that Kubernetes objects of every component have alike. Pure: no resource is made."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_kubernetes as k8s

from components.resources import Resources

MANAGED = {"app.kubernetes.io/managed-by": "pulumi"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What a workload's objects are called, where they are, and which system they belong to."""

    name: str
    namespace: str
    part_of: str

    @property
    def selector(self) -> dict[str, str]:
        """The labels that find the workload's pods; fixed, because a Deployment's selector is."""
        return {"app.kubernetes.io/name": self.name, "app.kubernetes.io/part-of": self.part_of}

    @property
    def labels(self) -> dict[str, str]:
        """The recommended labels.

        https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
        """
        return {**self.selector, **MANAGED}

    def of(self, part: str) -> str:
        """The name of an object that belongs to the workload but is not it: `<name>-<part>`."""
        return f"{self.name}-{part}"

    def metadata(
        self, name: str | None = None, annotations: Mapping[str, str] | None = None
    ) -> k8s.meta.v1.ObjectMetaArgs:
        """Metadata with every name given: a generated one would change with each replacement."""
        return k8s.meta.v1.ObjectMetaArgs(
            name=name or self.name,
            namespace=self.namespace,
            labels=self.labels,
            annotations=annotations,
        )


def namespace(name: str) -> k8s.meta.v1.ObjectMetaArgs:
    """A namespace that admits pods of the restricted level only, and warns of others.

    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    modes = ("enforce", "audit", "warn")
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in modes}
    return k8s.meta.v1.ObjectMetaArgs(name=name, labels={**MANAGED, **levels})


def pod_security(user: int) -> k8s.core.v1.PodSecurityContextArgs:
    """A pod whose processes and volumes belong to `user`, never to root."""
    return k8s.core.v1.PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=user,
        run_as_group=user,
        fs_group=user,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_security(*, read_only: bool) -> k8s.core.v1.SecurityContextArgs:
    """A container without capabilities and without a way to more; its root may be read-only."""
    return k8s.core.v1.SecurityContextArgs(
        allow_privilege_escalation=False,
        read_only_root_filesystem=read_only,
        capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"]),
    )


def requirements(resources: Resources) -> k8s.core.v1.ResourceRequirementsArgs:
    """Requests and limits as a container states them."""
    limits = {"memory": resources.memory_limit}
    if resources.cpu_limit is not None:
        limits["cpu"] = resources.cpu_limit
    return k8s.core.v1.ResourceRequirementsArgs(
        requests={"cpu": resources.cpu_request, "memory": resources.memory_request},
        limits=limits,
    )

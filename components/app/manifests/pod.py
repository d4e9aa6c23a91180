"""The pod of a workload: its containers, what they are told, and what they may write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from components.app.spec import Migration, Probe, Workload
from components.objects import Identity, container_security, pod_security, requirements

PORT_NAME = "http"
_DATA, _TMP = "data", "tmp"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """What a pod refers to and others make: objects by name, and containers to wait with.

    checksums: annotations that change with the content of `config` and `secrets`.
    """

    account: pulumi.Input[str]
    config: pulumi.Input[str] | None = None
    secrets: pulumi.Input[str] | None = None
    claim: pulumi.Input[str] | None = None
    waits: Sequence[k8s.core.v1.ContainerArgs] = ()
    checksums: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


def pod(
    identity: Identity,
    workload: Workload,
    attached: Attached,
    affinity: k8s.core.v1.AffinityArgs | None,
) -> k8s.core.v1.PodSpecArgs:
    """The pod: first it waits, then it migrates, then the application runs."""
    migration = [_migration(workload.migrate, workload, attached)] if workload.migrate else []
    return k8s.core.v1.PodSpecArgs(
        service_account_name=attached.account,
        automount_service_account_token=workload.account.mount_token,
        enable_service_links=False,
        security_context=pod_security(workload.security.run_as_user),
        termination_grace_period_seconds=workload.termination_grace_seconds,
        affinity=affinity,
        init_containers=[*attached.waits, *migration],
        containers=[_application(identity, workload, attached)],
        volumes=_volumes(workload, attached),
    )


def _application(
    identity: Identity, workload: Workload, attached: Attached
) -> k8s.core.v1.ContainerArgs:
    probes = workload.probes
    return k8s.core.v1.ContainerArgs(
        name=identity.name,
        image=str(workload.image),
        command=workload.command,
        args=workload.args or None,
        ports=[k8s.core.v1.ContainerPortArgs(name=PORT_NAME, container_port=workload.port)],
        env_from=_environment(attached),
        resources=requirements(workload.resources),
        security_context=_security(workload),
        startup_probe=_probe(probes.startup) if probes.startup else None,
        liveness_probe=_probe(probes.liveness),
        readiness_probe=_probe(probes.readiness),
        lifecycle=_lifecycle(workload),
        volume_mounts=_mounts(workload),
    )


def _migration(
    migration: Migration, workload: Workload, attached: Attached
) -> k8s.core.v1.ContainerArgs:
    return k8s.core.v1.ContainerArgs(
        name="migrate",
        image=str(workload.image),
        command=migration.command,
        env_from=_environment(attached),
        resources=requirements(workload.resources),
        security_context=_security(workload),
        volume_mounts=_mounts(workload),
    )


def _environment(attached: Attached) -> list[k8s.core.v1.EnvFromSourceArgs]:
    sources = []
    if attached.config is not None:
        config = k8s.core.v1.ConfigMapEnvSourceArgs(name=attached.config)
        sources.append(k8s.core.v1.EnvFromSourceArgs(config_map_ref=config))
    if attached.secrets is not None:
        secrets = k8s.core.v1.SecretEnvSourceArgs(name=attached.secrets)
        sources.append(k8s.core.v1.EnvFromSourceArgs(secret_ref=secrets))
    return sources


def _security(workload: Workload) -> k8s.core.v1.SecurityContextArgs:
    return container_security(read_only=workload.security.read_only_root_filesystem)


def _probe(probe: Probe) -> k8s.core.v1.ProbeArgs:
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path=probe.path, port=PORT_NAME),
        period_seconds=probe.period_seconds,
        timeout_seconds=probe.timeout_seconds,
        failure_threshold=probe.failures,
    )


def _lifecycle(workload: Workload) -> k8s.core.v1.LifecycleArgs | None:
    # https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/#hook-handler-implementations
    if not workload.pre_stop_seconds:
        return None
    sleep = k8s.core.v1.SleepActionArgs(seconds=workload.pre_stop_seconds)
    return k8s.core.v1.LifecycleArgs(pre_stop=k8s.core.v1.LifecycleHandlerArgs(sleep=sleep))


def _mounts(workload: Workload) -> list[k8s.core.v1.VolumeMountArgs]:
    mounts = []
    if workload.security.read_only_root_filesystem:
        mounts.append(
            k8s.core.v1.VolumeMountArgs(name=_TMP, mount_path="/tmp")  # noqa: S108 - the container's
        )
    if workload.persistence:
        path = workload.persistence.path
        mounts.append(k8s.core.v1.VolumeMountArgs(name=_DATA, mount_path=path))
    return mounts


def _volumes(workload: Workload, attached: Attached) -> list[k8s.core.v1.VolumeArgs]:
    volumes = []
    if workload.security.read_only_root_filesystem:
        scratch = k8s.core.v1.EmptyDirVolumeSourceArgs()
        volumes.append(k8s.core.v1.VolumeArgs(name=_TMP, empty_dir=scratch))
    if attached.claim is not None:
        source = k8s.core.v1.PersistentVolumeClaimVolumeSourceArgs(claim_name=attached.claim)
        volumes.append(k8s.core.v1.VolumeArgs(name=_DATA, persistent_volume_claim=source))
    return volumes

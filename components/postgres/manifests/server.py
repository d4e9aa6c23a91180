"""The one PostgreSQL server: its pod, its volumes, its Services."""

from collections.abc import Mapping
from itertools import chain

import pulumi
import pulumi_kubernetes as k8s

from components.objects import Identity, container_security, pod_security, requirements
from components.postgres.spec import Bundled

PORT = 5432
SUPERUSER = "postgres"
HEADLESS = "headless"
_MOUNT = "/var/lib/postgresql/data"
_SECRET = "/run/secrets/postgres"  # noqa: S105 - a folder, not a password
_WRITABLE = {"run": "/var/run/postgresql", "tmp": "/tmp"}  # noqa: S108 - the container's own
_TERMINATION_SECONDS = 60


def identity(spec: Bundled) -> Identity:
    """The server's objects: all called postgres, in a namespace of their own."""
    return Identity(name="postgres", namespace=spec.namespace, part_of="postgres")


def service(who: Identity) -> k8s.core.v1.ServiceSpecArgs:
    """The one address that clients use."""
    return k8s.core.v1.ServiceSpecArgs(selector=who.selector, ports=[_port()])


def headless(who: Identity) -> k8s.core.v1.ServiceSpecArgs:
    """The Service that gives the StatefulSet's pod its name, ready or not."""
    return k8s.core.v1.ServiceSpecArgs(
        cluster_ip="None",
        publish_not_ready_addresses=True,
        selector=who.selector,
        ports=[_port()],
    )


def stateful_set(
    spec: Bundled, claim: pulumi.Input[str], superuser: pulumi.Input[str]
) -> k8s.apps.v1.StatefulSetSpecArgs:
    """One server on the volume `claim`, its superuser's password in the Secret `superuser`."""
    who = identity(spec)
    return k8s.apps.v1.StatefulSetSpecArgs(
        replicas=1,
        service_name=who.of(HEADLESS),
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels=who.selector),
        template=k8s.core.v1.PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(labels=who.labels),
            spec=k8s.core.v1.PodSpecArgs(
                automount_service_account_token=False,
                enable_service_links=False,
                security_context=pod_security(spec.user),
                termination_grace_period_seconds=_TERMINATION_SECONDS,
                containers=[_container(spec)],
                volumes=_volumes(claim, superuser),
            ),
        ),
    )


def _container(spec: Bundled) -> k8s.core.v1.ContainerArgs:
    env = {
        "POSTGRES_USER": SUPERUSER,
        "POSTGRES_PASSWORD_FILE": f"{_SECRET}/password",
        # a folder below the mount: initdb refuses one that holds anything, such as lost+found
        "PGDATA": f"{_MOUNT}/pgdata",
    }
    return k8s.core.v1.ContainerArgs(
        name="postgres",
        image=str(spec.image),
        args=_arguments(spec.parameters),
        env=[k8s.core.v1.EnvVarArgs(name=name, value=value) for name, value in env.items()],
        ports=[k8s.core.v1.ContainerPortArgs(name="postgres", container_port=PORT)],
        resources=requirements(spec.resources),
        security_context=container_security(read_only=True),
        startup_probe=_probe(period_seconds=5, failures=60),
        readiness_probe=_probe(period_seconds=5, failures=3),
        liveness_probe=_probe(period_seconds=10, failures=6),
        volume_mounts=_mounts(),
    )


def _arguments(parameters: Mapping[str, str]) -> list[str] | None:
    """None leaves the image its own command; else that command with the settings given."""
    if not parameters:
        return None
    settings = (("-c", f"{name}={value}") for name, value in sorted(parameters.items()))
    return ["postgres", *chain.from_iterable(settings)]


def _probe(*, period_seconds: int, failures: int) -> k8s.core.v1.ProbeArgs:
    # By TCP: the server that the image runs while it prepares the volume has a socket only.
    command = ["pg_isready", "--host=127.0.0.1", f"--port={PORT}", f"--username={SUPERUSER}"]
    return k8s.core.v1.ProbeArgs(
        exec_=k8s.core.v1.ExecActionArgs(command=command),
        period_seconds=period_seconds,
        timeout_seconds=5,
        failure_threshold=failures,
    )


def _mounts() -> list[k8s.core.v1.VolumeMountArgs]:
    mount = k8s.core.v1.VolumeMountArgs
    return [
        mount(name="data", mount_path=_MOUNT),
        mount(name="superuser", mount_path=_SECRET, read_only=True),
        mount(name="shm", mount_path="/dev/shm"),  # noqa: S108 - the container's own
        *(mount(name=name, mount_path=path) for name, path in _WRITABLE.items()),
    ]


def _volumes(
    claim: pulumi.Input[str], superuser: pulumi.Input[str]
) -> list[k8s.core.v1.VolumeArgs]:
    volume, scratch = k8s.core.v1.VolumeArgs, k8s.core.v1.EmptyDirVolumeSourceArgs
    return [
        volume(
            name="data",
            persistent_volume_claim=k8s.core.v1.PersistentVolumeClaimVolumeSourceArgs(
                claim_name=claim
            ),
        ),
        volume(name="superuser", secret=k8s.core.v1.SecretVolumeSourceArgs(secret_name=superuser)),
        # a runtime gives 64 MiB, which parallel queries outgrow; it counts as the pod's memory
        volume(name="shm", empty_dir=scratch(medium="Memory", size_limit="256Mi")),
        *(volume(name=name, empty_dir=scratch()) for name in _WRITABLE),
    ]


def _port() -> k8s.core.v1.ServicePortArgs:
    return k8s.core.v1.ServicePortArgs(name="postgres", port=PORT, target_port="postgres")

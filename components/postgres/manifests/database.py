"""A database on a server: the Job that makes it, the container that waits for it, its URL."""

import hashlib
from pathlib import Path
from urllib.parse import quote, urlencode

import pulumi
import pulumi_kubernetes as k8s

from components.base import Image
from components.objects import Identity, container_security, pod_security, requirements
from components.postgres.manifests.server import PORT, SUPERUSER, identity
from components.postgres.spec import Bundled
from components.resources import Resources

SCRIPTS = Path(__file__).parent.parent / "scripts"
_SCRIPT_MOUNT, _SECRET_MOUNT = "/scripts", "/run/secrets/postgres"
_DIGEST_CHARACTERS = 10
_WAIT_SECONDS = 120
# for clients that run one statement and end
_CLIENT = Resources(cpu_request="10m", memory_request="16Mi", cpu_limit="500m", memory_limit="64Mi")


def scripts() -> dict[str, str]:
    """The files of the ConfigMap that the Jobs run."""
    return {name: _text(name) for name in ("database.sh", "database.sql")}


def job_name(spec: Bundled, database: str) -> str:
    """A name that changes with what the Job would do, so that a change runs a new Job."""
    told = "\0".join([str(spec.image), database, *scripts().values()])
    digest = hashlib.sha256(told.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return identity(spec).of(f"database-{database}-{digest}")


def job(
    spec: Bundled,
    database: str,
    scripts: pulumi.Input[str],
    secrets: dict[str, pulumi.Input[str]],
    checksum: pulumi.Input[str],
) -> k8s.batch.v1.JobSpecArgs:
    """Makes `database` and its role of that name, again when `checksum` of the password changes.

    `secrets` are the names of the Secrets of superuser and role.
    """
    return k8s.batch.v1.JobSpecArgs(
        backoff_limit=6,
        active_deadline_seconds=300,
        template=k8s.core.v1.PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(
                labels=_client(spec, database).labels, annotations={"checksum/password": checksum}
            ),
            spec=k8s.core.v1.PodSpecArgs(
                restart_policy="Never",  # a failed pod stays, and with it its log
                automount_service_account_token=False,
                enable_service_links=False,
                security_context=pod_security(spec.user),
                containers=[_job_container(spec, database)],
                volumes=_job_volumes(scripts, secrets),
            ),
        ),
    )


def _client(spec: Bundled, database: str) -> Identity:
    """Not the server's labels: its Services would take the Job's pod for a server."""
    return Identity(name=f"database-{database}", namespace=spec.namespace, part_of="postgres")


def _job_container(spec: Bundled, database: str) -> k8s.core.v1.ContainerArgs:
    env = {"PGHOST": identity(spec).name, "PGUSER": SUPERUSER, "SECRETS": _SECRET_MOUNT}
    mounts = {"scripts": _SCRIPT_MOUNT}
    mounts |= {name: f"{_SECRET_MOUNT}/{name}" for name in ("superuser", "role")}
    return k8s.core.v1.ContainerArgs(
        name="database",
        image=str(spec.image),
        command=["sh", f"{_SCRIPT_MOUNT}/database.sh", database, database],
        env=[k8s.core.v1.EnvVarArgs(name=name, value=value) for name, value in env.items()],
        resources=requirements(_CLIENT),
        security_context=container_security(read_only=True),
        volume_mounts=[
            k8s.core.v1.VolumeMountArgs(name=name, mount_path=path, read_only=True)
            for name, path in mounts.items()
        ],
    )


def _job_volumes(
    scripts: pulumi.Input[str], secrets: dict[str, pulumi.Input[str]]
) -> list[k8s.core.v1.VolumeArgs]:
    return [
        k8s.core.v1.VolumeArgs(
            name="scripts", config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=scripts)
        ),
        *(
            k8s.core.v1.VolumeArgs(
                name=name, secret=k8s.core.v1.SecretVolumeSourceArgs(secret_name=secret)
            )
            for name, secret in secrets.items()
        ),
    ]


def wait(image: Image, host: str, port: int) -> k8s.core.v1.ContainerArgs:
    """An init container that ends when the server takes connections."""
    return k8s.core.v1.ContainerArgs(
        name="wait-for-postgres",
        image=str(image),
        command=["sh", "-c", _text("wait.sh"), "wait", host, str(port), str(_WAIT_SECONDS)],
        resources=requirements(_CLIENT),
        security_context=container_security(read_only=True),
    )


def url(host: str, port: int, credentials: tuple[str, str, str], ssl_mode: str | None) -> str:
    """A connection URL; `credentials` are database, user and password."""
    name, user, password = (quote(part, safe="") for part in credentials)
    where = f"[{host}]" if ":" in host else host
    query = f"?{urlencode({'sslmode': ssl_mode})}" if ssl_mode else ""
    return f"postgresql://{user}:{password}@{where}:{port}/{name}{query}"


def endpoint(spec: Bundled) -> tuple[str, int]:
    """The host and port that pods of any namespace reach the server at."""
    who = identity(spec)
    return f"{who.name}.{who.namespace}.svc", PORT


def _text(script: str) -> str:
    return (SCRIPTS / script).read_text("utf-8")

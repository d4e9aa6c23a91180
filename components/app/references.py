"""What systems refer to outside themselves, checked against the stack's sections. Pure."""

from collections.abc import Iterator, Mapping

from components.app.spec import System
from components.postgres import spec as postgres
from components.storage.spec import Storage

_TAKEN = {"default", "kube-system", "kube-public", "kube-node-lease"}


def databases(systems: Mapping[str, System]) -> list[str]:
    """Keys of the databases that systems need, each once, sorted."""
    needs = (system.needs.postgres for system in systems.values())
    return sorted({need.database for need in needs if need is not None})


def namespace(name: str, system: System) -> str:
    """Where the objects of the system `name` are."""
    return system.namespace or name


def problems(
    systems: Mapping[str, System], section: postgres.Postgres | None, storage: Storage
) -> Iterator[str]:
    """`path: what is wrong, the way out` for each thing a system refers to in vain."""
    yield from _databases(systems, section)
    yield from _volumes(systems, storage)
    yield from _namespaces(systems, section)
    yield from _hosts(systems)


def _databases(systems: Mapping[str, System], section: postgres.Postgres | None) -> Iterator[str]:
    for name, system in systems.items():
        need = system.needs.postgres
        if need and (problem := postgres.lacks(section, need.database)):
            yield f"systems.{name}.needs.postgres.database: {problem}"


def _volumes(systems: Mapping[str, System], storage: Storage) -> Iterator[str]:
    for name, system in systems.items():
        for key, workload in system.workloads.items():
            volume = workload.persistence
            if volume and volume.purpose not in storage.classes:
                served = ", ".join(sorted(storage.classes))
                yield (
                    f"systems.{name}.workloads.{key}.persistence.purpose: storage kind "
                    f"{storage.kind} has no volumes for {volume.purpose}, only for {served}"
                )


def _namespaces(systems: Mapping[str, System], section: postgres.Postgres | None) -> Iterator[str]:
    owners = dict.fromkeys(_TAKEN, "Kubernetes")
    if isinstance(section, postgres.Bundled):
        owners[section.namespace] = "the bundled Postgres"
    for name, system in systems.items():
        wanted = namespace(name, system)
        if wanted in owners:
            yield (
                f"systems.{name}.namespace: {wanted} belongs to {owners[wanted]} already; "
                "name another one"
            )
        owners[wanted] = f"system {name}"


def _hosts(systems: Mapping[str, System]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, system in systems.items():
        for key, workload in system.workloads.items():
            for host in workload.ingress.hosts:
                place = f"{name}.{key}"
                if host in owners:
                    yield (
                        f"systems.{name}.workloads.{key}.ingress.hosts: {host} leads to "
                        f"{owners[host]} already; a host leads to one workload"
                    )
                owners[host] = place

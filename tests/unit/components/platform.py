"""The platform's components alone, in a program of their own, on the recording engine."""

import pulumi
import yaml
from pulumi import _types
from pydantic import TypeAdapter

from components.app.component import Services, System, SystemArgs
from components.app.references import databases
from components.app.spec import System as SystemSpec
from components.ingress.component import Ingress, IngressArgs
from components.ingress.spec import Ingress as IngressSpec
from components.merge import merge
from components.postgres.component import Postgres, PostgresArgs
from components.postgres.spec import Postgres as PostgresSpec
from components.secrets import Secrets
from components.storage.component import Storage, StorageArgs
from components.storage.spec import Storage as StorageSpec
from components.tls.component import Tls, TlsArgs
from components.tls.spec import Tls as TlsSpec
from tests.unit.graph import record
from tests.unit.program.stacks import RETURNS, ROOT

SHARED = ROOT.parent / "shared"
SYSTEM = {
    "workloads": {
        "web": {
            "image": {"repository": "registry.test/web", "tag": "1.0.0"},
            "port": 8080,
            "resources": {"cpuRequest": "100m", "memoryRequest": "64Mi", "memoryLimit": "128Mi"},
            "probes": {"liveness": {"path": "/live"}, "readiness": {"path": "/ready"}},
        }
    }
}
BUNDLED = {"kind": "bundled"}
EXTERNAL = {
    "kind": "external",
    "host": "db.example.com",
    "databases": {"orders": {"name": "shop", "user": "clerk", "password": {"secret": "ordersDb"}}},
}


def typed(annotation, data):
    """`data` as a section of the stack file is read."""
    return TypeAdapter(annotation).validate_python(data)


def system(patch=None):
    """A small system, with an RFC 7396 patch over it."""
    return SystemSpec.model_validate(merge(SYSTEM, patch or {}))


def web(patch):
    """The small system's one workload, patched."""
    return {"workloads": {"web": patch}}


def shipped(name, profile, patch=None):
    """A system of systems/ in a profile."""
    merged = {}
    for layer in ("base", profile):
        text = (ROOT / "systems" / name / f"{layer}.yaml").read_text()
        merged = merge(merged, yaml.safe_load(text))
    return SystemSpec.model_validate(merge(merged, patch or {}))


def deploy(systems=None, *, postgres=BUNDLED, preview=False, secrets=(), **sections):
    """The graph of the platform and `systems` on it; sections by name, as in a stack file."""

    def program():
        secret = Secrets(pulumi.Config())
        kinds = {"storage": "local-path", "tls": "private-ca", "ingress": "traefik-packaged"}
        data = {name: {"kind": kind, **sections.get(name, {})} for name, kind in kinds.items()}
        storage = Storage("storage", StorageArgs(spec=typed(StorageSpec, data["storage"])))
        tls = Tls("tls", TlsArgs(spec=typed(TlsSpec, data["tls"])))
        ingress = Ingress("ingress", IngressArgs(spec=typed(IngressSpec, data["ingress"])))
        spec = typed(PostgresSpec | None, postgres)
        needed = sections.get("databases", databases(systems or {}))
        args = PostgresArgs(spec=spec, databases=needed, storage=storage, secret=secret)
        server = Postgres("postgres", args)
        services = Services(storage=storage, tls=tls, ingress=ingress, postgres=server)
        for name, it in (systems or {}).items():
            made = System(name, SystemArgs(spec=it, services=services, secret=secret))
            pulumi.export(name, made.urls)
        pulumi.export("ca", tls.ca)
        pulumi.export("endpoints", server.endpoints)

    return record(
        program,
        returns=RETURNS,
        preview=preview,
        config={f"groundwork:{name}": f"value-of-{name}" for name in secrets},
        secret_keys=[f"groundwork:{name}" for name in secrets],
    )


def kinds(graph, kind):
    """The inputs of the Kubernetes objects of a kind, by name."""
    return {n.name: n.inputs for n in graph.kubernetes() if n.inputs["kind"] == kind}


def plain(args):
    """Typed Args as the mapping that is sent, without what is absent."""
    if _types.is_input_type(type(args)):
        args = _types.input_type_to_dict(args)
    if isinstance(args, dict):
        return {key: plain(value) for key, value in args.items() if value is not None}
    return [plain(item) for item in args] if isinstance(args, list | tuple) else args

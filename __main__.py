"""One stack, top to bottom: hosts, cluster, storage, certificates, ingress, Postgres, systems."""

import pulumi

from components.app.component import Services, System, SystemArgs
from components.ingress.component import Ingress, IngressArgs
from components.k3s.cluster import K3sCluster, K3sClusterArgs
from components.postgres.component import Postgres, PostgresArgs
from components.secrets import Secrets
from components.stack import load
from components.storage.component import Storage, StorageArgs
from components.tls.component import Tls, TlsArgs

config = pulumi.Config()
stack, secret = load(config), Secrets(config)

cluster = K3sCluster("cluster", K3sClusterArgs(spec=stack.cluster, secret=secret))
inside = pulumi.ResourceOptions(
    provider=cluster.provider, depends_on=[cluster.ready], deleted_with=cluster.teardown
)

storage = Storage("storage", StorageArgs(spec=stack.storage), inside)
tls = Tls("tls", TlsArgs(spec=stack.tls), inside)
ingress = Ingress("ingress", IngressArgs(spec=stack.ingress), inside)
postgres = Postgres(
    "postgres",
    PostgresArgs(spec=stack.postgres, databases=stack.databases, storage=storage, secret=secret),
    inside,
)
services = Services(storage=storage, tls=tls, ingress=ingress, postgres=postgres)
systems = {
    name: System(name, SystemArgs(spec=spec, services=services, secret=secret), inside)
    for name, spec in stack.systems.items()
}

pulumi.export("kubeconfig", cluster.kubeconfig)
pulumi.export("endpoint", cluster.endpoint)
pulumi.export("nodes", cluster.nodes)
pulumi.export("ingressAddresses", cluster.ingress_addresses)
pulumi.export("certificateAuthority", tls.ca)
pulumi.export("postgres", postgres.endpoints)
pulumi.export("urls", {name: system.urls for name, system in systems.items()})

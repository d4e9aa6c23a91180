"""The way into a cluster, and through it to the applications that have hosts."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components import objects
from components.ingress import manifests
from components.ingress.spec import Ingress as IngressSpec
from components.ingress.spec import Route
from components.objects import Identity
from components.tls.component import Certificate


@dataclass(frozen=True, kw_only=True, slots=True)
class IngressArgs:
    """What the way in is made from."""

    spec: IngressSpec


class Ingress(pulumi.ComponentResource):
    """Traefik as K3s packages it, with HTTP redirected to HTTPS."""

    def __init__(
        self, name: str, args: IngressArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:ingress:Ingress", name, {}, opts)
        api_version, kind = manifests.CHART_CONFIG
        k8s.apiextensions.CustomResource(
            f"{name}-chart",
            api_version=api_version,
            kind=kind,
            metadata=k8s.meta.v1.ObjectMetaArgs(
                name=manifests.CHART,
                namespace=manifests.CHART_NAMESPACE,
                labels=objects.MANAGED,
            ),
            spec=manifests.chart_config(args.spec),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"className": manifests.CLASS_NAME})

    def publish(
        self,
        identity: Identity,
        route: Route,
        certificate: Certificate,
        opts: pulumi.ResourceOptions,
    ) -> k8s.networking.v1.Ingress:
        """The route's hosts led to port `http` of the Service of this identity."""
        middlewares = [
            self._middleware(identity, name, spec, opts)
            for name, spec in manifests.middlewares(identity, route).items()
        ]
        annotations = {
            **manifests.annotations(identity, route),
            **certificate.annotations,
        }
        return k8s.networking.v1.Ingress(
            identity.name,
            metadata=identity.metadata(annotations=annotations),
            spec=manifests.ingress(identity.name, route.hosts, certificate.secret_name),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=middlewares)),
        )

    def _middleware(
        self,
        identity: Identity,
        name: str,
        spec: Mapping[str, object],
        opts: pulumi.ResourceOptions,
    ) -> pulumi.Resource:
        api_version, kind = manifests.MIDDLEWARE
        return k8s.apiextensions.CustomResource(
            name,
            api_version=api_version,
            kind=kind,
            metadata=identity.metadata(name),
            spec=spec,
            opts=opts,
        )

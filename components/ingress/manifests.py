"""The ingress section and an application's route -> Kubernetes objects' specs. Pure."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s
import yaml

from components.ingress.spec import Route, SecurityHeaders, TraefikPackaged
from components.objects import Identity

# K3s takes values for the charts it packages from an object of this kind, by the chart's name.
# https://docs.k3s.io/add-ons/helm#customizing-packaged-components-with-helmchartconfig
CHART_CONFIG = ("helm.cattle.io/v1", "HelmChartConfig")
CHART, CHART_NAMESPACE = "traefik", "kube-system"
MIDDLEWARE = ("traefik.io/v1alpha1", "Middleware")
CLASS_NAME = "traefik"
PORT_NAME = "http"

# Traefik's own arguments rather than the chart's keys, which have moved with its major versions.
_ARGUMENTS = (
    "--entryPoints.web.http.redirections.entryPoint.to=:443",
    "--entryPoints.web.http.redirections.entryPoint.scheme=https",
    "--entryPoints.web.http.redirections.entryPoint.permanent=true",
    "--entryPoints.websecure.http.tls=true",
)


def chart_config(spec: TraefikPackaged) -> dict[str, str]:
    """The values that K3s' packaged Traefik is installed with."""
    values = {
        "additionalArguments": list(_ARGUMENTS),
        "deployment": {"replicas": spec.replicas},
    }
    return {"valuesContent": yaml.safe_dump(values)}


def middlewares(identity: Identity, route: Route) -> dict[str, Mapping[str, object]]:
    """The specs of the middlewares a route needs, by name, in the order they are to act."""
    specs: dict[str, Mapping[str, object]] = {}
    if route.rate_limit_per_minute is not None:
        specs[identity.of("rate-limit")] = rate_limit(route.rate_limit_per_minute)
    if route.headers is not None:
        specs[identity.of("headers")] = security_headers(route.headers)
    return specs


def security_headers(headers: SecurityHeaders) -> dict[str, object]:
    """The response headers as Traefik's middleware of that name takes them."""
    frames: dict[str, dict[str, object]] = {
        "deny": {"frameDeny": True},
        "sameorigin": {"customFrameOptionsValue": "SAMEORIGIN"},
    }
    return {
        "headers": {
            "stsSeconds": headers.hsts_seconds,
            "stsIncludeSubdomains": True,
            **frames[headers.frame],
            "contentTypeNosniff": True,
            "contentSecurityPolicy": headers.content_security_policy,
            "referrerPolicy": headers.referrer_policy,
        }
    }


def rate_limit(per_minute: int) -> dict[str, object]:
    """A bucket for each client address, refilled evenly over the minute."""
    burst = max(1, per_minute // 2)
    return {"rateLimit": {"average": per_minute, "period": "1m", "burst": burst}}


def annotations(identity: Identity, route: Route) -> dict[str, str]:
    """What an Ingress says to be served on 443 only, and through its middlewares."""
    router = "traefik.ingress.kubernetes.io/router"
    served = {f"{router}.entrypoints": "websecure"}
    names = middlewares(identity, route)
    chain = ",".join(f"{identity.namespace}-{name}@kubernetescrd" for name in names)
    return {**served, f"{router}.middlewares": chain} if chain else served


def ingress(
    service: str, hosts: Sequence[str], secret_name: pulumi.Input[str]
) -> k8s.networking.v1.IngressSpecArgs:
    """All paths of `hosts` to the port `http` of a Service, under the certificate of a Secret."""
    backend = k8s.networking.v1.IngressBackendArgs(
        service=k8s.networking.v1.IngressServiceBackendArgs(
            name=service, port=k8s.networking.v1.ServiceBackendPortArgs(name=PORT_NAME)
        )
    )
    path = k8s.networking.v1.HTTPIngressPathArgs(path="/", path_type="Prefix", backend=backend)
    http = k8s.networking.v1.HTTPIngressRuleValueArgs(paths=[path])
    return k8s.networking.v1.IngressSpecArgs(
        ingress_class_name=CLASS_NAME,
        rules=[k8s.networking.v1.IngressRuleArgs(host=host, http=http) for host in hosts],
        tls=[k8s.networking.v1.IngressTLSArgs(hosts=list(hosts), secret_name=secret_name)],
    )

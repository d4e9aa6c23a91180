"""FFE's numbers by profile as a table, and where each is read in what is rendered."""

import re

from components.resources import amount
from tests.unit.components.platform import deploy, kinds, shipped

PROFILES = ("development", "staging", "production")
NONE = "-"
# A profile without hosts is asked as a stack that names one would have it.
ASKED = {"workloads": {"backend": {"ingress": {"hosts": ["ffe.test"]}}}}

TABLE = """
| What                          | development | staging | production |
|-------------------------------|-------------|---------|------------|
| replicas                      | 1           | 2       | 3          |
| cpu request                   | 100m        | 250m    | 500m       |
| memory request                | 256Mi       | 512Mi   | 1Gi        |
| cpu limit                     | 500m        | 750m    | 2          |
| memory limit                  | 1Gi         | 1.5Gi   | 2Gi        |
| autoscaling                   | -           | 2-5     | 3-10       |
| health check timeout          | 5           | 5       | 3          |
| readiness interval            | 10          | 10      | 5          |
| readiness failures            | 3           | 2       | 1          |
| persistence                   | -           | 5Gi     | 20Gi       |
| disruption budget             | -           | 1       | 2          |
| liveness path                 | /health     | /health | /health    |
| readiness path                | /ready      | /ready  | /ready     |
| pool size                     | 5           | 5       | 20         |
| workers                       | 4           | 4       | 4          |
| log level                     | debug       | info    | info       |
| requests per minute           | 100         | 100     | 200        |
| hsts seconds                  | -           | -       | 31536000   |
| frames                        | -           | -       | deny       |
| type sniffing                 | -           | -       | refused    |
| content policy                | -           | -       | given      |
| anti-affinity                 | -           | -       | preferred  |
| surge and unavailable         | 1/0         | 1/0     | 1/0        |
| port                          | 8000        | 8000    | 8000       |
| migration                     | alembic     | alembic | alembic    |
| root only readable            | no          | no      | no         |
| privilege escalation          | no          | no      | no         |
| certificate's secret          | ffe-tls     | ffe-tls | ffe-tls    |
"""  # fmt: skip


def rows(markdown):
    """First cell -> the other cells, of a Markdown table."""
    lines = [
        [c.strip() for c in line.strip("|").split("|")] for line in markdown.split("\n") if line
    ]
    return {first: cells for first, *cells in lines[2:]}


class Rendered:
    """FFE in a profile, as the resources that would be made."""

    def __init__(self, profile, patch=None):
        self.graph = deploy({"ffe": shipped("ffe", profile, patch)})
        self.spec = kinds(self.graph, "Deployment")["ffe-backend"]["spec"]
        self.pod = self.spec["template"]["spec"]
        [self.container] = self.pod["containers"]
        self.requests = self.container["resources"]["requests"]
        self.limits = self.container["resources"]["limits"]
        self.readiness = self.container["readinessProbe"]
        self.liveness = self.container["livenessProbe"]
        self.env = kinds(self.graph, "ConfigMap")["ffe-backend-config"]["data"]

    def one(self, kind, name="ffe-backend"):
        return kinds(self.graph, kind).get(name, {}).get("spec", {})

    @property
    def scale(self):
        spec = self.one("HorizontalPodAutoscaler")
        return f"{spec['minReplicas']}-{spec['maxReplicas']}" if spec else NONE

    @property
    def replicas(self):
        return self.spec.get("replicas") or self.one("HorizontalPodAutoscaler")["minReplicas"]

    @property
    def timeouts(self):
        [both] = {self.readiness["timeoutSeconds"], self.liveness["timeoutSeconds"]}
        return both

    @property
    def volume(self):
        claim = self.one("PersistentVolumeClaim", "ffe-backend-data")
        return claim["resources"]["requests"]["storage"] if claim else NONE

    @property
    def rate(self):
        return self.one("Middleware", "ffe-backend-rate-limit")["rateLimit"]["average"]

    @property
    def headers(self):
        return self.one("Middleware", "ffe-backend-headers").get("headers", {})

    @property
    def rollout(self):
        update = self.spec["strategy"]["rollingUpdate"]
        return f"{update['maxSurge']}/{update['maxUnavailable']}"

    @property
    def apart(self):
        rules = self.pod.get("affinity", {}).get("podAntiAffinity", {})
        [kind] = [
            *(key.removesuffix("DuringSchedulingIgnoredDuringExecution") for key in rules)
        ] or [NONE]
        return kind

    @property
    def security(self):
        return self.container["securityContext"]


READ = {
    "replicas": lambda it: it.replicas,
    "cpu request": lambda it: it.requests["cpu"],
    "memory request": lambda it: it.requests["memory"],
    "cpu limit": lambda it: it.limits["cpu"],
    "memory limit": lambda it: it.limits["memory"],
    "autoscaling": lambda it: it.scale,
    "health check timeout": lambda it: it.timeouts,
    "readiness interval": lambda it: it.readiness["periodSeconds"],
    "readiness failures": lambda it: it.readiness["failureThreshold"],
    "persistence": lambda it: it.volume,
    "disruption budget": lambda it: it.one("PodDisruptionBudget").get("minAvailable", NONE),
    "liveness path": lambda it: it.liveness["httpGet"]["path"],
    "readiness path": lambda it: it.readiness["httpGet"]["path"],
    "pool size": lambda it: it.env["DATABASE_POOL_SIZE"],
    "workers": lambda it: it.env["WEB_CONCURRENCY"],
    "log level": lambda it: it.env["LOG_LEVEL"],
    "requests per minute": lambda it: it.rate,
    "hsts seconds": lambda it: it.headers.get("stsSeconds", NONE),
    "frames": lambda it: "deny" if it.headers.get("frameDeny") else NONE,
    "type sniffing": lambda it: "refused" if it.headers.get("contentTypeNosniff") else NONE,
    "content policy": lambda it: "given" if it.headers.get("contentSecurityPolicy") else NONE,
    "anti-affinity": lambda it: it.apart,
    "surge and unavailable": lambda it: it.rollout,
    "port": lambda it: it.one("Service")["ports"][0]["port"],
    "migration": lambda it: it.pod["initContainers"][1]["command"][0],
    "root only readable": lambda it: "yes" if it.security["readOnlyRootFilesystem"] else "no",
    "privilege escalation": lambda it: "yes" if it.security["allowPrivilegeEscalation"] else "no",
    "certificate's secret": lambda it: it.one("Ingress")["tls"][0]["secretName"],
}


def same(rendered, written):
    """Quantities are equal as numbers: 1.5Gi is 1536Mi."""
    if re.fullmatch(r"[\d.]+(m|Mi|Gi)?", written):
        return amount(str(rendered)) == amount(written)
    return str(rendered) == written

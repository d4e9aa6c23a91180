"""One workload as resources: its Deployment and everything around it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components import checksum
from components.app.environment import ServiceOutput, Value, is_secret
from components.app.manifests import surroundings
from components.app.manifests.deployment import deployment
from components.app.manifests.pod import Attached
from components.app.spec import Workload as WorkloadSpec
from components.base import SecretRef
from components.ingress.component import Ingress
from components.objects import Identity
from components.postgres.component import Database
from components.secrets import Secrets
from components.storage.component import Storage
from components.tls.component import Certificate

Name = pulumi.Output[str] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadArgs:
    """What a workload is made from.

    services: what the system needs, by the name its workloads use;
    checksum_key: secret; keys the checksum of secrets, which a pod's annotation shows;
    certificate: for the hosts of its system; absent where no workload has any.
    """

    spec: WorkloadSpec
    identity: Identity
    services: Mapping[str, Database]
    storage: Storage
    ingress: Ingress
    certificate: Certificate | None
    secret: Secrets
    checksum_key: pulumi.Output[str]


class Workload(pulumi.ComponentResource):
    """A Deployment with its account, configuration, volume, Service, scaling and route."""

    def __init__(
        self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:app:Workload", name, {}, opts)
        self._name, self._args, self._spec = name, args, args.spec
        self._identity = args.identity
        self._child = pulumi.ResourceOptions(parent=self)
        deployment = self._deployment()
        self._service()
        self._scaling()
        self._route(deployment)
        self.register_outputs({})

    def _deployment(self) -> k8s.apps.v1.Deployment:
        spec, services = self._spec, self._args.services
        config, secrets, checksums = self._environment()
        attached = Attached(
            account=self._account(),
            config=config,
            secrets=secrets,
            claim=self._claim(),
            waits=[services[name].wait for name in spec.wait_for],
            checksums=checksums,
        )
        ready = [resource for name in sorted(spec.services) for resource in services[name].ready]
        return k8s.apps.v1.Deployment(
            self._name,
            metadata=self._identity.metadata(),
            spec=deployment(self._identity, spec, attached),
            # A role that cannot log in yet would cost the migration a restart with back-off.
            opts=pulumi.ResourceOptions(parent=self, depends_on=ready),
        )

    def _account(self) -> pulumi.Output[str]:
        who = self._identity
        account = k8s.core.v1.ServiceAccount(
            self._name,
            metadata=who.metadata(),
            automount_service_account_token=False,
            opts=self._child,
        )
        if rules := self._spec.account.rules:
            role = k8s.rbac.v1.Role(
                self._name,
                metadata=who.metadata(),
                rules=surroundings.rules(rules),
                opts=self._child,
            )
            k8s.rbac.v1.RoleBinding(
                self._name,
                metadata=who.metadata(),
                role_ref=surroundings.role(role.metadata["name"]),
                subjects=[surroundings.account(who)],
                opts=self._child,
            )
        return account.metadata["name"]

    def _environment(self) -> tuple[Name, Name, dict[str, pulumi.Output[str]]]:
        """The names of the ConfigMap and of the Secret, and a checksum of each."""
        hidden = {key for key, value in self._spec.env.items() if is_secret(value)}
        values = {key: self._value(value) for key, value in self._spec.env.items()}
        config = {key: value for key, value in values.items() if key not in hidden}
        secrets = {key: value for key, value in values.items() if key in hidden}
        names: list[Name] = [None, None]
        checksums = {}
        if config:
            names[0] = self._config_map(config)
            checksums["checksum/config"] = checksum.of(config)
        if secrets:
            names[1] = self._secret(secrets)
            key = self._args.checksum_key
            checksums["checksum/secrets"] = checksum.keyed(key, secrets)
        return names[0], names[1], checksums

    def _value(self, value: Value) -> pulumi.Input[str]:
        match value:
            case str():
                return value
            case SecretRef():
                return self._args.secret(value)
            case ServiceOutput():
                return self._args.services[value.service].output(value.output)

    def _config_map(self, values: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
        name = self._identity.of("config")
        config = k8s.core.v1.ConfigMap(
            name, metadata=self._identity.metadata(name), data=values, opts=self._child
        )
        return config.metadata["name"]

    def _secret(self, values: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
        name = self._identity.of("secrets")
        secret = k8s.core.v1.Secret(
            name, metadata=self._identity.metadata(name), string_data=values, opts=self._child
        )
        return secret.metadata["name"]

    def _claim(self) -> Name:
        volume = self._spec.persistence
        if volume is None:
            return None
        name, kept = self._identity.of("data"), volume.protect or None
        claim = k8s.core.v1.PersistentVolumeClaim(
            name,
            metadata=self._identity.metadata(name),
            spec=self._args.storage.claim(volume.purpose, volume.size),
            opts=pulumi.ResourceOptions(parent=self, protect=kept, retain_on_delete=kept),
        )
        return claim.metadata["name"]

    def _service(self) -> None:
        k8s.core.v1.Service(
            self._name,
            metadata=self._identity.metadata(),
            spec=surroundings.service(self._identity, self._spec),
            opts=self._child,
        )

    def _scaling(self) -> None:
        who = self._identity
        if scale := self._spec.autoscaling:
            k8s.autoscaling.v2.HorizontalPodAutoscaler(
                self._name,
                metadata=who.metadata(),
                spec=surroundings.autoscaler(who, scale),
                opts=self._child,
            )
        if least := self._spec.min_available:
            k8s.policy.v1.PodDisruptionBudget(
                self._name,
                metadata=who.metadata(),
                spec=surroundings.disruption_budget(who, least),
                opts=self._child,
            )

    def _route(self, deployment: k8s.apps.v1.Deployment) -> None:
        certificate = self._args.certificate
        if not self._spec.ingress.hosts or certificate is None:
            return
        # No route to what does not run yet; and by then the ingress has brought its kinds along.
        opts = pulumi.ResourceOptions(parent=self, depends_on=[deployment])
        self._args.ingress.publish(self._identity, self._spec.ingress, certificate, opts)

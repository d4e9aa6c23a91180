"""The cluster component: which job runs on which host, after which."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
from pulumi_command import remote

from components.k3s import jobs
from components.k3s.certificates import Authorities, Trust
from components.k3s.commands import Job, host_command, local_command
from components.k3s.connection import connections, credential
from components.k3s.inventory import inventory
from components.k3s.kubeconfig import kubeconfig
from components.k3s.reach import question
from components.k3s.spec import Cluster
from components.k3s.uploads import uploads
from components.secrets import Secrets

# The provider's own limits let a few hundred objects queue for minutes.
_REQUESTS_PER_SECOND = 50
_REQUEST_BURST = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class K3sClusterArgs:
    """What a cluster is made from."""

    spec: Cluster
    secret: Secrets
    root: Path = Path(__file__).parents[2]
    """The project's folder, which paths in the stack file are relative to."""


class K3sCluster(pulumi.ComponentResource):
    """A K3s cluster on hosts reached over SSH.

    All hosts are prepared at once, the first server joins, then all others at once. Changes go
    through the servers one by one, then through the agents a few at a time.

    kubeconfig: the administrator's credentials; secret.
    provider: for whatever is to run in the cluster; usable once all nodes are as wanted.
    ready: what waits for that, and that the API can be reached from here.
    teardown: be `deleted_with` it, so that nothing is deleted one by one when the cluster goes.
    """

    def __init__(
        self, name: str, args: K3sClusterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("groundwork:k3s:K3sCluster", name, {}, opts)
        self._name, self._spec = name, args.spec
        private_key = credential(args.spec.ssh, args.secret, args.root)
        self._connections = connections(args.spec, private_key, args.root)
        self._trust = Authorities(name, self._after()).trust()
        self._secret = _secret(args, self._trust)
        inventory = self._inventory()
        self.teardown = local_command(
            f"{name}-teardown", "components.k3s.teardown", inventory, self._after(), on_removal=True
        )
        last = self._hosts(inventory)
        self.ready = local_command(
            f"{name}-ready", "components.k3s.reach", self._question(), self._after(*last)
        )
        self.endpoint = args.spec.endpoint_url
        self.nodes = {n: str(node.address) for n, node in sorted(args.spec.nodes.items())}
        self.ingress_addresses = [str(node.address) for node in args.spec.living.values()]
        self.kubeconfig: pulumi.Output[str] = pulumi.Output.secret(
            self._trust.apply(self._administrator)
        )
        self.provider = self._access()
        self.register_outputs({"kubeconfig": self.kubeconfig, "endpoint": self.endpoint})

    def _hosts(self, inventory: pulumi.Output[str]) -> list[remote.Command]:
        """Everything that is done on hosts; the steps that it ends with."""
        checked = local_command(
            f"{self._name}-preflight", "components.k3s.preflight", inventory, self._after()
        )
        lost = [name for name in sorted(self._spec.nodes) if name not in self._spec.living]
        forgotten = [self._forget(name, checked) for name in lost]
        prepared = {name: self._prepare(name, checked) for name in self._spec.living}
        first = self._spec.first_server
        started = self._join(first, prepared.pop(first), *forgotten)
        others = [self._join(name, step, started) for name, step in prepared.items()]
        return self._rolls([started, *others])

    def _rolls(self, joined: list[remote.Command]) -> list[remote.Command]:
        """Server after server, then the agents in as many lanes as may be away at once."""
        last = joined
        for name in self._spec.living_servers:
            last = [self._roll(name, *last)]
        agents = [name for name in self._spec.agents if name in self._spec.living]
        lanes = [list(last) for _ in range(min(self._spec.lanes, len(agents)) or 1)]
        for index, name in enumerate(agents):
            lane = index % len(lanes)
            lanes[lane] = [self._roll(name, *lanes[lane])]
        return [step for lane in lanes for step in lane]

    def _prepare(self, node: str, checked: pulumi.Resource) -> remote.Command:
        copies = uploads(self._name, self._spec, self._connections, node, self._after(checked))
        stdin = pulumi.Output.from_input(jobs.prepare(self._spec, node))
        return self._run("prepare", node, stdin, self._after(checked, *copies))

    def _join(self, node: str, *after: pulumi.Resource) -> remote.Command:
        # When the cluster goes, `teardown` sees to all hosts at once, and to those that are silent.
        goes = pulumi.ResourceOptions(deleted_with=self.teardown)
        stdin = self._secret.apply(lambda secret: jobs.join(self._spec, node, secret))
        opts = pulumi.ResourceOptions.merge(self._after(*after), goes)
        return self._run("join", node, stdin, opts)

    def _roll(self, node: str, *after: pulumi.Resource) -> remote.Command:
        stdin = self._secret.apply(lambda secret: jobs.roll(self._spec, node, secret))
        return self._run("roll", node, stdin, self._after(*after))

    def _forget(self, node: str, checked: pulumi.Resource) -> remote.Command:
        """What a living server does about a lost one, which itself is never dialled again."""
        # Its place in the state is kept, without the `delete` that would dial it.
        host_command(
            f"{self._name}-join-{node}", self._connections, node, None, self._after(checked)
        )
        stdin = self._secret.apply(lambda secret: jobs.forget(self._spec, node, secret))
        return self._run("forget", node, stdin, self._after(checked), host=self._spec.first_server)

    def _run(
        self,
        verb: str,
        node: str,
        stdin: pulumi.Output[str],
        opts: pulumi.ResourceOptions,
        *,
        host: str | None = None,
    ) -> remote.Command:
        job = Job(verb=verb, node=node, stdin=stdin, limits=jobs.limits(self._spec))
        return host_command(
            f"{self._name}-{verb}-{node}", self._connections, host or node, job, opts
        )

    def _after(self, *steps: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(steps))

    def _inventory(self) -> pulumi.Output[str]:
        def text(values: dict[str, Any]) -> str:
            trust: Trust = values["trust"]
            known = inventory(
                self._spec,
                self._connections,
                private_key=values["private_key"],
                ca_hash=trust.ca_hash,
            )
            return known.dumps()

        private_key = self._connections.private_key
        return pulumi.Output.all(trust=self._trust, private_key=private_key).apply(text)

    def _question(self) -> pulumi.Output[str]:
        spec = self._spec
        return self._trust.apply(
            lambda trust: question(spec.endpoint_url, trust.server_ca, spec.gate_timeout_seconds)
        )

    def _administrator(self, trust: Trust) -> str:
        title = f"{pulumi.get_project()}-{pulumi.get_stack()}"
        return kubeconfig(title, self._spec.endpoint_url, trust.server_ca, trust.admin)

    def _access(self) -> k8s.Provider:
        return k8s.Provider(
            self._name,
            kubeconfig=self.kubeconfig,
            # Without it a preview that does not know the kubeconfig would replace everything.
            cluster_identifier=f"{pulumi.get_project()}-{pulumi.get_stack()}",
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            # What a killed run made and could not record is taken over by the next one. The price:
            # a resource renamed here without an alias is made over the old one, then deleted.
            upsert_existing_objects=True,
            kube_client_settings=k8s.KubeClientSettingsArgs(
                qps=_REQUESTS_PER_SECOND, burst=_REQUEST_BURST
            ),
            opts=self._after(self.ready),
        )


def _secret(args: K3sClusterArgs, trust: pulumi.Output[Trust]) -> pulumi.Output[jobs.Secret]:
    passwords = {h: args.secret(auth.password) for h, auth in args.spec.registries.auths.items()}
    return pulumi.Output.all(trust=trust, registry_passwords=passwords).apply(
        lambda values: jobs.Secret(**values)
    )

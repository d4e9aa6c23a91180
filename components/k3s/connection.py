"""The way to a host, in the terms of each of its users: pulumi-command, and our own programs."""

from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import pulumi
from pulumi_command import remote

from components.k3s.known_hosts import host_key
from components.k3s.problems import path_of
from components.k3s.spec import Cluster
from components.k3s.ssh import AcceptAny, AgentAuth, KeyAuth, KeyFileAuth, KnownHosts, Ssh
from components.secrets import Secrets

# A fresh host has been waited for by preflight; these cover one that restarts its sshd.
_DIAL_SECONDS = 10
_DIAL_RETRIES = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A host to dial and the one key it may show. None: any, because the stack says so."""

    host: str
    port: int
    user: str
    host_key: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Connections:
    """The connections of a cluster: a route for each node, one credential, one bastion or none."""

    routes: dict[str, Route]
    bastion: Route | None
    private_key: pulumi.Input[str] | None
    """None: the operator's SSH agent has it."""

    def to(self, node: str) -> remote.ConnectionArgs:
        """How pulumi-command reaches a node."""
        route = self.routes[node]
        return remote.ConnectionArgs(
            host=route.host,
            port=route.port,
            user=route.user,
            host_key=route.host_key,
            private_key=self.private_key,
            per_dial_timeout=_DIAL_SECONDS,
            dial_error_limit=_DIAL_RETRIES,
            proxy=None if self.bastion is None else self._through(self.bastion),
        )

    def _through(self, bastion: Route) -> remote.ProxyConnectionArgs:
        return remote.ProxyConnectionArgs(
            host=bastion.host,
            port=bastion.port,
            user=bastion.user,
            host_key=bastion.host_key,
            private_key=self.private_key,
            per_dial_timeout=_DIAL_SECONDS,
            dial_error_limit=_DIAL_RETRIES,
        )


def connections(cluster: Cluster, private_key: pulumi.Input[str] | None, root: Path) -> Connections:
    """The connections that the `ssh` section describes; its files have been checked on loading."""
    ssh = cluster.ssh
    keys = _HostKeys(ssh, root)
    bastion = ssh.bastion
    return Connections(
        routes={
            name: Route(
                host=node.host,
                port=ssh.port,
                user=ssh.user,
                # A lost host is never dialled, so it needs no key any more.
                host_key=None if node.lost else keys.of(node.host, ssh.port),
            )
            for name, node in cluster.nodes.items()
        },
        bastion=None
        if bastion is None
        else Route(
            host=bastion.host,
            port=bastion.port,
            user=bastion.user,
            host_key=keys.of(bastion.host, bastion.port),
        ),
        private_key=private_key,
    )


class _HostKeys:
    """The known_hosts file, read once."""

    def __init__(self, ssh: Ssh, root: Path) -> None:
        match ssh.host_keys:
            case KnownHosts():
                self._text: str | None = path_of(ssh.host_keys.path, root).read_text("utf-8")
            case AcceptAny():
                self._text = None
            case _:
                assert_never(ssh.host_keys)

    def of(self, host: str, port: int) -> str | None:
        return None if self._text is None else host_key(self._text, host, port)


def credential(ssh: Ssh, secret: Secrets, root: Path) -> pulumi.Input[str] | None:
    """The private key that opens the hosts; None: the operator's SSH agent has it."""
    match ssh.auth:
        case AgentAuth():
            return None
        case KeyAuth():
            return secret(ssh.auth.private_key)
        case KeyFileAuth():
            return pulumi.Output.secret(path_of(ssh.auth.path, root).read_text("utf-8"))
        case _:
            assert_never(ssh.auth)

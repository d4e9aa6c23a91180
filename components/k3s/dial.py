"""A script run on a host over SSH, in bounded time, and the reason when that fails.

pulumi-command waits without limit for a host that accepts a connection and then says nothing. What
must end, whatever the hosts do, goes this way.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncssh

from components.k3s.connection import Route
from components.k3s.inventory import Inventory

_ATTEMPT_SECONDS = 10
_PAUSE_SECONDS = 1


class Unreachable(Exception):  # noqa: N818 - what it says about a host
    """A host could not be asked; the message is why, and the way out."""


class _NotYet(Exception):  # noqa: N818 - what it says about a host
    """A reason that a host which is booting gives as well."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a script left on a host: its exit status and what it printed."""

    status: int
    output: str
    errors: str


class Dialler:
    """The way to the hosts of an inventory; `patience` is how long a host may take to boot."""

    def __init__(self, inventory: Inventory, patience: float) -> None:
        self._inventory = inventory
        self._patience = patience

    async def run(self, node: str, arguments: str, script: str, seconds: float) -> Answer:
        """What `script` does on a node, as root. Raises Unreachable."""
        route = self._inventory.routes[node]
        root = "" if route.user == "root" else "sudo -n "
        line = f"{root}timeout -k 5 {int(seconds)} bash -s -- {arguments}".rstrip(" -")
        try:
            async with asyncio.timeout(self._patience + seconds + _ATTEMPT_SECONDS):
                async with self._connection(route) as connection:
                    done = await connection.run(line, input=script, check=False)
        except TimeoutError:
            raise Unreachable(f"no end after {seconds:.0f} s: look at the host") from None
        except (OSError, asyncssh.Error) as error:
            raise Unreachable(f"the connection broke: {error}") from None
        return Answer(done.exit_status or 0, str(done.stdout or ""), str(done.stderr or ""))

    @asynccontextmanager
    async def _connection(self, route: Route) -> AsyncIterator[asyncssh.SSHClientConnection]:
        bastion = self._inventory.bastion
        if bastion is None:
            async with await self._patiently(route, None) as connection:
                yield connection
        else:
            async with (
                await self._patiently(bastion, None) as tunnel,
                await self._patiently(route, tunnel) as connection,
            ):
                yield connection

    async def _patiently(
        self, route: Route, tunnel: asyncssh.SSHClientConnection | None
    ) -> asyncssh.SSHClientConnection:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return await self._once(route, tunnel)
            except _NotYet as reason:
                if time.monotonic() >= deadline:
                    raise Unreachable(f"{route.host}:{route.port} {reason}") from None
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _once(
        self, route: Route, tunnel: asyncssh.SSHClientConnection | None
    ) -> asyncssh.SSHClientConnection:
        where = f"{route.host}:{route.port}"
        try:
            async with asyncio.timeout(_ATTEMPT_SECONDS):
                return await asyncssh.connect(
                    route.host,
                    route.port,
                    username=route.user,
                    tunnel=tunnel,
                    known_hosts=_trusted(route.host_key),
                    client_keys=await self._keys(),
                    agent_path=None,
                    config=None,
                )
        except asyncssh.HostKeyNotVerifiable:
            raise Unreachable(
                f"{where} shows another host key than the pinned one: if the host was reinstalled, "
                "pin its new key; if not, somebody is in between"
            ) from None
        except asyncssh.PermissionDenied:
            raise Unreachable(
                f"{where} refuses the user {route.user} with this key: authorize it there, or "
                "correct ssh.user and ssh.auth"
            ) from None
        except ConnectionRefusedError:
            raise _NotYet("refuses connections: start sshd, or correct ssh.port") from None
        except TimeoutError:
            raise _NotYet("does not answer: power, address or firewall") from None
        except (OSError, asyncssh.Error) as error:
            raise _NotYet(f"cannot be reached ({error}): power, address or firewall") from None

    async def _keys(self) -> list[asyncssh.SSHKey | asyncssh.SSHKeyPair]:
        if self._inventory.private_key is not None:
            try:
                return [asyncssh.import_private_key(self._inventory.private_key)]
            except asyncssh.KeyImportError as error:
                raise Unreachable(f"the private key cannot be used: {error}") from None
        return await _agent_keys()


async def _agent_keys() -> list[asyncssh.SSHKey | asyncssh.SSHKeyPair]:
    path = os.environ.get("SSH_AUTH_SOCK", "")
    try:
        agent = await asyncssh.connect_agent(path)
        return list(await agent.get_keys())
    except (OSError, ValueError, asyncssh.Error):
        raise Unreachable(
            "no SSH agent answers (SSH_AUTH_SOCK): start one with `ssh-add`, or set ssh.auth"
        ) from None


def _trusted(
    host_key: str | None,
) -> tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]] | None:
    return None if host_key is None else ([asyncssh.import_public_key(host_key)], [], [])

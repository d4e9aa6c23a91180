"""SSH connections, from the `connection` property of a remote resource.

Behaviour: https://github.com/pulumi/pulumi-command, provider/pkg/provider/remote/connection.go
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncssh

from lab.engine.properties import Properties
from lab.engine.provider import ProviderError

_FIRST_PAUSE_SECONDS, _PAUSE_GROWTH, _LONGEST_PAUSE_SECONDS = 0.1, 1.5, 5.0
_WITHOUT_LIMIT = -1

Dialled = TypeVar("Dialled")
Progress = Callable[[str], Awaitable[None]]

logging.getLogger("asyncssh").setLevel(logging.CRITICAL)


class DialError(Exception):
    """An attempt that failed; another may succeed."""


async def dial(fields: Properties, progress: Progress) -> asyncssh.SSHClientConnection:
    """A connection to the host, through its proxy where one is named. ProviderError on failure."""
    options = await _options(fields)
    proxy = fields.get("proxy")
    if proxy is None:
        return await _with_retries("Dial", fields, progress, lambda: _connect(fields, options))
    try:
        proxy_options = await _options(proxy)
        through = await _with_retries(
            "Dial proxy", proxy, progress, lambda: _connect(proxy, proxy_options)
        )
        return await _with_retries(
            "Dial from proxy", fields, progress, lambda: _connect_through(through, fields, options)
        )
    except ProviderError as error:
        raise ProviderError(f"proxy: {error}") from error


async def _with_retries(
    what: str, fields: Properties, progress: Progress, attempt: Callable[[], Awaitable[Dialled]]
) -> Dialled:
    """The first success of limit + 1 attempts. Every failure counts alike, a wrong key included."""
    limit, pause, failed = int(fields["dialErrorLimit"]), _FIRST_PAUSE_SECONDS, 0
    while True:
        try:
            return await attempt()
        except DialError as error:
            failed += 1
            if limit > _WITHOUT_LIMIT and failed > limit:
                raise ProviderError(f"after {limit} failed attempts: {error}") from error
        shown = "inf" if limit == _WITHOUT_LIMIT else limit
        await progress(f"{what} {failed}/{shown} failed: retrying")
        await asyncio.sleep(pause)
        pause = min(pause * _PAUSE_GROWTH, _LONGEST_PAUSE_SECONDS)


async def _connect(fields: Properties, options: dict[str, Any]) -> asyncssh.SSHClientConnection:
    opened = await _open(fields["host"], int(fields["port"]), int(fields["perDialTimeout"]))
    try:
        return await _shake_hands(sock=opened, **options)
    except BaseException:
        opened.close()
        raise


async def _connect_through(
    proxy: asyncssh.SSHClientConnection, fields: Properties, options: dict[str, Any]
) -> asyncssh.SSHClientConnection:
    host, port = fields["host"], int(fields["port"])
    try:
        return await _shake_hands(host=host, port=port, tunnel=proxy, **options)
    except DialError as error:
        if isinstance(error.__cause__, asyncssh.ChannelOpenError):
            raise
        # The official plugin retries on the connection that has just broken: it never recovers.
        limit = int(fields["dialErrorLimit"])
        raise ProviderError(f"after {limit} failed attempts: {error}") from error


async def _open(host: str, port: int, timeout_seconds: int) -> socket.socket:
    """A TCP connection. The timeout is for this leg only; 0 means none."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_seconds or None):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            failure: OSError = OSError(f"no address for {host}")
            for family, kind, protocol, _, address in found:
                opened = socket.socket(family, kind, protocol)
                opened.setblocking(False)  # noqa: FBT003 -- the socket module's own
                try:
                    await loop.sock_connect(opened, address)
                except OSError as error:
                    opened.close()
                    failure = error
                else:
                    return opened
            raise failure
    except TimeoutError as error:
        raise DialError(f"dial tcp {host}:{port}: i/o timeout") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DialError(f"dial tcp {host}:{port}: connect: {reason}") from error


async def _shake_hands(**options: Any) -> asyncssh.SSHClientConnection:
    """The SSH handshake. It has no time limit: a peer that says nothing is waited for."""
    try:
        return await asyncssh.connect(config=None, login_timeout=0, **options)
    except asyncssh.HostKeyNotVerifiable as error:
        raise DialError("ssh: handshake failed: ssh: host key mismatch") from error
    except asyncssh.PermissionDenied as error:
        raise DialError(
            f"ssh: handshake failed: ssh: unable to authenticate ({error.reason})"
        ) from error
    except (asyncssh.Error, OSError) as error:
        raise DialError(f"ssh: handshake failed: {error}") from error


async def _options(fields: Properties) -> dict[str, Any]:
    """What to log in with and whom to believe. A mistake here fails at once, without retries."""
    options: dict[str, Any] = {"username": fields["user"], "known_hosts": None}
    if fields.get("hostKey") is not None:
        key = _host_key(fields["hostKey"])
        options |= {
            "known_hosts": ([key], [], []),
            "server_host_key_algs": [key.algorithm.decode()],
        }
    agent = fields.get("agentSocketPath") or os.environ.get("SSH_AUTH_SOCK")
    offered: list[Any] = await _agent_keys(agent) if agent else []
    if fields.get("privateKey") is not None:
        # One attempt by public key: where a key is given, the agent's keys are not offered.
        offered = [_private_key(fields["privateKey"], fields)]
    # None and not an empty list: that would stand for the keys in the user's ~/.ssh.
    options["client_keys"] = offered or None
    options["password"] = fields.get("password")
    return options


def _host_key(line: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(line)
    except asyncssh.KeyImportError as error:
        raise ProviderError(f"failed to parse host key: {error}") from error


def _private_key(text: str, fields: Properties) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_private_key(text, fields.get("privateKeyPassword"))
    except asyncssh.KeyEncryptionError as error:
        raise ProviderError(f"ssh: the private key's password is wrong: {error}") from error
    except asyncssh.KeyImportError as error:
        if "passphrase" in str(error).lower():
            raise ProviderError("ssh: this private key is passphrase protected") from error
        raise ProviderError(f"ssh: the private key cannot be read: {error}") from error


async def _agent_keys(path: str) -> list[asyncssh.SSHKeyPair]:
    """The keys of an agent. It has to answer, even where a private key is given as well."""
    try:
        agent = await asyncssh.connect_agent(path)
        return list(await agent.get_keys())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ProviderError(f"dial unix {path}: connect: {reason}") from error
    except ValueError as error:
        raise ProviderError(f"the SSH agent at {path} does not answer: {error}") from error

"""A command over SSH: its environment, its input, its output, and how it ended."""

import signal

import asyncssh

from lab.engine.command.connection import dial
from lab.engine.command.lifecycle import failure, previous_output
from lab.engine.command.output import STDERR, STDOUT, Output
from lab.engine.properties import Properties
from lab.engine.provider import Log, ProviderError

_REFUSED = (
    "Unable to set '{}'. This only works if your SSH server is configured to accept these "
    "variables via AcceptEnv. Alternatively, if a Bash-like shell runs the command on the remote "
    "host, you could prefix the command itself with the variables in the form 'VAR=value command'"
)


async def execute(
    command: str, properties: Properties, output: Output, *, log: Log, urn: str
) -> asyncssh.SSHClientConnection:
    """Run a command to its end. The result is the connection, still open.

    It runs in the login shell of the user, without a terminal.
    """
    connection = await dial(properties["connection"], lambda text: log.info(text, urn, status=True))
    environment = await _accepted(connection, properties, log, urn)
    try:
        channel, _ = await connection.create_session(
            lambda: _Session(output), command, env=environment, encoding=None
        )
        channel.write((properties.get("stdin") or "").encode())
        channel.write_eof()
        await channel.wait_closed()
    except (asyncssh.Error, OSError) as error:
        raise ProviderError(failure(str(error), command, output)) from error
    if (reason := _failure_of(channel)) is not None:
        raise ProviderError(failure(reason, command, output))
    return connection


async def _accepted(
    connection: asyncssh.SSHClientConnection, properties: Properties, log: Log, urn: str
) -> dict[bytes | str, bytes | str]:
    """The environment, where the server lets it be set: a wish is dropped, an order fails."""
    ordered = properties.get("environment") or {}
    wished = previous_output(properties)
    for name, value in (wished | ordered).items():
        if await _lets_set(connection, name, value):
            continue
        if name in ordered:
            await log.error(_REFUSED.format(name), urn)
            raise ProviderError(f'could not set environment variable "{name}": ssh: setenv failed')
        await log.warning(_REFUSED.format(name), urn)
        wished.pop(name)
    return {**wished, **ordered}


class _Session(asyncssh.SSHClientSession[bytes]):
    """Hands on what the command prints, as it comes."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        is_error = datatype == asyncssh.EXTENDED_DATA_STDERR
        self._output.add(STDERR if is_error else STDOUT, data)


async def _lets_set(connection: asyncssh.SSHClientConnection, name: str, value: str) -> bool:
    """Whether the server lets the variable be set. The shell is asked, as the library does not say.

    asyncssh sends its `env` requests without asking for the answer.
    """
    seen = await connection.run(f"printenv {name}", env={name: value}, encoding=None, stdin=b"")
    return seen.exit_status == 0 and seen.stdout == value.encode() + b"\n"


def _failure_of(channel: asyncssh.SSHClientChannel[bytes]) -> str | None:
    """Why the command counts as failed, in the words of Go's SSH library. None when it did not."""
    if (ended := channel.get_exit_signal()) is not None:
        name, _, reason, _ = ended
        number = getattr(signal, f"SIG{name}", 0)
        because = f". Reason was: {reason}" if reason else ""
        return f"Process exited with status {128 + number} from signal {name}{because}"
    status = channel.get_exit_status()
    if status is None:
        return "wait: remote command exited without exit status or exit signal"
    return f"Process exited with status {status}" if status else None

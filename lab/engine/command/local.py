"""local:Command and local:run: a command on this machine."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence

from lab.engine.command.lifecycle import Command, failure, previous_output
from lab.engine.command.output import STDERR, STDOUT, Output
from lab.engine.properties import Properties
from lab.engine.provider import Checked, Failure, ProviderError, Request

_SHELL = ("/bin/sh", "-c")
_CHUNK_BYTES = 65536
_ABSENT = ("assetPaths", "archivePaths")


class LocalCommand(Command):
    """A command on this machine, in the program's folder unless `dir` says otherwise."""

    async def check(self, request: Request) -> Checked:
        """The inputs. Collecting files is left to the official plugin."""
        failures = [
            Failure(name, f"the lab's command plugin has no {name}; read the files in the program")
            for name in _ABSENT
            if request.inputs.get(name)
        ]
        return Checked(request.inputs, failures)

    async def run(self, command: str, properties: Properties, output: Output, urn: str) -> None:
        """Run it with the plugin's environment and the given one."""
        del urn
        words = [*(properties.get("interpreter") or _SHELL), command]
        try:
            status = await _execute(words, properties, output)
        except OSError as error:
            reason = f"fork/exec {words[0]}: {(error.strerror or str(error)).lower()}"
            raise ProviderError(failure(reason, command, output)) from error
        if status:
            raise ProviderError(failure(_reason(status), command, output))


async def _execute(words: Sequence[str], properties: Properties, output: Output) -> int:
    stdin = properties.get("stdin") or ""
    given = properties.get("environment") or {}
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=properties.get("dir"),
        env=os.environ | given | previous_output(properties),
        stdin=PIPE if stdin else DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    await asyncio.gather(
        _feed(process.stdin, stdin),
        _collect(process.stdout, STDOUT, output),
        _collect(process.stderr, STDERR, output),
    )
    return await process.wait()


async def _feed(pipe: asyncio.StreamWriter | None, text: str) -> None:
    if pipe is None:
        return
    try:
        pipe.write(text.encode())
        await pipe.drain()
    except (BrokenPipeError, ConnectionResetError):
        return  # the command had enough
    finally:
        pipe.close()


async def _collect(pipe: asyncio.StreamReader | None, stream: str, output: Output) -> None:
    while pipe is not None and (data := await pipe.read(_CHUNK_BYTES)):
        output.add(stream, data)


def _reason(status: int) -> str:
    """The exit status in the words of Go's os/exec."""
    if status < 0:
        return f"signal: {signal.strsignal(-status) or -status}".lower()
    return f"exit status {status}"

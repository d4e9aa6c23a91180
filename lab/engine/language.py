"""The language host: it runs the program in a process of its own, with the Python it runs on.

Official engines come with a host of their own; this one stands in where only the command line
program could be built.
"""

import asyncio
import contextlib
import json
import platform
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import language_pb2, plugin_pb2

from lab.engine import program, rpc
from lab.engine.serve import engine_address, serve_handler

_PATIENCE_SECONDS = 5


class LanguageHost:
    """The service the engine calls to run a program and to learn what it is made of."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._running: set[Process] = set()

    def handler(self) -> grpc.GenericRpcHandler:
        """The service, for a gRPC server."""
        methods: dict[str, rpc.Answer] = {
            "Handshake": rpc.plain(self._handshake),
            "GetPluginInfo": rpc.plain(self._plugin_info),
            "About": rpc.plain(self._about),
            "GetRequiredPackages": rpc.plain(self._required_packages),
            "GetProgramDependencies": rpc.plain(self._dependencies),
            "InstallDependencies": self._install,
            "RuntimeOptionsPrompts": rpc.plain(self._options),
            "Template": rpc.plain(self._template),
            "Run": rpc.plain(self._run),
            "Cancel": rpc.plain(self._cancel),
        }
        service = language_pb2.DESCRIPTOR.services_by_name["LanguageRuntime"]
        return rpc.handler(service, methods)

    async def _handshake(self, message: Any) -> proto.LanguageHandshakeResponse:
        self._engine = message.engine_address or self._engine
        return proto.LanguageHandshakeResponse()

    async def _plugin_info(self, _message: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    async def _about(self, _message: Any) -> proto.AboutResponse:
        return proto.AboutResponse(executable=sys.executable, version=platform.python_version())

    async def _required_packages(self, _message: Any) -> proto.GetRequiredPackagesResponse:
        return proto.GetRequiredPackagesResponse(packages=list(_plugins()))

    async def _dependencies(self, message: Any) -> proto.GetProgramDependenciesResponse:
        return proto.GetProgramDependenciesResponse(
            dependencies=[
                proto.DependencyInfo(name=name, version=version)
                for name, version in _packages(is_transitive=message.transitiveDependencies)
            ]
        )

    async def _install(
        self, _message: Any, _context: rpc.Context
    ) -> AsyncIterator[proto.InstallDependenciesResponse]:
        said = f"The program runs on {sys.executable}; its packages are installed\n"
        yield proto.InstallDependenciesResponse(stdout=said.encode())

    async def _options(self, _message: Any) -> proto.RuntimeOptionsResponse:
        return proto.RuntimeOptionsResponse()

    async def _template(self, _message: Any) -> proto.TemplateResponse:
        return proto.TemplateResponse()

    async def _run(self, message: Any) -> proto.RunResponse:
        # By path and with -P: nothing of the lab comes onto the program's import path.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", program.__file__, self._engine),
            cwd=message.info.program_directory or message.pwd,
            stdin=PIPE,
        )
        self._running.add(process)
        try:
            await process.communicate(message.SerializeToString())
        finally:
            self._running.discard(process)
            _interrupt(process)
        return _outcome(process.returncode or 0)

    async def _cancel(self, _message: Any) -> empty_pb2.Empty:
        for process in self._running:
            _interrupt(process)
        return empty_pb2.Empty()


def _interrupt(process: Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, _kill, process)


def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()


def _outcome(status: int) -> proto.RunResponse:
    """What the engine makes of the program's exit status. A 0 means: these were all resources."""
    if status == 0:
        return proto.RunResponse()
    if status == program.HAS_SAID_WHY:
        return proto.RunResponse(bail=True)
    return proto.RunResponse(error=f"program exited with non-zero exit code: {status}")


def _plugins() -> Iterator[plugin_pb2.PackageDependency]:
    """The provider plugins the installed packages speak to: each ships a pulumi-plugin.json."""
    for folder in dict.fromkeys(sys.path):
        for path in sorted(Path(folder).glob("pulumi_*/pulumi-plugin.json")):
            described = json.loads(path.read_text())
            if described.get("resource"):
                yield plugin_pb2.PackageDependency(
                    kind="resource",
                    name=described["name"],
                    version=described["version"],
                    server=described.get("server", ""),
                )


def _packages(*, is_transitive: bool) -> list[tuple[str, str]]:
    """The installed packages; without the transitive ones, those that no other package needs."""
    installed = {_canonical(one.name): one for one in metadata.distributions()}
    needed: set[str] = set()
    if not is_transitive:
        for one in installed.values():
            needed |= {
                _canonical(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in one.requires or ()
            }
    return sorted((one.name, one.version) for name, one in installed.items() if name not in needed)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    serve_handler(LanguageHost(engine_address()).handler)

"""The engine's log, reached over gRPC: what a plugin says there appears beside its resource."""

from typing import Any

import grpc.aio
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class EngineLog:
    """A connection to the engine's log. Without an address (run by hand) it stays silent."""

    def __init__(self, address: str) -> None:
        self._engine: Any = None
        if address:
            self._engine = engine_pb2_grpc.EngineStub(grpc.aio.insecure_channel(address))

    async def debug(self, message: str, urn: str = "") -> None:
        """Shown with --debug only."""
        await self._send(engine_pb2.DEBUG, message, urn)

    async def info(self, message: str, urn: str = "", *, status: bool = False) -> None:
        """Shown; a status message only while the resource is being worked on."""
        await self._send(engine_pb2.INFO, message, urn, status=status)

    async def warning(self, message: str, urn: str = "") -> None:
        """Shown, and counted."""
        await self._send(engine_pb2.WARNING, message, urn)

    async def error(self, message: str, urn: str = "") -> None:
        """Shown, and the update counts as failed."""
        await self._send(engine_pb2.ERROR, message, urn)

    async def _send(
        self,
        severity: "engine_pb2.LogSeverity.ValueType",
        message: str,
        urn: str,
        *,
        status: bool = False,
    ) -> None:
        if self._engine is None:
            return
        request = engine_pb2.LogRequest(
            severity=severity, message=message, urn=urn, streamId=0, ephemeral=status
        )
        await self._engine.Log(request)

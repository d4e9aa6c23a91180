"""What a command prints: kept by stream, kept in order for the error, and logged line by line."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

STDOUT: Final = "stdout"
STDERR: Final = "stderr"

_LOGGED: Final = {
    None: {STDOUT, STDERR},
    "stdoutAndStderr": {STDOUT, STDERR},
    "stdout": {STDOUT},
    "stderr": {STDERR},
    "none": set[str](),
}

Say = Callable[[str], Awaitable[None]]


class Output:
    """The output of one command. `logging` is the resource's property of that name."""

    def __init__(self, logging: str | None, say: Say) -> None:
        self._kept: dict[str, bytearray] = {STDOUT: bytearray(), STDERR: bytearray()}
        self._both = bytearray()
        self._logged = _LOGGED[logging]
        self._line = bytearray()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._logger = asyncio.create_task(self._log(say))

    def add(self, stream: str, data: bytes) -> None:
        """Take in what arrived on a stream."""
        self._kept[stream] += data
        self._both += data
        if stream in self._logged:
            *whole, rest = (self._line + data).split(b"\n")
            self._line = rest
            for line in whole:
                self._lines.put_nowait(_text(line.removesuffix(b"\r")))

    async def finish(self) -> None:
        """Wait until the last line is logged. Nothing may be added after this."""
        if self._line:
            self._lines.put_nowait(_text(self._line))
        self._lines.put_nowait(None)
        await self._logger

    def both(self) -> str:
        """All of it, in the order of its arrival."""
        return _text(self._both)

    def properties(self) -> dict[str, str]:
        """The two outputs of the resource, each without one trailing newline."""
        return {stream: _text(data).removesuffix("\n") for stream, data in self._kept.items()}

    async def _log(self, say: Say) -> None:
        while (line := await self._lines.get()) is not None:
            await say(line)


def _text(data: bytes | bytearray) -> str:
    return data.decode(errors="replace")

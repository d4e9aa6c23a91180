"""remote:Command: a command on another host, over SSH."""

from typing import Any

from lab.engine.command.inputs import checked_connection
from lab.engine.command.lifecycle import Command
from lab.engine.command.output import Output
from lab.engine.properties import Properties
from lab.engine.provider import Checked, Request


class RemoteCommand(Command):
    """A command on another host. Its connections stay open until the plugin's process ends."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._left_open: list[object] = []

    async def check(self, request: Request) -> Checked:
        """The inputs with a complete, secret connection."""
        return checked_connection(request.inputs)

    async def run(self, command: str, properties: Properties, output: Output, urn: str) -> None:
        """Run it over a connection of its own."""
        # Not above: the SSH library takes a while to load, and a preview has no use for it.
        from lab.engine.command.session import execute  # noqa: PLC0415

        connection = await execute(command, properties, output, log=self._log(), urn=urn)
        self._left_open.append(connection)

"""The command plugin's process."""

from lab.engine.command.copy import CopyToRemote
from lab.engine.command.local import LocalCommand
from lab.engine.command.remote import RemoteCommand
from lab.engine.plugins import version
from lab.engine.properties import Properties
from lab.engine.provider import Provider
from lab.engine.serve import serve


class CommandProvider(Provider):
    """The plugin: its three resources, and the function that runs a command at once."""

    def __init__(self) -> None:
        self._local = LocalCommand(lambda: self.log)
        resources = {
            "command:local:Command": self._local,
            "command:remote:Command": RemoteCommand(lambda: self.log),
            "command:remote:CopyToRemote": CopyToRemote(lambda: self.log),
        }
        super().__init__("command", version("command"), resources)

    async def invoke(self, token: str, arguments: Properties, *, preview: bool) -> Properties:
        """`local:run` runs its command whenever the program runs, in previews as well."""
        if token != "command:local:run":  # noqa: S105 -- a type token
            return await super().invoke(token, arguments, preview=preview)
        return arguments | await self._local.ran(arguments["command"], arguments, "")


if __name__ == "__main__":
    serve(CommandProvider())

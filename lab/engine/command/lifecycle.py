"""The life of a Command, wherever it runs: which command text runs when, and what is recorded."""

import secrets
from abc import abstractmethod
from collections.abc import Callable
from typing import Final

from lab.engine.command.output import STDERR, STDOUT, Output
from lab.engine.properties import Properties, reveal
from lab.engine.provider import Log, Request, Resource

_PREVIOUS: Final = {"PULUMI_COMMAND_STDOUT": STDOUT, "PULUMI_COMMAND_STDERR": STDERR}

_ID_BYTES: Final = 4
_ESCAPES: Final = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
    '"': r"\"",
}


class Command(Resource):
    """Runs `create` when it comes to be, `update` (or `create`) on a change, `delete` at its end.

    A change of `triggers` replaces it. There is no read: what happens outside is not noticed.
    """

    replace_on = frozenset({"triggers"})
    outputs = (STDOUT, STDERR)

    def __init__(self, log: Callable[[], Log]) -> None:
        self._log = log

    @abstractmethod
    async def run(self, command: str, properties: Properties, output: Output, urn: str) -> None:
        """Run it; ProviderError when it fails. `properties` are plain, with the last outputs."""

    async def create(self, request: Request) -> tuple[str, Properties]:
        """The state after `create`, if there is one."""
        if request.preview:
            return "", self.planned(request.inputs)
        outputs = dict.fromkeys(self.outputs, "")
        if (command := reveal(request.inputs.get("create"))) is not None:
            outputs = await self.ran(command, request.inputs, request.urn)
        return request.name + secrets.token_hex(_ID_BYTES), request.inputs | outputs

    async def update(self, request: Request) -> Properties:
        """The state after `update`, or `create` again, or nothing."""
        if request.preview:
            return self.planned(request.inputs)
        state = request.inputs | {name: request.state.get(name, "") for name in self.outputs}
        command = request.inputs.get("update")
        command = reveal(request.inputs.get("create") if command is None else command)
        if command is None:
            return state
        return request.inputs | await self.ran(command, state, request.urn)

    async def delete(self, request: Request) -> None:
        """Run `delete` as the state has it: what the program says now does not count."""
        if (command := reveal(request.state.get("delete"))) is not None:
            await self.ran(command, request.state, request.urn)

    async def ran(self, command: str, properties: Properties, urn: str) -> dict[str, str]:
        """The outputs of the command."""
        plain = reveal(properties)
        log = self._log()
        output = Output(plain.get("logging"), lambda line: log.info(line, urn, status=True))
        try:
            await self.run(command, plain, output, urn)
        finally:
            await output.finish()
        return output.properties()


def previous_output(properties: Properties) -> dict[str, str]:
    """The variables that hand a command the output of the one before, unless that is off."""
    if properties.get("addPreviousOutputInEnv") is False:
        return {}
    return {
        variable: properties[name] for variable, name in _PREVIOUS.items() if properties.get(name)
    }


def failure(reason: str, command: str, output: Output) -> str:
    """The error's text: it has the whole command and all that was printed, secrets included."""
    return f"{reason}: running {_quoted(command)}:\n{output.both()}"


def _quoted(text: str) -> str:
    """The text as Go's %q writes it."""
    return '"' + "".join(_ESCAPES.get(one) or _visible(one) for one in text) + '"'


def _visible(one: str) -> str:
    code = ord(one)
    if one.isprintable():
        return one
    if code < 0x80:  # noqa: PLR2004 -- ASCII
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 -- the basic plane

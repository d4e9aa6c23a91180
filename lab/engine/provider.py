"""What a provider plugin is made of: a Provider, its Resources, and what the engine asks of them.

The wire is servicer.py's business; a resource sees plain properties (properties.py) only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from lab.engine.properties import UNKNOWN, Properties, holds_unknown, reveal


class ProviderError(Exception):
    """A failure the user reads as it stands: no traceback is added to it."""


class InitializationError(ProviderError):
    """A failure after the object came to be: the engine records it and what is wrong with it.

    `state` is what exists, `inputs` what it was made from; the next update tries again.
    """

    def __init__(
        self, reasons: Sequence[str], *, identity: str, state: Properties, inputs: Properties
    ) -> None:
        super().__init__("; ".join(reasons))
        self.reasons, self.identity, self.state, self.inputs = reasons, identity, state, inputs


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What the engine asks about one resource. What a call does not carry is empty.

    inputs: what the program wants, as checked. old_inputs: what it wanted at the last update.
    state: the outputs the last update recorded. timeout: seconds, 0 for the provider's own.
    ignore_changes: property paths whose changes do not count. proposed_name: what the engine would
    name the resource where the stack configures names.
    """

    urn: str
    type: str
    name: str
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    old_inputs: Properties = field(default_factory=dict)
    state: Properties = field(default_factory=dict)
    preview: bool = False
    timeout: float = 0.0
    seed: bytes = b""
    ignore_changes: Sequence[str] = ()
    proposed_name: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that will not do: the property and the rule it breaks."""

    property: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Inputs with their defaults filled in, and what is wrong with them."""

    inputs: Properties
    failures: Sequence[Failure] = ()


class Kind(Enum):
    """How one property differs. The values are the protocol's."""

    ADD = 0
    ADD_REPLACE = 1
    DELETE = 2
    DELETE_REPLACE = 3
    UPDATE = 4
    UPDATE_REPLACE = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What an update would change. Empty for nothing.

    changed: top-level properties. replaces: those that need a new resource.
    detailed: property paths (`a.b[0]`); where absent the engine compares the inputs for display.
    """

    changed: Sequence[str] = ()
    replaces: Sequence[str] = ()
    detailed: Mapping[str, Kind] | None = None
    delete_before_replace: bool = False
    stables: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A resource as it is in the world."""

    id: str
    state: Properties
    inputs: Properties


class Log(Protocol):
    """The engine's log. `urn` puts a message beside its resource; a status message is passing."""

    async def debug(self, message: str, urn: str = "") -> None:
        """Shown with --debug only."""

    async def info(self, message: str, urn: str = "", *, status: bool = False) -> None:
        """Shown; a status message only while the resource is being worked on."""

    async def warning(self, message: str, urn: str = "") -> None:
        """Shown, and counted."""

    async def error(self, message: str, urn: str = "") -> None:
        """Shown, and the update counts as failed."""


def changed_properties(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The names of the top-level properties that differ, or may: an unknown value counts as new."""
    return [
        key
        for key in sorted(old.keys() | new.keys())
        if holds_unknown(new.get(key)) or reveal(old.get(key)) != reveal(new.get(key))
    ]


class Resource:
    """One type of resource. Subclasses override what the type does; the defaults are the engine's.

    replace_on: the properties whose change needs a new resource.
    outputs: the properties only the provider knows: unknown until an update has run.
    """

    replace_on: frozenset[str] = frozenset()
    outputs: tuple[str, ...] = ()

    async def check(self, request: Request) -> Checked:
        """The inputs (`request.inputs`), validated and completed. They may hold unknown values."""
        return Checked(request.inputs)

    async def diff(self, request: Request) -> Difference:
        """What changes from old_inputs (state where there are none) to inputs."""
        old = request.old_inputs or {
            key: value for key, value in request.state.items() if key not in self.outputs
        }
        changed = changed_properties(old, request.inputs)
        return Difference(
            changed=changed, replaces=[key for key in changed if key in self.replace_on]
        )

    async def create(self, request: Request) -> tuple[str, Properties]:
        """The id and the whole state of a new resource; in a preview, what is known of it."""
        raise NotImplementedError

    async def read(self, request: Request) -> Found | None:
        """The resource as it is, None when it is gone. The default believes the state."""
        return Found(id=request.id, state=request.state, inputs=request.inputs)

    async def update(self, request: Request) -> Properties:
        """The whole state after the update; in a preview, what is known of it."""
        raise NotImplementedError

    async def delete(self, request: Request) -> None:
        """Take the resource out of the world. `state` and `old_inputs` say what it was."""

    def planned(self, inputs: Properties) -> Properties:
        """A state whose outputs are still unknown: what a preview answers."""
        return inputs | dict.fromkeys(self.outputs, UNKNOWN)


class Provider:
    """A plugin: its name, the version it keeps to, and its resources by type token."""

    def __init__(self, name: str, version: str, resources: Mapping[str, Resource]) -> None:
        self.name, self.version = name, version
        self._resources = resources
        self.log: Log

    def resource(self, token: str) -> Resource:
        """The resource of a type token. ProviderError for a type this plugin does not have."""
        try:
            return self._resources[token]
        except KeyError:
            known = ", ".join(sorted(self._resources))
            raise ProviderError(
                f"the lab's {self.name} plugin has no resource type {token}; it has {known}. "
                "Put the official plugin on PATH for the others"
            ) from None

    async def started(self, log: Log) -> None:
        """Called once, before any other call, with the engine's log."""
        self.log = log

    async def check_config(self, request: Request) -> Checked:
        """The provider's own configuration, validated."""
        return Checked(request.inputs)

    async def diff_config(self, request: Request) -> Difference:
        """What a change of the provider's own configuration means for it. Nothing is replaced."""
        return Difference(changed=changed_properties(request.old_inputs, request.inputs))

    async def configure(self, arguments: Properties) -> None:
        """Take the configuration into use. In a preview it may hold unknown values."""

    async def invoke(self, token: str, arguments: Properties, *, preview: bool) -> Properties:
        """The answer of a function of the package."""
        raise ProviderError(
            f"the lab's {self.name} plugin has no function {token} "
            f"(called with {', '.join(sorted(arguments)) or 'no arguments'}, preview: {preview}); "
            "put the official plugin on PATH to use it"
        )

    async def cancel(self) -> None:
        """The user wants the operation to end: let long waits end soon."""

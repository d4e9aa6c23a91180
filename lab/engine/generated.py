"""Resources that are generated once and only kept: random values, keys, certificates."""

import asyncio
from abc import abstractmethod
from typing import ClassVar

from lab.engine.properties import UNKNOWN, Properties, reveal, secret
from lab.engine.provider import Checked, Difference, Failure, Request, Resource, changed_properties


class Generated(Resource):
    """A resource whose outputs are made from its inputs at creation, and made anew by any change.

    required: the inputs it cannot do without. defaults: what absent inputs mean, so that setting
    one to its default changes nothing. in_place: inputs whose change needs nothing new.
    secret_outputs: the outputs that are encrypted in the state.
    """

    required: ClassVar[tuple[str, ...]] = ()
    defaults: ClassVar[Properties] = {}
    in_place: ClassVar[frozenset[str]] = frozenset()
    secret_outputs: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """The id and the outputs, from complete inputs in the clear. May take its time."""

    def rules(self, inputs: Properties) -> list[Failure]:
        """What is wrong with complete inputs that are all known."""
        del inputs
        return []

    async def check(self, request: Request) -> Checked:
        """The inputs, unless one is missing or breaks a rule."""
        failures = [
            Failure(name, f"missing required property '{name}'")
            for name in self.required
            if request.inputs.get(name) is None
        ]
        plain = reveal(self.complete(request.inputs))
        if not failures and UNKNOWN not in plain.values():
            failures = self.rules(plain)
        return Checked(request.inputs, failures)

    async def diff(self, request: Request) -> Difference:
        """What differs in meaning."""
        changed = changed_properties(
            self.complete(request.old_inputs), self.complete(request.inputs)
        )
        return Difference(
            changed=changed, replaces=[name for name in changed if name not in self.in_place]
        )

    async def create(self, request: Request) -> tuple[str, Properties]:
        """Generate. A preview generates nothing."""
        inputs = self.complete(request.inputs)
        if request.preview:
            return "", self.planned(inputs)
        identity, outputs = await asyncio.to_thread(self.generate, reveal(inputs))
        return identity, inputs | {
            name: secret(value) if name in self.secret_outputs else value
            for name, value in outputs.items()
        }

    async def update(self, request: Request) -> Properties:
        """The outputs as they are, beside the new inputs."""
        return request.state | self.complete(request.inputs)

    def complete(self, inputs: Properties) -> Properties:
        """The inputs with the defaults for what is absent."""
        return self.defaults | {key: value for key, value in inputs.items() if value is not None}

"""What all random resources share: drawn at creation, never updated, replaced by any change."""

from abc import abstractmethod

from lab.engine.properties import UNKNOWN, Properties, reveal, secret
from lab.engine.provider import Checked, Difference, Failure, Request, Resource, changed_properties


class Drawn(Resource):
    """A resource whose outputs are drawn from the inputs.

    defaults: what absent inputs mean; setting one to its default changes nothing.
    required: the inputs it cannot do without. secret_outputs: outputs encrypted in the state.
    """

    defaults: Properties = {}
    required: tuple[str, ...] = ()
    secret_outputs: frozenset[str] = frozenset()

    @abstractmethod
    def draw(self, inputs: Properties) -> tuple[str, Properties]:
        """The id and the outputs, from inputs that are complete and in the clear."""

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
        """Any difference in meaning needs a new value, so a new resource."""
        changed = changed_properties(
            self.complete(request.old_inputs), self.complete(request.inputs)
        )
        return Difference(changed=changed, replaces=changed)

    async def create(self, request: Request) -> tuple[str, Properties]:
        """Draw. A preview draws nothing."""
        inputs = self.complete(request.inputs)
        if request.preview:
            return "", self.planned(inputs)
        identity, outputs = self.draw(reveal(inputs))
        return identity, inputs | {
            name: secret(value) if name in self.secret_outputs else value
            for name, value in outputs.items()
        }

    async def update(self, request: Request) -> Properties:
        """Keep the value: nothing but the secretness of an input can have changed."""
        return request.state | self.complete(request.inputs)

    def complete(self, inputs: Properties) -> Properties:
        """The inputs with the defaults for what is absent."""
        return self.defaults | {key: value for key, value in inputs.items() if value is not None}

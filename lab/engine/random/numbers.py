"""Random bytes, identifiers, numbers and orders.

Only RandomBytes' outputs are secret, and even its id is the value in the clear, as with the
official plugin: what has to stay secret is a RandomPassword.
"""

import base64
import random
import secrets
import uuid

from lab.engine.generated import Generated
from lab.engine.properties import Properties
from lab.engine.provider import Failure


def _source(seed: str | None) -> random.Random:
    """A generator: with a seed always the same one, though not the official plugin's numbers."""
    return random.Random(seed) if seed else secrets.SystemRandom()  # noqa: S311 -- seeded on request


class RandomBytes(Generated):
    """Some bytes, in base64 and in hex."""

    required = ("length",)
    outputs = ("base64", "hex")
    secret_outputs = frozenset(outputs)

    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """The bytes from the system's source of randomness."""
        drawn = secrets.token_bytes(inputs["length"])
        text = base64.b64encode(drawn).decode()
        return text, {"base64": text, "hex": drawn.hex()}


class RandomId(Generated):
    """Some bytes as an identifier, in four notations, each behind the prefix."""

    required = ("byteLength",)
    outputs = ("b64Std", "b64Url", "dec", "hex")

    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """The bytes. The id is the URL notation without the prefix."""
        drawn = secrets.token_bytes(inputs["byteLength"])
        prefix = inputs.get("prefix", "")
        url = base64.urlsafe_b64encode(drawn).decode().rstrip("=")
        return url, {
            "b64Std": prefix + base64.b64encode(drawn).decode(),
            "b64Url": prefix + url,
            "dec": prefix + str(int.from_bytes(drawn)),
            "hex": prefix + drawn.hex(),
        }


class RandomInteger(Generated):
    """A whole number from min to max, both included."""

    required = ("max", "min")
    outputs = ("result",)

    def rules(self, inputs: Properties) -> list[Failure]:
        """The range has to hold a number."""
        if inputs["min"] > inputs["max"]:
            return [Failure("min", f"min {inputs['min']} is above max {inputs['max']}")]
        return []

    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """The number; its decimal notation is the id."""
        number = _source(inputs.get("seed")).randint(inputs["min"], inputs["max"])
        return str(number), {"result": number}


class RandomShuffle(Generated):
    """The inputs in another order; a result count takes as many, over and over if need be."""

    required = ("inputs",)
    outputs = ("results",)

    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """The order. The resource has no identity of its own."""
        source, items = _source(inputs.get("seed")), inputs["inputs"]
        count = inputs.get("resultCount", len(items))
        results: list[str] = []
        while items and len(results) < count:
            results += source.sample(items, len(items))
        return "-", {"results": results[:count]}


class RandomUuid(Generated):
    """A UUID of version 4."""

    outputs = ("result",)

    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """The UUID; it is the id, too."""
        del inputs
        drawn = str(uuid.uuid4())
        return drawn, {"result": drawn}

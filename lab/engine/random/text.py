"""Random text: RandomPassword, which is secret, and RandomString, which is not."""

import secrets
import string
from typing import ClassVar, Final

import bcrypt

from lab.engine.generated import Generated
from lab.engine.properties import Properties
from lab.engine.provider import Failure

# https://registry.terraform.io/providers/hashicorp/random/latest/docs/resources/password
_SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
_CLASSES: Final = {
    "numeric": string.digits,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
}

# bcrypt looks at no more than this.
_BCRYPT_BYTES: Final = 72
_BCRYPT_COST: Final = 10


class RandomString(Generated):
    """Text of a length, from chosen classes of characters; its id is the text."""

    required = ("length",)
    outputs: tuple[str, ...] = ("result",)
    defaults: ClassVar[Properties] = {
        **dict.fromkeys(("lower", "number", "numeric", "special", "upper"), True),
        **dict.fromkeys(("minLower", "minNumeric", "minSpecial", "minUpper"), 0),
    }

    def rules(self, inputs: Properties) -> list[Failure]:
        """The length has to hold the minima, and there have to be characters to draw from."""
        least = sum(inputs[f"min{name.title()}"] for name in _alphabets(inputs))
        if inputs["length"] < max(least, 1):
            return [
                Failure("length", f"length {inputs['length']} must be at least {max(least, 1)}")
            ]
        if not "".join(_alphabets(inputs).values()):
            return [Failure("special", "every class of characters is off: leave one on")]
        return []

    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """The minima of each class, the rest from all, in random order."""
        text = _draw(inputs)
        return text, {"result": text}

    def complete(self, inputs: Properties) -> Properties:
        """The inputs with the defaults; `number` is the old name of `numeric`."""
        numeric = inputs.get("numeric", inputs.get("number"))
        both = {} if numeric is None else {"number": numeric, "numeric": numeric}
        return super().complete(inputs | both)


class RandomPassword(RandomString):
    """A RandomString that is secret, with its bcrypt hash; its id is `none`."""

    outputs = ("result", "bcryptHash")
    secret_outputs = frozenset(outputs)

    def generate(self, inputs: Properties) -> tuple[str, Properties]:
        """The password and its hash."""
        text = _draw(inputs)
        salt = bcrypt.gensalt(_BCRYPT_COST)
        hashed = bcrypt.hashpw(text.encode()[:_BCRYPT_BYTES], salt).decode()
        return "none", {"result": text, "bcryptHash": hashed}


def _alphabets(inputs: Properties) -> dict[str, str]:
    special = inputs.get("overrideSpecial") or _SPECIAL
    return {
        name: characters if inputs[name] else ""
        for name, characters in (_CLASSES | {"special": special}).items()
    }


def _draw(inputs: Properties) -> str:
    alphabets = _alphabets(inputs)
    drawn = [
        secrets.choice(characters)
        for name, characters in alphabets.items()
        if characters
        for _ in range(inputs[f"min{name.title()}"])
    ]
    everything = "".join(alphabets.values())
    drawn += [secrets.choice(everything) for _ in range(inputs["length"] - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)

"""Where a secret's value enters the program: always as a secret Output, never as a string."""

import pulumi

from components.base import SecretRef


class Secrets:
    """The stack's encrypted configuration, by reference; `load()` checked that each is set."""

    def __init__(self, config: pulumi.Config) -> None:
        self._config = config

    def __call__(self, ref: SecretRef) -> pulumi.Output[str]:
        """The value that `ref` names."""
        return self._config.require_secret(ref.secret)

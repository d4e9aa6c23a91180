"""What a container may use of its node: requested, and at most."""

from decimal import Decimal
from typing import Self

from pydantic import model_validator

from components.base import Model, Quantity

_SUFFIXES = {
    "m": Decimal("0.001"),
    **{s: Decimal(1000) ** n for n, s in enumerate(("k", "M", "G", "T"), 1)},
    **{s: Decimal(1024) ** n for n, s in enumerate(("Ki", "Mi", "Gi", "Ti"), 1)},
}


def amount(quantity: Quantity) -> Decimal:
    """A quantity as a number: 500m is 0.5, 1Gi is 1073741824."""
    digits = quantity.rstrip("kmKMGTi")
    return Decimal(digits) * _SUFFIXES.get(quantity[len(digits) :], Decimal(1))


class Resources(Model):
    """CPU in cores, memory in bytes. Without a CPU limit a container may use what is idle."""

    cpu_request: Quantity
    memory_request: Quantity
    cpu_limit: Quantity | None = None
    memory_limit: Quantity

    @model_validator(mode="after")
    def _asks_no_more_than_it_may_use(self) -> Self:
        for name, request, limit in (
            ("cpu", self.cpu_request, self.cpu_limit),
            ("memory", self.memory_request, self.memory_limit),
        ):
            if limit is not None and amount(request) > amount(limit):
                raise ValueError(
                    f"{name}Request {request} is more than {name}Limit {limit}: a request is "
                    "reserved, a limit is the most; raise the limit or ask for less"
                )
        return self

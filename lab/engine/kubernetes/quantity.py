"""Kubernetes quantities in the one form the API server writes them in.

https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity : "1024Mi" comes back as "1Gi"
and 0.5 as "500m", which must not show as a difference.
"""

import re
from decimal import Decimal
from typing import Any, Final

_BINARY: Final = {"": 0, "Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL: Final = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_NUMBER: Final = re.compile(r"([+-]?[0-9]*\.?[0-9]+|[+-]?[0-9]+\.)([eE][+-]?[0-9]+|[a-zA-Z]{0,2})")

# Where built-in kinds hold quantities: a mapping of them, or one.
_MAPPINGS: Final = frozenset(
    {"requests", "limits", "hard", "capacity", "allocatable", "podFixed", "overhead"}
    | {"max", "min", "default", "defaultRequest", "maxLimitRequestRatio"}
)
_SINGLES: Final = frozenset({"sizeLimit", "divisor", "averageValue"})


def canonical(value: Any) -> Any:
    """The quantity as the API server writes it; what is no quantity comes back as it is."""
    found = _NUMBER.fullmatch(str(value)) if _may_be(value) else None
    if not found:
        return value
    digits, suffix = found.groups()
    if suffix in _BINARY and suffix:
        return _binary(Decimal(digits) * 1024 ** _BINARY[suffix])
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        return _exponent(Decimal(digits + suffix))
    if suffix not in _DECIMAL:
        return value
    return _decimal(Decimal(digits) * Decimal(1000) ** _DECIMAL[suffix])


def canonical_in(value: Any, key: str = "") -> Any:
    """A built-in object with its quantities in that form."""
    match value:
        case dict() if key in _MAPPINGS:
            return {name: canonical(item) for name, item in value.items()}
        case dict():
            return {name: canonical_in(item, name) for name, item in value.items()}
        case list():
            return [canonical_in(item) for item in value]
        case _ if key in _SINGLES:
            return canonical(value)
        case _:
            return value


def _may_be(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _binary(amount: Decimal) -> str:
    if amount != amount.to_integral_value() or abs(amount) < 1024:  # noqa: PLR2004 -- one Ki
        return _decimal(amount)
    return _scaled(int(amount), 1024, list(_BINARY))


def _decimal(amount: Decimal) -> str:
    suffixes = list(_DECIMAL)
    nano = int((amount * 10**9).to_integral_value(rounding="ROUND_UP"))
    if nano == 0:
        return "0"
    return _scaled(nano, 1000, suffixes)


def _exponent(amount: Decimal) -> str:
    power = 0
    while amount and amount % 1000 == 0:
        amount, power = amount / 1000, power + 3
    return f"{int(amount)}e{power}" if power else str(int(amount))


def _scaled(amount: int, base: int, suffixes: list[str]) -> str:
    step = 0
    while amount % base == 0 and step < len(suffixes) - 1:
        amount, step = amount // base, step + 1
    return f"{amount}{suffixes[step]}"

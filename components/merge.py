"""How a profile overlays a base: RFC 7396 JSON merge patch, the only overlay rule there is."""

from collections.abc import Mapping
from typing import Any


def merge(base: Any, patch: Any) -> Any:
    """`base` with `patch` applied; null deletes a key, lists replace. Pure.

    https://www.rfc-editor.org/rfc/rfc7396#section-2
    """
    if not isinstance(patch, Mapping):
        return patch
    result = dict(base) if isinstance(base, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result

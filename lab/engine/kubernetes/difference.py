"""What changes between the object that lives and the object that is wanted, path by path."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lab.engine.kubernetes import paths
from lab.engine.kubernetes.paths import Path
from lab.engine.properties import Unknown
from lab.engine.provider import Kind

_MISSING: Final = object()
_REPLACING: Final = {
    Kind.ADD: Kind.ADD_REPLACE,
    Kind.DELETE: Kind.DELETE_REPLACE,
    Kind.UPDATE: Kind.UPDATE_REPLACE,
}
REPLACEMENTS: Final = frozenset(_REPLACING.values())


def compare(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    replacing: Sequence[Path] = (),
) -> dict[str, Kind]:
    """The differences by path.

    old: the live object cut to what was wanted. new: what is wanted now.
    replacing: paths whose change needs a new object.
    """
    found: dict[Path, tuple[Kind, Any]] = {}
    _compare(found, (), old, new)
    differences = {}
    for path, (kind, value) in found.items():
        replaces = any(paths.touches(field, path, value) for field in replacing)
        differences[paths.write(path)] = _REPLACING[kind] if replaces else kind
    return differences


def without(differences: Mapping[str, Kind], ignored: Sequence[str]) -> dict[str, Kind]:
    """The differences that lie outside of the ignored paths."""
    patterns = [paths.parse(one) for one in ignored]
    return {
        text: kind
        for text, kind in differences.items()
        if not any(paths.covers(pattern, paths.parse(text)) for pattern in patterns)
    }


def top_level(differences: Mapping[str, Kind]) -> list[str]:
    """The names of the top-level properties that differ."""
    return sorted({str(paths.parse(text)[0]) for text in differences})


def _compare(found: dict[Path, tuple[Kind, Any]], path: Path, old: Any, new: Any) -> None:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            _compare(found, (*path, key), old.get(key, _MISSING), new.get(key, _MISSING))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            _compare(found, (*path, index), _at(old, index), _at(new, index))
    elif kind := _how(old, new):
        found[path] = (kind, None if new is _MISSING else new)


def _how(old: Any, new: Any) -> Kind | None:
    """How two values differ that cannot be walked into."""
    if new is _MISSING:
        return Kind.DELETE
    if old is _MISSING:
        return None if new is None else Kind.ADD
    is_other = old != new or isinstance(old, bool) is not isinstance(new, bool)
    return Kind.UPDATE if is_other or isinstance(new, Unknown) else None


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else _MISSING

"""Who owns which fields of an object, out of metadata.managedFields.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lab.engine.kubernetes import paths
from lab.engine.kubernetes.api import Object

# Owners whose fields an update may take: the plugin's own creations, and kubectl's applies.
_HANDED_OVER: Final = frozenset(
    {
        ("kubectl", "Apply"),
        ("kubectl", "Update"),
        ("before-first-apply", "Update"),
        ("pulumi-kubernetes", "Update"),
        ("pulumi-resource-kubernetes", "Update"),
    }
)

Fields = dict[str, Any]


def take_over(live: Object, manager: str) -> list[dict[str, Any]]:
    """The JSON patch that gives the manager the fields of earlier owners; empty for nothing."""
    entries = live["metadata"].get("managedFields") or []
    taken = [entry for entry in entries if _is_handed_over(entry)]
    if not taken:
        return []
    own = [entry for entry in entries if _is_own(entry, manager)]
    fields: Fields = {}
    for entry in (*own, *taken):
        fields = _union(fields, entry.get("fieldsV1") or {})
    merged = {
        **taken[0],
        "manager": manager,
        "operation": "Apply",
        "fieldsV1": fields,
    }
    kept = [entry for entry in entries if entry not in taken and entry not in own]
    version = live["metadata"]["resourceVersion"]
    return [
        {"op": "replace", "path": "/metadata/managedFields", "value": [*kept, merged]},
        # Refused when somebody changed the object meanwhile.
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]


def without_foreign(obj: Object, live: Object, manager: str, ignored: Sequence[str]) -> Object:
    """The object with each ignored path left to its owner, or kept at its live value if ours."""
    obj = copy.deepcopy(obj)
    entries = live["metadata"].get("managedFields") or []
    ours = [entry for entry in entries if entry.get("manager") == manager]
    theirs = [entry for entry in entries if entry.get("manager") != manager]
    for text in ignored:
        path = paths.parse(text)
        if _own_any(theirs, path) and not _own_any(ours, path):
            _remove(obj, path)
            continue
        value = paths.get(live, path)
        if value is not None:
            _set(obj, path, value)
    return obj


def _is_handed_over(entry: Mapping[str, Any]) -> bool:
    return (entry.get("manager"), entry.get("operation")) in _HANDED_OVER and not entry.get(
        "subresource"
    )


def _is_own(entry: Mapping[str, Any], manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Apply"


def _union(one: Fields, other: Fields) -> Fields:
    merged = dict(one)
    for key, value in other.items():
        merged[key] = _union(merged.get(key) or {}, value)
    return merged


def _own_any(entries: Sequence[Mapping[str, Any]], path: paths.Path) -> bool:
    wanted = [f"f:{step}" for step in path]
    return any(_has(entry.get("fieldsV1") or {}, wanted) for entry in entries)


def _has(fields: Fields, wanted: Sequence[str]) -> bool:
    for step in wanted:
        if step not in fields:
            return False
        fields = fields[step]
    return True


def _remove(obj: Object, path: paths.Path) -> None:
    holder = paths.get(obj, path[:-1])
    if isinstance(holder, dict):
        holder.pop(path[-1], None)


def _set(obj: Object, path: paths.Path, value: Any) -> None:
    holder = paths.get(obj, path[:-1])
    if isinstance(holder, dict):
        holder[path[-1]] = value

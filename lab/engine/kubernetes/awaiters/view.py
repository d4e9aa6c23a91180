"""What an awaiter looks at: one live object, the objects around it, and what it concludes."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lab.engine.kubernetes import paths
from lab.engine.kubernetes.api import Api, Kind, Object, name_of, namespace_of

POD: Final = Kind("", "v1", "Pod")
EVENT: Final = Kind("", "v1", "Event")

# An Endpoints object that has not changed for so long will not: the real plugin's figure.
SETTLE_SECONDS: Final = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """What an awaiter sees: whether it is done, what it waits for, what is wrong, all is lost."""

    ready: bool
    message: str = ""
    problems: Sequence[str] = ()
    failed: bool = False


@dataclass(kw_only=True, slots=True)
class View:
    """The world around one object.

    live: the object now. created: as the server answered the create or update. previous: before
    the update, None for a create. settled: take everything as final (a single look, no wait).
    """

    api: Api
    live: Object
    created: Object
    previous: Object | None = None
    settled: bool = False
    clock: Callable[[], float] = time.monotonic
    _began: float = 0.0
    _seen: dict[str, tuple[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._began = self.clock()

    @property
    def name(self) -> str:
        """The object's name."""
        return name_of(self.created)

    def listed(self, kind: Kind) -> list[Object]:
        """The objects of a kind in the same namespace."""
        return self.api.recent(kind, namespace_of(self.created))

    def named(self, kind: Kind, name: str) -> Object | None:
        """The object of that kind and name in the same namespace."""
        return next((one for one in self.listed(kind) if name_of(one) == name), None)

    def owned(self, kind: Kind, owner: Mapping[str, Any]) -> list[Object]:
        """The objects of a kind that the owner controls."""
        uid = paths.get(owner, ("metadata", "uid"))
        return [
            one
            for one in self.listed(kind)
            if any(
                reference.get("uid") == uid
                for reference in paths.get(one, ("metadata", "ownerReferences")) or []
            )
        ]

    def waited(self) -> float:
        """Seconds since the wait began."""
        return self.clock() - self._began

    def is_settled(self, obj: Object | None) -> bool:
        """Whether the object has been there, unchanged, for the settling time."""
        if obj is None:
            return False
        version = str(obj["metadata"].get("resourceVersion"))
        if self._seen.get(name_of(obj), ("", 0.0))[0] != version:
            self._seen[name_of(obj)] = (version, self.clock())
        return self.settled or self.clock() - self._seen[name_of(obj)][1] >= SETTLE_SECONDS

    def is_stale(self) -> bool:
        """Whether the live object is older than the change that is waited for."""
        return _generation(self.live) < _generation(self.created)

    def is_observed(self) -> bool:
        """Whether the object's controller has looked at its latest form."""
        observed = paths.get(self.live, ("status", "observedGeneration"))
        return isinstance(observed, int) and observed >= _generation(self.live)


def condition(obj: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The condition of that type in the object's status, or nothing."""
    conditions = paths.get(obj, ("status", "conditions")) or []
    return next((one for one in conditions if one.get("type") == kind), {})


def is_true(found: Mapping[str, Any]) -> bool:
    """Whether a condition holds."""
    return found.get("status") == "True"


def number(obj: Mapping[str, Any], *path: str) -> int:
    """The whole number at the path, 0 where there is none."""
    found = paths.get(obj, path)
    return found if isinstance(found, int) else 0


def _generation(obj: Mapping[str, Any]) -> int:
    return number(obj, "metadata", "generation")

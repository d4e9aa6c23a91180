"""One operation on one object: the server it goes to, and what may end it early."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lab.engine.kubernetes.api import Api, Object


class CannotPreviewError(Exception):
    """A preview the server cannot compute yet: its namespace does not exist."""


class NotReadyError(Exception):
    """An object that exists and is not what it should be. `live` is its last known form."""

    def __init__(self, message: str, problems: Sequence[str], live: Object) -> None:
        super().__init__(message)
        self.problems, self.live = tuple(problems), live


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """What every step of an operation needs.

    say: shows a passing message beside the resource. warn: a message that stays.
    cancelled: set when the user wants the operation to end.
    """

    api: Api
    preview: bool
    timeout: float
    cancelled: threading.Event
    say: Callable[[str], Any]
    warn: Callable[[str], Any]

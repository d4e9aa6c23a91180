"""Property paths: `spec.template.metadata.labels["app.kubernetes.io/name"]`, `spec.ports[0]`."""

import re
from collections.abc import Sequence
from typing import Any, Final

Path = tuple[str | int, ...]

_STEP: Final = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\[(\*)\]|\.?([^.\[\]"]+)')
_PLAIN: Final = re.compile(r'[^."\[\]]+')


def parse(text: str) -> Path:
    """The steps of a path. `*` stands for any one step."""
    steps: list[str | int] = []
    for quoted, index, star, plain in _STEP.findall(text):
        steps.append(int(index) if index else star or plain or quoted.replace('\\"', '"'))
    return tuple(steps)


def write(path: Path) -> str:
    """The path as text."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif not _PLAIN.fullmatch(step):
            text += '["' + step.replace('"', '\\"') + '"]'
        else:
            text += f".{step}" if text else step
    return text


def covers(pattern: Path, path: Path) -> bool:
    """Whether the path is the pattern's or lies below it."""
    return len(pattern) <= len(path) and all(map(_fits, pattern, path))


def touches(pattern: Path, path: Path, value: Any) -> bool:
    """Whether a value at the path is at, below, or holds something at the pattern."""
    if not all(map(_fits, pattern, path)):
        return False
    return _holds(value, pattern[len(path) :])


def get(value: Any, path: Sequence[str | int]) -> Any:
    """What lies at the path, None where there is nothing."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _fits(wanted: str | int, step: str | int) -> bool:
    return wanted in ("*", step)


def _holds(value: Any, steps: Path) -> bool:
    if not steps:
        return True
    match value:
        case dict() if steps[0] in value:
            return _holds(value[steps[0]], steps[1:])
        case list() if steps[0] == "*":
            return any(_holds(item, steps[1:]) for item in value)
        case _:
            return False

"""The annotation pulumi.com/waitFor: conditions and JSONPath expressions of the program's own."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from lab.engine.kubernetes import paths
from lab.engine.kubernetes.api import Object
from lab.engine.kubernetes.awaiters.view import Progress, View
from lab.engine.provider import ProviderError

Test = Callable[[Object], str]
"""What is missing in an object, or nothing."""

_BRACES: Final = re.compile(r"\{\s*(.*?)\s*\}")
# "==" belongs to a filter, "=" ends the path.
_EXPRESSION: Final = re.compile(r"(?P<path>(?:[^=]|==)*)(?:(?<!=)=(?!=)(?P<value>.*))?", re.DOTALL)


def waits_for(annotation: str) -> Callable[[View], Progress]:
    """The awaiter that an annotation's value describes."""
    tests = [_test(expression) for expression in _expressions(annotation)]

    def check(view: View) -> Progress:
        missing = [text for text in (test(view.live) for test in tests) if text]
        return Progress(ready=not missing, message="; ".join(missing), problems=missing)

    return check


def _expressions(annotation: str) -> list[str]:
    try:
        parsed = json.loads(annotation)
    except ValueError:
        return [annotation]
    if not isinstance(parsed, list) or not all(isinstance(one, str) for one in parsed):
        return [annotation]
    if not parsed:
        raise ProviderError("pulumi.com/waitFor: at least one condition must be specified")
    return parsed


def _test(expression: str) -> Test:
    if expression.startswith("jsonpath="):
        return _json_path(expression.removeprefix("jsonpath="))
    if expression.startswith("condition="):
        return _condition(expression.removeprefix("condition="))
    raise ProviderError(
        f'pulumi.com/waitFor: expected a "jsonpath=" or "condition=" prefix, got "{expression}"'
    )


def _condition(text: str) -> Test:
    kind, _, status = text.partition("=")
    wanted = status or "True"

    def test(live: Object) -> str:
        conditions = paths.get(live, ("status", "conditions"))
        if conditions is None:
            return "Has no .status.conditions"
        for one in conditions:
            if str(one.get("type")).lower() == kind.lower():
                return _unmet(live, one, wanted)
        return f"Has no condition {kind}"

    return test


def _unmet(live: Object, found: dict[str, Any], wanted: str) -> str:
    generation = paths.get(live, ("metadata", "generation"))
    observed = found.get("observedGeneration", paths.get(live, ("status", "observedGeneration")))
    if isinstance(generation, int) and isinstance(observed, int) and observed < generation:
        return f"Generation {observed} is less than expected {generation}"
    if str(found.get("status")).lower() == wanted.lower():
        return ""
    detail = f": {found['message']}" if found.get("message") else ""
    return f"Resource has condition {found['type']}={found.get('status')} (want {wanted}){detail}"


def _json_path(text: str) -> Test:
    # Loaded when used: it would lengthen every start of the plugin.
    import jsonpath  # noqa: PLC0415

    parsed = _EXPRESSION.fullmatch(text)
    path, value = (parsed["path"], parsed["value"]) if parsed else (text, None)
    braced = _BRACES.fullmatch(path)
    if not braced or value == "" or (value or "").count("=") > (value or "").count("==") * 2:
        raise ProviderError(
            f'pulumi.com/waitFor: "{text}" is no JSONPath condition; write {{.path}} or '
            "{.path}=value, without shell quotes"
        )
    expression = braced[1] if braced[1].startswith("$") else f"${braced[1]}"
    try:
        query = jsonpath.compile(expression)
    except jsonpath.JSONPathError as error:
        raise ProviderError(f"pulumi.com/waitFor: parsing {path}: {error}") from error

    def test(live: Object) -> str:
        found = query.findall(live)
        if not found:
            return f"{path} selected nothing"
        if value is None or _text(found[0]) == value:
            return ""
        return f"{path} is {_text(found[0])} (want {value})"

    return test


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)

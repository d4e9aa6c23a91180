"""What is wrong with a stack file, a line a mistake: where, the rule, the way out."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from components.base import Model

_WHOLE = "the stack's configuration"
# For these pydantic's words are no rule that a writer of YAML knows.
_RULES = {
    "missing": "is required",
    "string_type": "must be a string: put it in quotes (1.30 without them is a number)",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": "must be a mapping of names to values",
    "list_type": "must be a list",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "frozen_instance": "cannot be changed",
}


def explain(error: ValidationError, model: type[Model]) -> list[str]:
    """`path: what is wrong, the way out` for each mistake that `error` holds about a `model`.

    A validator of a whole section may name several mistakes, a line each, and begin each line with
    the path below its section and a colon.
    """
    schema = model.model_json_schema()
    lines = (
        _line(_path(schema, e["loc"]), rule)
        for e in error.errors()
        for rule in _rule(schema, e).splitlines()
    )
    return list(dict.fromkeys(lines))


def _line(path: str, rule: str) -> str:
    if re.match(r"[\w.-]+: ", rule):
        return f"{path}.{rule}".removeprefix(f"{_WHOLE}.")
    return f"{path}: {rule}"


def _rule(schema: dict[str, Any], error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(schema, error["loc"])
        case "union_tag_not_found":
            return f"needs `kind`: one of {_kinds(schema, error['loc'])}"
        case "union_tag_invalid":
            return f"unknown kind; one of {_kinds(schema, error['loc'])}"
        case "literal_error" | "enum":
            return f"must be {context['expected']}"
        case "value_error":
            return str(context["error"])
    return _RULES.get(error["type"], error["msg"].replace("Input should be", "must be", 1))


def _unknown_key(schema: dict[str, Any], loc: Sequence[int | str]) -> str:
    known = sorted(_properties(schema, loc[:-1]))
    close = difflib.get_close_matches(str(loc[-1]), known, n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    return f"unknown key; {guess}known here: {', '.join(known)}"


def _kinds(schema: dict[str, Any], loc: Sequence[int | str]) -> str:
    *_, (_, node) = _walk(schema, loc)
    return ", ".join(node.get("discriminator", {}).get("mapping", {}))


def _properties(schema: dict[str, Any], loc: Sequence[int | str]) -> dict[str, Any]:
    *_, (_, node) = _walk(schema, loc)
    properties: dict[str, Any] = node.get("properties", {})
    return properties


def _path(schema: dict[str, Any], loc: Sequence[int | str]) -> str:
    """The path as it is written in the YAML: without the tags of unions that pydantic adds."""
    parts = [part for part, _ in _walk(schema, loc) if part is not None]
    return ".".join(parts) or _WHOLE


def _walk(
    schema: dict[str, Any], loc: Sequence[int | str]
) -> Iterator[tuple[str | None, dict[str, Any]]]:
    """Each step of `loc` as (its key in the YAML, its JSON Schema), from the root down."""
    node = schema
    yield None, node
    for step in map(str, loc):
        node = _resolve(schema, node)
        kinds = node.get("discriminator", {}).get("mapping", {})
        if step in kinds:
            node = _resolve(schema, {"$ref": kinds[step]})
            yield None, node
        elif step == "[key]":
            yield None, node
        else:
            node = _resolve(schema, _child(node, step))
            yield step, node


def _child(node: dict[str, Any], step: str) -> dict[str, Any]:
    properties: dict[str, Any] = node.get("properties", {})
    patterns = list(node.get("patternProperties", {}).values())
    nested = [properties.get(step), *patterns, node.get("additionalProperties"), node.get("items")]
    return next((n for n in nested if isinstance(n, dict)), {})


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """`node` with its reference followed, and an optional's null left out."""
    if options := [o for o in node.get("anyOf", []) if o.get("type") != "null"]:
        node = {**node, **options[0]}
    if "$ref" in node:
        return _resolve(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[-1]])
    return node

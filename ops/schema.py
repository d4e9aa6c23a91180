"""Write the JSON Schema of the stack file, which editors complete and check YAML with."""

import argparse
import json
from pathlib import Path
from typing import Any

from components.base import DnsLabel
from components.stack import ROOT, Choice, Stack

TARGET = ROOT / "schema" / "stack.schema.json"


class _StackFile(Stack):
    """The sections of a stack file, as it is written: systems chosen, not yet read."""

    systems: dict[DnsLabel, Choice] = {}  # type: ignore[assignment]  # what load() makes of it


def add(parser: argparse.ArgumentParser) -> None:
    """Declare this command's arguments."""
    parser.add_argument("--output", type=Path, default=TARGET)


def run(arguments: argparse.Namespace) -> int:
    """Write the file; 0."""
    arguments.output.write_text(text(), encoding="utf-8")
    return 0


def text() -> str:
    """The schema of a Pulumi.<stack>.yaml as JSON."""
    stack = _StackFile.model_json_schema()
    sections = stack["properties"]
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Groundwork stack file",
        "description": stack["description"],
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": {f"groundwork:{name}": part for name, part in sections.items()},
                "required": [f"groundwork:{name}" for name in stack["required"]],
            }
        },
        "$defs": stack["$defs"],
    }
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"

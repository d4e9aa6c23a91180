"""Pulumi's wire format, to and from plain Python, with the paths of secrets and unknowns."""

from dataclasses import dataclass
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


@dataclass(frozen=True)
class Secret:
    """A value that a mocked provider returns as secret."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(***)"


def read(message: struct_pb2.Struct) -> tuple[dict[str, Any], set[str], set[str]]:
    """The values of a message, the dotted paths of secrets among them, and of unknowns."""
    secrets: set[str] = set()
    unknowns: set[str] = set()
    plain = {k: _plain(v, k, secrets, unknowns) for k, v in message.fields.items()}
    return plain, secrets, unknowns


def _plain(value: struct_pb2.Value, path: str, secrets: set[str], unknowns: set[str]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _mapping(value.struct_value.fields, path, secrets, unknowns)
    if kind == "list_value":
        items = enumerate(value.list_value.values)
        return [_plain(x, f"{path}[{i}]", secrets, unknowns) for i, x in items]
    if kind in {"null_value", None}:
        return None
    plain = getattr(value, kind)
    if plain == rpc.UNKNOWN:
        unknowns.add(path)
    return int(plain) if kind == "number_value" and plain.is_integer() else plain


def _mapping(fields: Any, path: str, secrets: set[str], unknowns: set[str]) -> Any:
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else None
    if signature == SECRET or (signature == OUTPUT and fields["secret"].bool_value):
        secrets.add(path)
    if signature == OUTPUT and "value" not in fields:
        unknowns.add(path)
        return rpc.UNKNOWN
    if signature in {SECRET, OUTPUT}:
        return _plain(fields["value"], path, secrets, unknowns)
    return {k: _plain(v, f"{path}.{k}", secrets, unknowns) for k, v in fields.items()}


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    return struct_pb2.Struct(fields={k: _value(v) for k, v in values.items()})


def _value(plain: Any) -> struct_pb2.Value:
    if plain is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    match plain:
        case Secret(value=inner):
            fields = {SIGNATURE: struct_pb2.Value(string_value=SECRET), "value": _value(inner)}
            content = {"struct_value": struct_pb2.Struct(fields=fields)}
        case bool():
            content = {"bool_value": plain}
        case int() | float():
            content = {"number_value": plain}
        case str():
            content = {"string_value": plain}
        case dict():
            content = {"struct_value": struct(plain)}
        case _:
            items = [_value(x) for x in plain]
            content = {"list_value": struct_pb2.ListValue(values=items)}
    return struct_pb2.Value(**content)

"""Property values as the engine sends them: plain Python, and a mark where a value is special.

On the wire a property is a protobuf struct; a secret, an asset or a reference is a struct that
carries a signature, and an unknown value is one fixed string.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from google.protobuf import struct_pb2

# The protocol's signatures: sdk/go/common/resource/sig/sig.go and plugin/rpc.go of pulumi/pulumi.
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 -- a protocol constant
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
_UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# An unknown value of unknown type comes as the string above, one of a known type as one of these.
_TYPED_UNKNOWNS: Final = frozenset(
    {
        _UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)

# The largest whole number a double holds exactly.
_EXACT: Final = 2**53

Properties = dict[str, Any]
"""Properties by name. A value is None, bool, int, float, str, list, dict or a mark (below)."""


class Unknown:
    """A value that is not known before the update runs."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that the engine encrypts in the state and hides in what it prints."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(********)"


@dataclass(frozen=True, slots=True)
class Source:
    """A Pulumi asset (one content) or archive (several). One of text, path, uri, assets is set."""

    archive: bool = False
    hash: str = ""
    text: str | None = None
    path: str | None = None
    uri: str | None = None
    assets: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        # The text may be secret.
        return f"Source({self.hash[:12] or self.path or self.uri})"


def unmarshal(properties: struct_pb2.Struct) -> Properties:
    """Properties out of a protobuf struct."""
    return {key: _read(value) for key, value in properties.fields.items()}


def marshal(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """A protobuf struct out of properties."""
    return struct_pb2.Struct(fields={key: _write(value) for key, value in properties.items()})


def reveal(value: Any) -> Any:
    """The value with every secret in it laid open. For use inside the provider only."""
    match value:
        case Secret():
            return reveal(value.value)
        case dict():
            return {key: reveal(item) for key, item in value.items()}
        case list():
            return [reveal(item) for item in value]
        case _:
            return value


def holds_secret(value: Any) -> bool:
    """Whether the value is a secret or has one in it."""
    match value:
        case Secret():
            return True
        case dict():
            return any(map(holds_secret, value.values()))
        case list():
            return any(map(holds_secret, value))
        case _:
            return False


def holds_unknown(value: Any) -> bool:
    """Whether the value is unknown or has an unknown value in it."""
    match value:
        case Unknown():
            return True
        case Secret():
            return holds_unknown(value.value)
        case dict():
            return any(map(holds_unknown, value.values()))
        case list():
            return any(map(holds_unknown, value))
        case _:
            return False


def secret(value: Any) -> Secret:
    """The value as one secret; it stays as it is where it is one already."""
    return value if isinstance(value, Secret) else Secret(value)


def _read(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in _TYPED_UNKNOWNS else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() and abs(number) <= _EXACT else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_read(item) for item in value.list_value.values]
        case "struct_value":
            return _read_struct(value.struct_value)
        case _:
            return None


def _read_struct(struct: struct_pb2.Struct) -> Any:
    fields = {key: _read(item) for key, item in struct.fields.items()}
    match fields.get(_SIGNATURE):
        case None:
            return fields
        case signature if signature == _SECRET:
            return secret(fields["value"])
        case signature if signature == _OUTPUT:
            known = fields.get("value", UNKNOWN)
            return secret(known) if fields.get("secret") else known
        case signature if signature in (_ASSET, _ARCHIVE):
            return _read_source(fields)
        case _:
            return fields  # a resource reference: passed on as it came


def _read_source(fields: Properties) -> Source:
    return Source(
        archive=fields[_SIGNATURE] == _ARCHIVE,
        hash=fields.get("hash") or "",
        # The engine sends empty strings beside the one that is set.
        text=fields.get("text") if not (fields.get("path") or fields.get("uri")) else None,
        path=fields.get("path") or None,
        uri=fields.get("uri") or None,
        assets=fields.get("assets"),
    )


def _write(value: Any) -> struct_pb2.Value:
    match value:
        case Unknown():
            return struct_pb2.Value(string_value=_UNKNOWN)
        case Secret():
            return _write({_SIGNATURE: _SECRET, "value": value.value})
        case Source():
            return _write(_source_fields(value))
        case list() | tuple():
            items = struct_pb2.ListValue(values=[_write(item) for item in value])
            return struct_pb2.Value(list_value=items)
        case Mapping():
            return struct_pb2.Value(struct_value=marshal(value))
        case _:
            return _write_scalar(value)


def _write_scalar(value: Any) -> struct_pb2.Value:
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case _:
            raise TypeError(
                f"a {type(value).__name__} is no property value; use JSON types or a mark"
            )


def _source_fields(source: Source) -> Properties:
    named = {"text": source.text, "path": source.path, "uri": source.uri, "assets": source.assets}
    fields: Properties = {key: item for key, item in named.items() if item is not None}
    fields[_SIGNATURE] = _ARCHIVE if source.archive else _ASSET
    if source.hash:
        fields["hash"] = source.hash
    return fields


def content_hash(source: Source) -> str:
    """The hash of a source's content: the engine's own where it sent one."""
    if source.hash:
        return source.hash
    if source.text is not None:
        return hashlib.sha256(source.text.encode()).hexdigest()
    root = Path(source.path or "")
    if not root.is_dir():
        return hashlib.sha256(root.read_bytes()).hexdigest()
    parts = [
        f"{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(root.rglob("*"))
        if path.is_file()
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

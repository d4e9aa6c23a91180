"""Where the value of an environment variable comes from. Part of the spec; pure."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, GetJsonSchemaHandler, Tag
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from components.base import Model, SecretRef, grammar
from components.postgres.spec import SECRET_OUTPUTS, Output

Variable = Annotated[
    str, *grammar(r"[A-Za-z_][A-Za-z0-9_]*", "a variable's name, such as DATABASE_URL")
]


class ServiceOutput(Model):
    """What a service that the system needs tells of itself, such as a database's URL."""

    service: Literal["postgres"]
    output: Output

    @property
    def is_secret(self) -> bool:
        """Whether the value may be seen only by the application."""
        return self.output in SECRET_OUTPUTS


_TAGS = {SecretRef: "secret", ServiceOutput: "service"}


def _tag(value: object) -> str | None:
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return next((tag for tag in _TAGS.values() if tag in value), None)
    return _TAGS.get(type(value))  # type: ignore[call-overload, no-any-return]


class _NamesItsMembers:
    """The schema of the union with each member by its tag, as pydantic writes it for `kind`."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        references = [member["$ref"] for member in schema["oneOf"] if "$ref" in member]
        schema["discriminator"] = {"mapping": dict(zip(_TAGS.values(), references, strict=True))}
        return schema


Value = Annotated[
    Annotated[str, Tag("text")]
    | Annotated[SecretRef, Tag("secret")]
    | Annotated[ServiceOutput, Tag("service")],
    Discriminator(
        _tag,
        custom_error_type="environment_value",
        custom_error_message=(
            "must be a text in quotes, {{secret: <name>}} or {{service: <name>, output: <output>}}"
        ),
    ),
    _NamesItsMembers(),
]
Environment = dict[Variable, Value]


def is_secret(value: str | SecretRef | ServiceOutput) -> bool:
    """Whether a value is kept in a Secret rather than in a ConfigMap."""
    match value:
        case str():
            return False
        case SecretRef():
            return True
        case ServiceOutput():
            return value.is_secret

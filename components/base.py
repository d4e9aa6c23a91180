"""What every section of a stack file shares: closed immutable models, the types of fields."""

import re
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A frozen section of a stack file, camelCase in YAML; an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        use_attribute_docstrings=True,  # a field's docstring is its text in the JSON Schema
        hide_input_in_errors=True,  # a refused value may be a secret pasted in the wrong place
    )


def grammar(pattern: str, rule: str) -> tuple[Any, Any]:
    """Validation of a string against `pattern`, refused in the words of `rule`.

    A value that is refused is not printed: it may be a secret pasted in the wrong place.
    """

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {rule}")
        return value

    return AfterValidator(check), Field(json_schema_extra={"pattern": f"^({pattern})$"})


# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
DnsLabel = Annotated[
    str, *grammar(_LABEL, "a DNS label: lower-case letters, digits and '-', at most 63, such as s1")
]
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
DnsName = Annotated[
    str,
    *grammar(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*", "a DNS name, such as app.example.com"),
]
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
Quantity = Annotated[
    str, *grammar(r"\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?", "a quantity such as 500m, 2 or 1.5Gi")
]
Port = Annotated[int, Field(ge=1, le=65535)]
Sha256 = Annotated[str, *grammar(r"[0-9a-f]{64}", "a SHA-256 checksum: 64 hexadecimal digits")]


def _address(value: object) -> IPv4Address | IPv6Address:
    try:
        return ip_address(str(value))
    except ValueError:
        raise ValueError("must be an IP address, such as 192.0.2.11 or 2001:db8::11") from None


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value))
    except ValueError:
        raise ValueError("must be a network without host bits, such as 10.42.0.0/16") from None


# Parsed here, because pydantic would report a refused union once for each of its members.
Address = Annotated[IPv4Address | IPv6Address, BeforeValidator(_address)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


class SecretRef(Model):
    """The name of a secret in the stack's encrypted configuration. Never its value."""

    secret: Annotated[
        str,
        *grammar(r"[a-zA-Z][a-zA-Z0-9_-]*", "a name; its value is `pulumi config set --secret`"),
    ]


class Image(Model):
    """A container image at a version: a tag that does not move, a digest, or both."""

    repository: Annotated[
        str,
        *grammar(
            r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+",
            "a repository with its registry, such as docker.io/library/postgres",
        ),
    ]
    tag: Annotated[str, *grammar(r"\w[\w.-]{0,127}", "an image tag, such as 1.4.0")] | None = None
    digest: Annotated[str, *grammar(r"sha256:[0-9a-f]{64}", "sha256: and 64 hex digits")] | None = (
        None
    )

    @model_validator(mode="after")
    def _does_not_move(self) -> Self:
        if self.digest is None and self.tag in {None, "latest"}:
            raise ValueError(
                f"image {self.repository} moves (tag {self.tag}): a preview could not be trusted; "
                "name a version or a digest"
            )
        return self

    def __str__(self) -> str:
        """The reference a container runtime takes."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"

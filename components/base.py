"""What every section of a stack file shares: closed immutable models, the types of fields."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """A frozen section of a stack file, camelCase in YAML; an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        hide_input_in_errors=True,  # a refused value may be a secret pasted in the wrong place
    )


class SecretRef(Model):
    """The name of a secret in the stack's encrypted configuration. Never its value."""

    secret: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9_-]*$")]


# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
DnsName = Annotated[
    str,
    StringConstraints(
        max_length=253, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
    ),
]
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
Quantity = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Image(Model):
    """A container image at a version: a tag that does not move, a digest, or both."""

    repository: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+$")]
    tag: Annotated[str, StringConstraints(pattern=r"^\w[\w.-]{0,127}$")] | None = None
    digest: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None

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

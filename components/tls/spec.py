"""The `tls` section: who signs the certificates of the applications' hosts."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.base import Model

HOURS_PER_DAY = 24


class PrivateCa(Model):
    """A certificate authority of the stack's own; clients have to be given its certificate.

    A certificate is renewed by the first `pulumi up` within `renewBeforeDays` of its end. From that
    day on `pulumi preview --expect-no-changes` fails, and so says that it is due.
    """

    kind: Literal["private-ca"]
    organization: Annotated[str, Field(min_length=1, max_length=60)] = "Groundwork"
    """The O of every subject; the authority is called `<organization> CA`."""
    authority_days: Annotated[int, Field(ge=1)] = 3650
    # https://support.apple.com/102028: a server certificate valid for longer is refused
    certificate_days: Annotated[int, Field(ge=2, le=398)] = 365
    renew_before_days: Annotated[int, Field(ge=1)] = 30

    @model_validator(mode="after")
    def _is_renewed_within_its_life(self) -> Self:
        if self.renew_before_days >= self.certificate_days:
            raise ValueError(
                f"renewBeforeDays {self.renew_before_days} is not below certificateDays "
                f"{self.certificate_days}: every run would renew; lower it"
            )
        return self


Tls = PrivateCa

"""A system: the workloads of one product and what they need, all of it data."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.app.environment import Environment, ServiceOutput
from components.base import DnsLabel, Image, Model, Port, Quantity, grammar
from components.ingress.spec import Route
from components.resources import Resources
from components.storage.spec import Purpose

Path = Annotated[str, *grammar(r"/[^\s]*", "a path that begins with /")]
Command = Annotated[tuple[str, ...], Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
Percent = Annotated[int, Field(ge=1, le=100)]
Seconds = Annotated[int, Field(ge=1)]


class Probe(Model):
    """A path that the kubelet asks by HTTP, and how patient it is."""

    path: Path
    period_seconds: Seconds = 10
    timeout_seconds: Seconds = 5
    failures: Count = 3
    """Answers missing in a row until it counts as failed."""


class Probes(Model):
    """Whether a container has started, has to be restarted, and may be sent requests."""

    startup: Probe | None = None
    """Holds the other two back until it succeeds. Absent: they begin at once."""
    liveness: Probe
    readiness: Probe


class Security(Model):
    """Whom a workload's processes run as, and what they may write."""

    run_as_user: Annotated[int, Field(ge=1)] = 1000
    read_only_root_filesystem: bool = True
    """With it, /tmp alone is writable, besides what is mounted."""


class Rule(Model):
    """Something that a workload's account may do with the Kubernetes API, in its namespace."""

    api_groups: tuple[str, ...] = ("",)
    resources: Annotated[tuple[str, ...], Field(min_length=1)]
    resource_names: tuple[str, ...] = ()
    verbs: Annotated[tuple[str, ...], Field(min_length=1)]


class Account(Model):
    """The account that a workload has at the Kubernetes API."""

    rules: tuple[Rule, ...] = ()
    mount_token: bool = False
    """Whether the containers get the account's token; only what talks to the API needs it."""


class Autoscaling(Model):
    """How many replicas run, by what they use of what they requested."""

    min: Count
    max: Count
    cpu_percent: Percent
    memory_percent: Percent | None = None

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}: swap them")
        return self


class Persistence(Model):
    """A volume that outlives the pods."""

    size: Quantity
    path: Path
    """Where the containers see it."""
    purpose: Purpose = Purpose.BULK
    protect: bool = False
    """Whether it is kept when the stack or this workload goes."""


class Migration(Model):
    """What brings the database to the version that this image expects.

    It runs in each pod before the application does, so it has to take a lock of its own: two
    replicas may run it at once.
    """

    command: Command


class Workload(Model):
    """One Deployment and what surrounds it."""

    image: Image
    command: Command | None = None
    """Absent: the image's own."""
    args: tuple[str, ...] = ()
    port: Port
    """Where it listens, and where its Service does."""
    env: Environment = Field(default_factory=dict)
    resources: Resources
    probes: Probes
    security: Security = Security()
    account: Account = Account()

    wait_for: tuple[Literal["postgres"], ...] = ()
    """Services that have to answer before anything of the pod starts."""
    migrate: Migration | None = None
    termination_grace_seconds: Seconds = 30
    pre_stop_seconds: Annotated[int, Field(ge=0)] = 5
    """How long a pod serves on after it is told to end, until the ingress has heard of it."""

    replicas: Count = 1
    autoscaling: Autoscaling | None = None
    """Absent: always `replicas`."""
    min_available: Count | None = None
    """Replicas that a drain has to leave running. Absent: a drain may take all of them."""
    anti_affinity: Literal["preferred", "required"] | None = None
    """Whether replicas should, or must, run on different nodes."""
    persistence: Persistence | None = None
    ingress: Route = Route()

    @property
    def services(self) -> frozenset[str]:
        """The services that this workload speaks of."""
        spoken = {value.service for value in self.env.values() if isinstance(value, ServiceOutput)}
        return frozenset({*spoken, *self.wait_for})

    @property
    def least(self) -> int:
        """The fewest replicas that are meant to run."""
        return self.autoscaling.min if self.autoscaling else self.replicas

    @model_validator(mode="after")
    def _starts_within_its_bounds(self) -> Self:
        scale = self.autoscaling
        if scale and not scale.min <= self.replicas <= scale.max:
            raise ValueError(
                f"replicas {self.replicas} is outside autoscaling {scale.min} to {scale.max}: "
                "make it one of them"
            )
        return self

    @model_validator(mode="after")
    def _can_be_drained(self) -> Self:
        if self.min_available is not None and self.min_available >= self.least:
            raise ValueError(
                f"minAvailable {self.min_available} of {self.least} replicas: no drain of a node "
                "would ever end; keep it below, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def _can_be_scheduled(self) -> Self:
        one_node = self.persistence and self.persistence.purpose is not Purpose.SHARED
        if one_node and self.anti_affinity == "required" and self.least > 1:
            raise ValueError(
                "antiAffinity required with persistence that one node has: the second replica "
                "could run nowhere; make it preferred, or persistence.purpose shared"
            )
        return self

    @model_validator(mode="after")
    def _ends_in_time(self) -> Self:
        if self.pre_stop_seconds >= self.termination_grace_seconds:
            raise ValueError(
                f"preStopSeconds {self.pre_stop_seconds} leaves nothing of "
                f"terminationGraceSeconds {self.termination_grace_seconds}; raise the latter"
            )
        return self


class PostgresNeed(Model):
    """A database of the stack's Postgres."""

    database: DnsLabel
    """Its key: systems that name the same share it."""


class Needs(Model):
    """The services that a system uses, each absent unless it does."""

    postgres: PostgresNeed | None = None


class System(Model):
    """One product. Workload names are Pulumi and Kubernetes names: a renamed key is replaced."""

    namespace: DnsLabel | None = None
    """Absent: the system's own name."""
    needs: Needs = Needs()
    workloads: dict[DnsLabel, Workload] = Field(min_length=1)

    @property
    def keeps_data(self) -> bool:
        """Whether a volume of it is to outlive the stack."""
        volumes = (workload.persistence for workload in self.workloads.values())
        return any(volume.protect for volume in volumes if volume)

    @model_validator(mode="after")
    def _declares_what_it_uses(self) -> Self:
        declared = {name for name, need in self.needs if need is not None}
        mistakes = [
            f"workloads.{name}: uses {service}, which the system does not need; add needs.{service}"
            for name, workload in self.workloads.items()
            for service in sorted(workload.services - declared)
        ]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self

"""What handling a resource needs: the cluster, a way to speak, and the steps all verbs share."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lab.engine.kubernetes import annotations, mutations, objects, readiness
from lab.engine.kubernetes.api import Object
from lab.engine.kubernetes.cluster import Cluster
from lab.engine.kubernetes.operation import NotReadyError, Operation
from lab.engine.properties import Properties, holds_unknown
from lab.engine.provider import InitializationError, Request


@dataclass(frozen=True)
class Handling:
    """The handling of one request.

    say: shows a passing message beside the resource. warn: a message that stays.
    """

    cluster: Cluster
    cancelled: threading.Event
    say: Callable[[str], Any]
    warn: Callable[[str], Any]

    def is_skipped(self) -> bool:
        """Whether the cluster is unreachable, and the provider is to leave it as it is then."""
        skips = self.cluster.api is None and self.cluster.settings.skip_update_unreachable
        if skips:
            self.warn("Cluster is unreachable but skipUpdateUnreachable is set to true, skipping")
        return skips

    def operation(self, request: Request, wanted: Object) -> Operation:
        """The operation on the object, with its timeout."""
        return Operation(
            api=self.cluster.reached,
            preview=request.preview,
            timeout=annotations.timeout_seconds(wanted, request.timeout),
            cancelled=self.cancelled,
            say=self.say,
            warn=self.warn,
        )

    def may_force(self, wanted: Object) -> bool:
        """Whether fields may be taken from their owners."""
        forced = annotations.is_true(wanted, annotations.PATCH_FORCE)
        return forced or self.cluster.settings.patch_force

    def can_preview(self, request: Request, wanted: Object) -> bool:
        """Whether a dry run can say what a creation would bring."""
        kind = objects.kind_of_token(request.type)
        is_patch = objects.is_patch(request.type)
        return not is_patch and not holds_unknown(wanted) and self.cluster.serves(kind)

    def state(self, request: Request, wanted: Object, live: Object, manager: str) -> Properties:
        """The state to record for the live object."""
        first = request.state.get(objects.INITIAL_API_VERSION) or live.get("apiVersion")
        marks = {objects.FIELD_MANAGER: manager, objects.INITIAL_API_VERSION: first}
        return objects.checkpoint(wanted, live, request.inputs, marks)

    def wait(
        self,
        request: Request,
        operation: Operation,
        manager: str,
        wanted: Object,
        versions: tuple[Object, Object | None],
    ) -> Object:
        """The object once it is ready; otherwise the error that records what there is."""
        after, before = versions
        try:
            return readiness.wait(operation, wanted, after, before)
        except NotReadyError as error:
            state = self.state(request, wanted, error.live, manager)
            raise half_made(error, objects.identity(error.live), state) from error

    def release_former(
        self, operation: Operation, request: Request, live: Object, manager: str
    ) -> None:
        """Give up what the resource owned under a manager's name it has no more."""
        former = request.state.get(objects.FIELD_MANAGER)
        if former and former != manager:
            mutations.relinquish(operation, live, former)


def half_made(error: NotReadyError, identity: str, state: Properties) -> InitializationError:
    """The error that records an object which is there and not ready."""
    return InitializationError(
        [str(error), *error.problems],
        identity=identity,
        state=state,
        inputs=state[objects.INPUTS],
    )

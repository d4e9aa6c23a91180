"""The whole resource graph of a Pulumi program, recorded: registered, nothing created.

Stock mocks hide parents, dependencies, options and which inputs are secret; all of it is in the
request that the SDK sends, so this monitor keeps the request. Each run has a thread and an event
loop of its own, because the SDK keeps its settings in context variables that leak between runs.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks, settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

from tests.unit.wire import Secret, read, struct

STACK = "pulumi:pulumi:Stack"


@dataclass
class Node:
    """One registration. `secrets` and `unknowns` are dotted paths into `inputs`."""

    urn: str
    request: resource_pb2.RegisterResourceRequest
    inputs: dict[str, Any]
    secrets: set[str]
    unknowns: set[str]
    outputs: dict[str, Any] | None = None

    @property
    def type(self) -> str:
        return self.request.type

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def parent(self) -> str:
        return self.request.parent

    @property
    def provider(self) -> str:
        return self.request.provider

    @property
    def dependencies(self) -> set[str]:
        return set(self.request.dependencies)


class Graph(dict[str, Node]):
    """URN -> Node, with the questions tests ask of it."""

    duplicates: list[str]
    exports: dict[str, Any]
    secret_exports: set[str]

    def of(self, kind: str) -> dict[str, Node]:
        """The nodes of a type, by name."""
        return {n.name: n for n in self.values() if n.type == kind}

    def kubernetes(self) -> list[Node]:
        """What would be sent to a Kubernetes API."""
        return [n for n in self.values() if n.type.startswith("kubernetes:")]

    def one(self, name: str, kind: str | None = None) -> Node:
        found = [n for n in self.values() if n.name == name and kind in {None, n.type}]
        assert len(found) == 1, f"{name} ({kind}): {[n.urn for n in found]}"
        return found[0]

    def ancestors(self, node: Node) -> Iterator[Node]:
        while node.parent:
            node = self[node.parent]
            yield node

    def waits_for(self, node: Node) -> set[str]:
        """URNs that exist before `node` does: its dependencies and its ancestors', transitively."""
        seen: set[str] = set()
        todo = [node]
        while todo:
            current = todo.pop()
            near = current.dependencies | {a.urn for a in self.ancestors(current)}
            for urn in near - seen:
                seen.add(urn)
                todo.append(self[urn])
        return seen


Returns = dict[str, Callable[[Node], dict[str, Any]]]


@dataclass
class Recorder(mocks.MockMonitor):
    """Answers each registration with its inputs and what `returns` adds for its type."""

    returns: Returns
    preview: bool
    graph: Graph = field(default_factory=Graph)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        super().__init__(_NoMocks())
        self.graph.duplicates, self.graph.exports, self.graph.secret_exports = [], {}, set()

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        supported = request.id not in {"transforms", "invokeTransforms"}
        return resource_pb2.SupportsFeatureResponse(hasSupport=supported)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        inputs, secrets, unknowns = read(request.object)
        urn = self.make_urn(request.parent, request.type, request.name)
        node = Node(urn, request, inputs, secrets, unknowns)
        with self.lock:
            if urn in self.graph:
                self.graph.duplicates.append(urn)
            self.graph[urn] = node
        if request.type == STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        state = dict(inputs)
        for path in {s for s in secrets if s in state}:
            state[path] = Secret(state[path])
        if not self.preview:
            state |= self.returns.get(request.type, lambda _: {})(node)
        identity = "" if self.preview or not request.custom else f"{request.name}-id"
        with self.lock:
            self.resources[urn] = self.ResourceRegistration(urn, identity, state)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=struct(state))

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        outputs, secrets, _ = read(request.outputs)
        with self.lock:
            self.graph[request.urn].outputs = outputs
            if self.graph[request.urn].type == STACK:
                self.graph.exports, self.graph.secret_exports = outputs, secrets
        return super().RegisterResourceOutputs(request)

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - gRPC's name
        raise AssertionError(f"{request.tok}: the program asks providers nothing")


class _NoMocks(pulumi.runtime.Mocks):
    def new_resource(self, args: Any) -> Any:
        raise NotImplementedError

    def call(self, args: Any) -> Any:
        raise NotImplementedError


def record(
    program: Callable[[], Any],
    *,
    returns: Returns | None = None,
    preview: bool = False,
    config: dict[str, str] | None = None,
    secret_keys: Iterable[str] = (),
    stack: str = "test",
) -> Graph:
    """The graph that `program` registers; raises what the program or any of its applies raised."""
    recorder = Recorder(returns or {}, preview)
    errors: list[BaseException] = []

    def deployment() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            _configure(recorder, stack, preview, dict(config or {}), list(secret_keys))
            loop.run_until_complete(run_in_stack(program))
        except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
            errors.append(error)
        finally:
            _close(loop)

    thread = threading.Thread(target=deployment)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return recorder.graph


def _configure(
    recorder: Recorder, stack: str, preview: bool, config: dict[str, str], secret_keys: list[str]
) -> None:
    settings.reset_options(project="groundwork", stack=stack, preview=preview)
    settings.configure(
        settings.Settings(
            project="groundwork",
            stack=stack,
            monitor=recorder,
            engine=mocks.MockEngine(None),
            dry_run=preview,
            organization="organization",
            root_directory=".",
        )
    )
    set_all_config(config, secret_keys)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()

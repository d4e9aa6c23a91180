"""The wire side of a provider plugin: gRPC messages in, calls of a Provider, gRPC messages out."""

import json
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import provider_pb2, status_pb2

from lab.engine import rpc
from lab.engine.engine_log import EngineLog
from lab.engine.properties import Properties, marshal, unmarshal
from lab.engine.provider import (
    Checked,
    Difference,
    Found,
    InitializationError,
    Kind,
    Provider,
    ProviderError,
    Request,
)

Method = Callable[[Any], Awaitable[Any]]


def _request(message: Any, **properties: Properties) -> Request:
    """The engine's question without its wire format. Older messages lack name and type."""
    parts = message.urn.split("::")
    return Request(
        urn=message.urn,
        type=getattr(message, "type", "") or parts[2].rsplit("$", 1)[-1],
        name=getattr(message, "name", "") or "::".join(parts[3:]),
        id=getattr(message, "id", ""),
        preview=getattr(message, "preview", False),
        timeout=getattr(message, "timeout", 0.0),
        seed=getattr(message, "randomSeed", b""),
        ignore_changes=tuple(getattr(message, "ignoreChanges", ())),
        proposed_name=_proposed_name(message),
        **properties,
    )


def _changing(message: Any) -> Request:
    return _request(
        message,
        state=unmarshal(message.olds),
        old_inputs=unmarshal(message.old_inputs),
        inputs=unmarshal(message.news),
    )


def _found(answer: Found | None) -> proto.ReadResponse:
    """An empty id tells the engine that the resource is gone."""
    if answer is None:
        return proto.ReadResponse()
    return proto.ReadResponse(
        id=answer.id, properties=marshal(answer.state), inputs=marshal(answer.inputs)
    )


def _proposed_name(message: Any) -> str:
    """The name that the stack's autonaming configuration makes, where there is one."""
    autonaming = getattr(message, "autonaming", None)
    return str(autonaming.proposed_name) if autonaming else ""


def _checked(answer: Checked) -> proto.CheckResponse:
    return proto.CheckResponse(
        inputs=marshal(answer.inputs),
        failures=[
            proto.CheckFailure(property=one.property, reason=one.reason) for one in answer.failures
        ],
    )


def _difference(answer: Difference) -> proto.DiffResponse:
    some = proto.DiffResponse.DIFF_SOME if answer.changed else proto.DiffResponse.DIFF_NONE
    detailed = answer.detailed or {}
    return proto.DiffResponse(
        changes=some,
        diffs=list(answer.changed),
        replaces=list(answer.replaces),
        stables=list(answer.stables),
        deleteBeforeReplace=answer.delete_before_replace,
        detailedDiff={path: _property_diff(kind) for path, kind in detailed.items()},
        hasDetailedDiff=answer.detailed is not None,
    )


def _property_diff(kind: Kind) -> proto.PropertyDiff:
    # The protocol numbers its kinds as Kind does.
    return proto.PropertyDiff(kind=kind.value, inputDiff=True)  # type: ignore[arg-type]


async def _abort(context: rpc.Context, error: Exception) -> None:
    """End the call with an error in the form the engine understands."""
    if isinstance(error, InitializationError):
        await _abort_half_made(context, error)
    if isinstance(error, ProviderError):
        await context.abort(grpc.StatusCode.UNKNOWN, str(error))
    await context.abort(grpc.StatusCode.INTERNAL, "".join(traceback.format_exception(error)))


async def _abort_half_made(context: rpc.Context, error: InitializationError) -> None:
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=error.identity,
            properties=marshal(error.state),
            reasons=list(error.reasons),
            inputs=marshal(error.inputs),
        )
    )
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _answering(method: Method) -> rpc.Answer:
    """The method as gRPC calls it, with every failure in it told to the engine."""

    async def answer(message: Any, context: rpc.Context) -> Any:
        try:
            return await method(message)
        except Exception as error:
            await _abort(context, error)
            raise

    return answer


class Servicer:
    """The gRPC service of one Provider. Secrets are kept, output values are not asked for.

    What the protocol has and is not here (components, parameterisation, mappings) gRPC answers
    with UNIMPLEMENTED, and the engine knows how to do without.
    """

    def __init__(self, provider: Provider, engine_address: str) -> None:
        self._provider, self._engine_address = provider, engine_address
        self._is_started = False

    def handler(self) -> grpc.GenericRpcHandler:
        """The service, for a gRPC server."""
        methods = {name: _answering(method) for name, method in self._methods().items()}
        return rpc.handler(provider_pb2.DESCRIPTOR.services_by_name["ResourceProvider"], methods)

    def _methods(self) -> dict[str, Method]:
        return {
            "Handshake": self._handshake,
            "Attach": self._attach,
            "GetPluginInfo": self._plugin_info,
            "GetSchema": self._schema,
            "CheckConfig": self._check_config,
            "DiffConfig": self._diff_config,
            "Configure": self._configure,
            "Invoke": self._invoke,
            "Check": self._check,
            "Diff": self._diff,
            "Create": self._create,
            "Read": self._read,
            "Update": self._update,
            "Delete": self._delete,
            "Cancel": self._cancel,
        }

    async def _start(self, address: str) -> None:
        if not self._is_started:
            self._is_started = True
            await self._provider.started(EngineLog(address))

    async def _handshake(self, message: Any) -> proto.ProviderHandshakeResponse:
        await self._start(message.engine_address)
        return proto.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    async def _attach(self, message: Any) -> empty_pb2.Empty:
        await self._start(message.address)
        return empty_pb2.Empty()

    async def _plugin_info(self, _message: Any) -> proto.PluginInfo:
        return proto.PluginInfo(version=self._provider.version)

    async def _schema(self, _message: Any) -> proto.GetSchemaResponse:
        schema = {"name": self._provider.name, "version": self._provider.version}
        return proto.GetSchemaResponse(schema=json.dumps(schema))

    async def _check_config(self, message: Any) -> proto.CheckResponse:
        request = _request(
            message, old_inputs=unmarshal(message.olds), inputs=unmarshal(message.news)
        )
        return _checked(await self._provider.check_config(request))

    async def _diff_config(self, message: Any) -> proto.DiffResponse:
        return _difference(await self._provider.diff_config(_changing(message)))

    async def _configure(self, message: Any) -> proto.ConfigureResponse:
        await self._start(self._engine_address)
        await self._provider.configure(unmarshal(message.args))
        return proto.ConfigureResponse(
            acceptSecrets=True, acceptResources=True, acceptOutputs=False, supportsPreview=True
        )

    async def _invoke(self, message: Any) -> proto.InvokeResponse:
        answer = await self._provider.invoke(
            message.tok, unmarshal(message.args), preview=message.preview
        )
        # `return` is a keyword in Python.
        fields: dict[str, Any] = {"return": marshal(answer)}
        return proto.InvokeResponse(**fields)

    async def _check(self, message: Any) -> proto.CheckResponse:
        request = _request(
            message, old_inputs=unmarshal(message.olds), inputs=unmarshal(message.news)
        )
        return _checked(await self._provider.resource(request.type).check(request))

    async def _diff(self, message: Any) -> proto.DiffResponse:
        request = _changing(message)
        return _difference(await self._provider.resource(request.type).diff(request))

    async def _create(self, message: Any) -> proto.CreateResponse:
        request = _request(message, inputs=unmarshal(message.properties))
        identity, state = await self._provider.resource(request.type).create(request)
        return proto.CreateResponse(id=identity, properties=marshal(state))

    async def _read(self, message: Any) -> proto.ReadResponse:
        request = _request(
            message, state=unmarshal(message.properties), inputs=unmarshal(message.inputs)
        )
        return _found(await self._provider.resource(request.type).read(request))

    async def _update(self, message: Any) -> proto.UpdateResponse:
        request = _changing(message)
        state = await self._provider.resource(request.type).update(request)
        return proto.UpdateResponse(properties=marshal(state))

    async def _delete(self, message: Any) -> empty_pb2.Empty:
        request = _request(
            message, state=unmarshal(message.properties), old_inputs=unmarshal(message.old_inputs)
        )
        await self._provider.resource(request.type).delete(request)
        return empty_pb2.Empty()

    async def _cancel(self, _message: Any) -> empty_pb2.Empty:
        await self._provider.cancel()
        return empty_pb2.Empty()

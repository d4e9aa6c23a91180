"""gRPC services by their protobuf descriptor: a table of methods instead of a generated base class.

A method that is not in the table gRPC answers with UNIMPLEMENTED, which the engine understands.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc
import grpc.aio
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

Context = grpc.aio.ServicerContext[Any, Any]
Answer = Callable[[Any, Context], Any]

# As the engine's own servers: a chart or a command's output is larger than gRPC's default of 4 MB.
OPTIONS = (
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),
    ("grpc.max_send_message_length", 400 * 1024 * 1024),
    ("grpc.so_reuseport", 0),
)


def handler(service: ServiceDescriptor, methods: Mapping[str, Answer]) -> grpc.GenericRpcHandler:
    """The service, for a gRPC server. A method of a streaming call is an async generator."""
    handlers = {}
    for name, method in methods.items():
        types = service.methods_by_name[name]
        make = (
            grpc.unary_stream_rpc_method_handler
            if types.server_streaming
            else grpc.unary_unary_rpc_method_handler
        )
        handlers[name] = make(
            method,
            request_deserializer=GetMessageClass(types.input_type).FromString,
            response_serializer=GetMessageClass(types.output_type).SerializeToString,
        )
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def plain(method: Callable[[Any], Awaitable[Any]]) -> Answer:
    """A method that needs no gRPC context, as gRPC calls it."""

    async def answer(message: Any, _context: Context) -> Any:
        return await method(message)

    return answer

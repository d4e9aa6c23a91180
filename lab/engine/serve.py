"""A plugin's process: it serves on loopback, says the port, and ends with the engine."""

import asyncio
import contextlib
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable

import grpc
import grpc.aio

from lab.engine.provider import Provider
from lab.engine.rpc import OPTIONS
from lab.engine.servicer import Servicer


def serve(provider: Provider) -> None:
    """Serve a provider until the engine interrupts the process or is gone. Does not return."""
    serve_handler(Servicer(provider, engine_address()).handler)


def engine_address() -> str:
    """The address of the engine's own service: the first argument that is no flag."""
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    return arguments[0] if arguments else ""


def serve_handler(handler: Callable[[], grpc.GenericRpcHandler]) -> None:
    """Serve a gRPC service in the manner of a plugin. Does not return."""
    _end_with_engine()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(handler))
    # At once: what is still open (connections to hosts, say) is open on purpose until now.
    os._exit(0)


def _end_with_engine() -> None:
    """End this process when the engine dies: the engine holds the other end of standard input."""
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_await_end_of_input, daemon=True).start()


def _await_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


async def _serve(handler: Callable[[], grpc.GenericRpcHandler]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await stopped.wait()
    # Each call that is cancelled from here on would print a traceback into what the engine says.
    with open(os.devnull, "wb") as nowhere:  # noqa: ASYNC230, PTH123 - a descriptor, at the end
        os.dup2(nowhere.fileno(), 2)

"""A plugin's process: it serves a Provider on loopback, says the port, and ends with the engine."""

import asyncio
import contextlib
import os
import signal
import stat
import sys
import threading

import grpc.aio

from lab.engine.provider import Provider
from lab.engine.servicer import Servicer

# As the engine's own servers: a kubeconfig or a chart is larger than gRPC's default of 4 MB.
_OPTIONS = (
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),
    ("grpc.max_send_message_length", 400 * 1024 * 1024),
    ("grpc.so_reuseport", 0),
)


def serve(provider: Provider) -> None:
    """Serve until the engine interrupts the process or is gone. Does not return."""
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    engine_address = arguments[0] if arguments else ""
    end_with_parent()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(provider, engine_address))
    # At once: what is still open (connections to hosts, say) is open on purpose until now.
    os._exit(0)


def end_with_parent() -> None:
    """End this process when the engine dies: the engine holds the other end of standard input."""
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_await_end_of_input, daemon=True).start()


def _await_end_of_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


async def _serve(provider: Provider, engine_address: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    server = grpc.aio.server(options=_OPTIONS)
    server.add_generic_rpc_handlers((Servicer(provider, engine_address).handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await stopped.wait()

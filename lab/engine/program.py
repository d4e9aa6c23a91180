"""The process a Pulumi program runs in: the program is a directory with a `__main__.py`.

usage: python -P program.py ENGINE_ADDRESS < the engine's RunRequest, serialised
It imports nothing of the lab, and nothing of the lab is on the program's import path.
"""

import asyncio
import contextlib
import logging
import os
import runpy
import signal
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType, TracebackType

import pulumi
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime.proto import language_pb2

HAS_SAID_WHY = 32
"""The exit status of a program whose error is already on the screen."""

_INTERRUPTED = 130
# The SDK's own host does the same: engine calls wait in threads.
_THREADS_PER_OPERATION = 4


def main() -> int:
    """Run the program the request on standard input names, and say how it ended."""
    signal.signal(signal.SIGINT, _interrupted)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    request = language_pb2.RunRequest.FromString(sys.stdin.buffer.read())
    entry = request.info.entry_point or request.program
    configure(
        Settings(
            project=request.project,
            stack=request.stack,
            monitor=request.monitor_address,
            engine=sys.argv[1],
            parallel=request.parallel,
            dry_run=request.dryRun,
            organization=request.organization or "organization",
            root_directory=request.info.root_directory,
        )
    )
    set_all_config(dict(request.config), list(request.configSecretKeys))
    sys.argv = [entry, *request.args]
    # Outputs nobody awaited are no news when a program fails half way.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    return _run(entry, parallel=request.parallel)


def _run(entry: str, *, parallel: int) -> int:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    threads = ThreadPoolExecutor(max_workers=max(parallel, 1) * _THREADS_PER_OPERATION)
    loop.set_default_executor(threads)
    try:
        loop.run_until_complete(run_in_stack(lambda: _execute(entry)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception as error:  # noqa: BLE001 -- a program may raise what it likes
        shown = _from_program(error.__traceback__, Path(entry).resolve())
        text = "".join(traceback.format_exception(type(error), error, shown))
        pulumi.log.error(f"Program failed with an unhandled exception:\n{text}")
        return HAS_SAID_WHY
    finally:
        threads.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _end_with(host: int) -> None:
    """End once the language host has: a killed one cannot say so, and calls to it wait for ever."""
    while os.getppid() == host:
        time.sleep(1)
    os._exit(_INTERRUPTED)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """End at once and in silence: the engine interrupts a program when a resource has failed."""
    with contextlib.suppress(RuntimeError):  # the signal may have come in the middle of a print
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(_INTERRUPTED)


def _execute(entry: str) -> None:
    runpy.run_path(entry, run_name="__main__")


def _from_program(trace: TracebackType | None, entry: Path) -> TracebackType | None:
    """The traceback from the program's own first line on; all of it when none is the program's."""
    main_file = entry / "__main__.py" if entry.is_dir() else entry
    step = trace
    while step is not None:
        if Path(step.tb_frame.f_code.co_filename).resolve() == main_file:
            return step
        step = step.tb_next
    return trace


if __name__ == "__main__":
    sys.exit(main())

"""Helm's actions, each in a process of its own (helm_process.py)."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_PROGRAM: Final = Path(__file__).with_name("helm_process.py")
_POLL_SECONDS: Final = 0.3
# After an interrupt Helm cleans up (an atomic release is rolled back); then it is killed.
_GRACE_SECONDS: Final = 60


class HelmFailedError(Exception):
    """A refusal of Helm's, in its words."""


def run(action: str, request: Mapping[str, Any], cancelled: threading.Event | None = None) -> Any:
    """What the action answers. A set `cancelled` interrupts it."""
    # -P: a file of the program's folder must not shadow a module.
    process = subprocess.Popen(
        [sys.executable, "-P", str(_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C reaches the engine, which cancels in its own time.
        start_new_session=True,
    )
    body: str | None = json.dumps({"action": action, **request})
    interrupts = 0
    while True:
        try:
            out, err = process.communicate(body, timeout=_POLL_SECONDS)
            break
        except subprocess.TimeoutExpired:
            body = None  # it has been sent
            if cancelled is not None and cancelled.is_set():
                _interrupt(process, interrupts)
                interrupts += 1
    return _answer(action, out, err)


def _interrupt(process: subprocess.Popen[str], before: int) -> None:
    if before == 0:
        process.send_signal(signal.SIGINT)
    elif before * _POLL_SECONDS > _GRACE_SECONDS:
        process.kill()


def _answer(action: str, out: str, err: str) -> Any:
    try:
        answer = json.loads(out)
    except ValueError as error:
        said = err.strip()[-2000:] or "it said nothing"
        raise HelmFailedError(f"helm {action} ended without an answer: {said}") from error
    if "error" in answer:
        raise HelmFailedError(str(answer["error"]))
    return answer.get("result")

"""One Helm action in a process of its own: a request in JSON on standard input, the answer out.

Helm is a Go library here. Its runtime stays out of the plugin, and an interrupt ends an action the
way Ctrl-C ends `helm`. The module imports nothing of the lab: it is run by its path.
"""

import json
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

import helm_python as helm
from helm_python import _native

_JOIN_SECONDS = 0.2


def main() -> int:
    """Answer the request. The exit status is 0 whenever there is an answer, a refusal included."""
    request = json.load(sys.stdin)
    answer: dict[str, Any] = {}
    plugin = os.getppid()
    context = helm.HelmContext()

    def act() -> None:
        try:
            answer["result"] = _ACTIONS[request["action"]](request, context)
        except helm.HelmError as error:
            answer["error"] = str(error)
            answer["kind"] = type(error).__name__

    def interrupted(_number: int, _frame: FrameType | None) -> None:
        context.cancel()

    signal.signal(signal.SIGINT, interrupted)
    # A signal handler runs between two steps of the main thread, so that one must not be in Helm.
    worker = threading.Thread(target=act)
    worker.start()
    while worker.is_alive():
        worker.join(_JOIN_SECONDS)
        if os.getppid() != plugin:
            context.cancel()  # nobody is left to tell the outcome
    json.dump(answer, sys.stdout)
    return 0


def _config(request: dict[str, Any]) -> helm.Config:
    return helm.Config(
        kubeconfig_content=request["kubeconfig"],
        kube_context=request["context"] or None,
        namespace=request["namespace"],
    )


def _apply(request: dict[str, Any], context: helm.HelmContext) -> Any:
    # By the library's own entry: the typed methods leave out half of the options it takes.
    with _config(request) as config:
        payload = _native.call_string(
            f"helm_{request['action']}",
            config._raw(),  # noqa: SLF001
            context._raw(),  # noqa: SLF001
            _native.HANDLE(0),
            request["chart"],
            request["name"],
            json.dumps(request["values"]),
            json.dumps(request["options"]),
        )
    return json.loads(payload)


def _uninstall(request: dict[str, Any], _context: helm.HelmContext) -> Any:
    with _config(request) as config:
        return config.uninstall(request["name"], **request["options"])


def _status(request: dict[str, Any], _context: helm.HelmContext) -> Any:
    """The release with its values, None when there is none."""
    with _config(request) as config:
        try:
            found = config.status(request["name"])
        except helm.HelmNotFoundError:
            return None
        return found | {"config": config.get_values(request["name"])}


def _pull(request: dict[str, Any], _context: helm.HelmContext) -> Any:
    return helm.pull(request["chart"], **request["options"])


_ACTIONS = {
    "install": _apply,
    "upgrade": _apply,
    "uninstall": _uninstall,
    "status": _status,
    "pull": _pull,
}

if __name__ == "__main__":
    sys.exit(main())

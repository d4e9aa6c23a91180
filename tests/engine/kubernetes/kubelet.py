"""What a node does for pods, without a node: it binds them and writes their status.

The image's name says how a container fares: ready, slow, missing, crash, done, fail.
"""

import contextlib
import threading

from lab.engine.kubernetes.api import Api, ApiError, Kind, UnreachableError
from lab.engine.kubernetes.kubeconfig import connection, parse

POD = Kind("", "v1", "Pod")
_AT = "2026-01-01T00:00:00Z"


class Kubelet:
    """A thread that looks after every pod of the cluster until it is stopped."""

    def __init__(self, kubeconfig):
        self._api = Api(connection(parse(kubeconfig), {}))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self):
        self._stopped.set()
        self._thread.join()
        self._api.close()

    def _run(self):
        while not self._stopped.wait(0.2):
            with contextlib.suppress(ApiError, UnreachableError):
                for pod in self._api._request("GET", "/api/v1/pods")["items"]:
                    self._look_after(pod)

    def _look_after(self, pod):
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        if metadata.get("deletionTimestamp"):
            body = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
            self._api._request("DELETE", path, body=body)
            return
        if not pod["spec"].get("nodeName"):
            target = {"apiVersion": "v1", "kind": "Node", "name": "paper"}
            binding = {"apiVersion": "v1", "kind": "Binding", "target": target}
            binding["metadata"] = {"name": metadata["name"]}
            self._api._request("POST", f"{path}/binding", body=binding)
        container = pod["spec"]["containers"][0]
        status = _status(container["image"].rpartition("/")[2], container["name"])
        if (
            pod["status"].get("phase") != status["phase"]
            or "containerStatuses" not in pod["status"]
        ):
            self._api._request(
                "PATCH",
                f"{path}/status",
                body={"status": status},
                content_type="application/merge-patch+json",
            )


def _status(image, name):
    state, phase, ready, last = {
        "ready": ({"running": {"startedAt": _AT}}, "Running", True, {}),
        "slow": ({"running": {"startedAt": _AT}}, "Running", False, {}),
        "missing": (_waiting("ImagePullBackOff", "no such image here"), "Pending", False, {}),
        "crash": (_waiting("CrashLoopBackOff", "back-off"), "Running", False, _ended(3)),
        "done": (_ended(0), "Succeeded", False, {}),
        "fail": (_ended(7), "Failed", False, {}),
    }[image]
    container = {
        "name": name,
        "image": f"lab/{image}",
        "imageID": "",
        "ready": ready,
        "restartCount": 0,
        "state": state,
        "lastState": last,
    }
    conditions = [
        {"type": "PodScheduled", "status": "True"},
        {"type": "Initialized", "status": "True"},
        _condition("ContainersReady", ready=ready, name=name),
        _condition("Ready", ready=ready, name=name),
    ]
    return {
        "phase": phase,
        "conditions": conditions,
        "containerStatuses": [container],
        "podIP": "10.42.0.9",
        "podIPs": [{"ip": "10.42.0.9"}],
    }


def _condition(kind, *, ready, name):
    if ready:
        return {"type": kind, "status": "True", "lastTransitionTime": _AT}
    return {
        "type": kind,
        "status": "False",
        "reason": "ContainersNotReady",
        "message": f"containers with unready status: [{name}]",
        "lastTransitionTime": _AT,
    }


def _waiting(reason, message):
    return {"waiting": {"reason": reason, "message": message}}


def _ended(code):
    reason = "Error" if code else "Completed"
    return {"terminated": {"exitCode": code, "reason": reason, "startedAt": _AT, "finishedAt": _AT}}

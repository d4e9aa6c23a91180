"""A Kubernetes API server over HTTPS: discovery, and the verbs the plugin needs."""

import threading
import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import httpx

from lab.engine.kubernetes.kubeconfig import Connection

USER_AGENT: Final = "pulumi-kubernetes/lab"
# How long one answer may take; the real client has 32 s.
_TIMEOUT_SECONDS: Final = 32.0
_CONNECT_SECONDS: Final = 10.0
# Answers shared between waits that look at the same list at the same time.
_RECENT_SECONDS: Final = 0.4
_TOO_MANY_REQUESTS: Final = 429
_NOT_FOUND: Final = 404
_ERROR: Final = 400

Object = dict[str, Any]
"""A Kubernetes object as JSON has it."""


class Kind(NamedTuple):
    """A group, version and kind."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """The `apiVersion` of objects of this kind."""
        return f"{self.group}/{self.version}" if self.group else self.version


class ApiError(Exception):
    """A refusal of the API server, with the status object it sent."""

    def __init__(self, status: Mapping[str, Any]) -> None:
        super().__init__(str(status.get("message") or status.get("reason") or "unknown error"))
        self.code = int(status.get("code") or 0)
        self.reason = str(status.get("reason") or "")
        self.details: Mapping[str, Any] = status.get("details") or {}

    @property
    def causes(self) -> list[Mapping[str, Any]]:
        """The single findings, where the server lists them."""
        return list(self.details.get("causes") or [])


class NoMatchError(Exception):
    """A kind the API server does not serve."""


class UnreachableError(Exception):
    """An API server that does not answer."""


class _Served(NamedTuple):
    plural: str
    namespaced: bool


class Api:
    """One API server. Safe to use from many threads."""

    def __init__(self, connection: Connection) -> None:
        self._client = httpx.Client(
            base_url=connection.server,
            verify=connection.tls,
            headers={"User-Agent": USER_AGENT, **connection.headers},
            timeout=httpx.Timeout(_TIMEOUT_SECONDS, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
        )
        self._lock = threading.Lock()
        self._served: dict[str, dict[str, _Served]] = {}
        self._recent: dict[tuple[Kind, str], tuple[float, list[Object]]] = {}

    def version(self) -> dict[str, Any]:
        """The server's version; the cheapest proof that it answers."""
        return self._request("GET", "/version")

    def is_namespaced(self, kind: Kind) -> bool:
        """Whether objects of the kind live in a namespace."""
        return self._find(kind).namespaced

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """One live object."""
        return self._request("GET", self._path(kind, namespace, name))

    def listed(self, kind: Kind, namespace: str) -> list[Object]:
        """The live objects of a kind in a namespace."""
        listed = self._request("GET", self._path(kind, namespace))
        # A list's items name neither their kind nor their version.
        named = {"apiVersion": kind.api_version, "kind": kind.kind}
        return [{**named, **item} for item in listed.get("items") or []]

    def recent(self, kind: Kind, namespace: str) -> list[Object]:
        """As `listed`, but an answer some tenths of a second old will do."""
        with self._lock:
            at, items = self._recent.get((kind, namespace), (0.0, []))
        if time.monotonic() - at < _RECENT_SECONDS:
            return items
        items = self.listed(kind, namespace)
        with self._lock:
            self._recent[kind, namespace] = (time.monotonic(), items)
        return items

    def create(self, obj: Object, *, manager: str, dry_run: bool) -> Object:
        """The object, made new."""
        query = _query(fieldManager=manager, dryRun=dry_run)
        path = self._path(kind_of(obj), namespace_of(obj))
        return self._request("POST", path, query=query, body=obj)

    def apply(self, obj: Object, *, manager: str, force: bool, dry_run: bool) -> Object:
        """The object after a server-side apply by the manager."""
        query = _query(fieldManager=manager, dryRun=dry_run, force=force)
        return self._patch(obj, query, "application/apply-patch+yaml", obj)

    def replace(self, obj: Object, *, manager: str, dry_run: bool) -> Object:
        """The object, put in the place of the live one."""
        query = _query(fieldManager=manager, dryRun=dry_run)
        path = self._path(kind_of(obj), namespace_of(obj), name_of(obj))
        return self._request("PUT", path, query=query, body=obj)

    def json_patch(self, obj: Object, operations: list[Any]) -> Object:
        """The object after a JSON patch."""
        return self._patch(obj, {}, "application/json-patch+json", operations)

    def delete(self, kind: Kind, namespace: str, name: str, propagation: str) -> None:
        """Deletion, asked for; the object may live on while its finalizers run."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        self._request("DELETE", self._path(kind, namespace, name), body=body)

    def forget(self) -> None:
        """Drop what discovery found: a custom resource definition came or went."""
        with self._lock:
            self._served.clear()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _patch(self, obj: Object, query: dict[str, str], content_type: str, body: Any) -> Object:
        path = self._path(kind_of(obj), namespace_of(obj), name_of(obj))
        return self._request("PATCH", path, query=query, body=body, content_type=content_type)

    def _path(self, kind: Kind, namespace: str, name: str = "") -> str:
        served = self._find(kind)
        path = _root(kind)
        if served.namespaced:
            path += f"/namespaces/{namespace or 'default'}"
        path += f"/{served.plural}"
        return f"{path}/{name}" if name else path

    def _find(self, kind: Kind) -> _Served:
        with self._lock:
            known = self._served.get(kind.api_version, {})
        if kind.kind not in known:
            # Asked again each time: the kind's definition may have been made meanwhile.
            known = self._discover(kind)
            with self._lock:
                self._served[kind.api_version] = known
        if kind.kind not in known:
            raise NoMatchError(f'no matches for kind "{kind.kind}" in version "{kind.api_version}"')
        return known[kind.kind]

    def _discover(self, kind: Kind) -> dict[str, _Served]:
        try:
            listed = self._request("GET", _root(kind))
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return {}
            raise
        return {
            entry["kind"]: _Served(entry["name"], entry["namespaced"])
            for entry in listed.get("resources") or []
            if "/" not in entry["name"]
        }

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Object:
        try:
            answer = self._client.request(
                method, path, params=query, json=body, headers={"Content-Type": content_type}
            )
            if answer.status_code == _TOO_MANY_REQUESTS:
                time.sleep(float(answer.headers.get("Retry-After") or 1))
                answer = self._client.request(
                    method, path, params=query, json=body, headers={"Content-Type": content_type}
                )
        except httpx.HTTPError as error:
            raise UnreachableError(f"{method} {self._client.base_url}{path}: {error}") from error
        if answer.status_code >= _ERROR:
            raise ApiError(_status(answer))
        answered: Object = answer.json()
        return answered


def kind_of(obj: Mapping[str, Any]) -> Kind:
    """The group, version and kind of an object."""
    group, _, version = str(obj.get("apiVersion") or "").rpartition("/")
    return Kind("" if group == "core" else group, version, str(obj.get("kind") or ""))


def name_of(obj: Mapping[str, Any]) -> str:
    """The object's name, or nothing."""
    return str((obj.get("metadata") or {}).get("name") or "")


def namespace_of(obj: Mapping[str, Any]) -> str:
    """The object's namespace, or nothing."""
    return str((obj.get("metadata") or {}).get("namespace") or "")


def _root(kind: Kind) -> str:
    return f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"


def _query(*, fieldManager: str, dryRun: bool, force: bool | None = None) -> dict[str, str]:  # noqa: N803 -- the API's names
    query = {"fieldManager": fieldManager}
    if dryRun:
        query["dryRun"] = "All"
    if force is not None:
        query["force"] = str(force).lower()
    return query


def _status(answer: httpx.Response) -> dict[str, Any]:
    try:
        status = answer.json()
    except ValueError:
        status = {}
    if not isinstance(status, dict) or status.get("kind") != "Status":
        status = {"message": answer.text[:500] or answer.reason_phrase}
    return {"code": answer.status_code, **status}

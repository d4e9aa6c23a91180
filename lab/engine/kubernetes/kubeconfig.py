"""The kubeconfig a provider is given: contents or a path, and the one cluster it selects."""

import base64
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


class KubeconfigError(Exception):
    """A kubeconfig that cannot be read or names no cluster."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """How one cluster is reached: address, trust, credentials and the context's namespace."""

    server: str
    tls: ssl.SSLContext | bool
    namespace: str
    headers: Mapping[str, str] = field(repr=False)


def parse(path_or_contents: str) -> dict[str, Any]:
    """The kubeconfig, read from the path or taken as the contents themselves."""
    text = path_or_contents
    if text and "\n" not in text and not text.lstrip().startswith("{"):
        path = Path(text).expanduser()
        try:
            text = path.read_text()
        except OSError as error:
            raise KubeconfigError(f"cannot read the kubeconfig: {error}") from error
    return _mapping(text)


def ambient() -> dict[str, Any]:
    """The kubeconfig that KUBECONFIG or ~/.kube/config names."""
    named = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    return parse(named.split(os.pathsep)[0])


def active_cluster(config: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
    """The cluster entry in use, or None: what tells one cluster from another.

    settings: the provider's `context` and `cluster`, which override the file.
    """
    context = _context(config, settings)
    name = settings.get("cluster") or context.get("cluster")
    return _named(config, "clusters", name).get("cluster")


def connection(config: Mapping[str, Any], settings: Mapping[str, Any]) -> Connection:
    """The connection to the active cluster."""
    context = _context(config, settings)
    cluster = active_cluster(config, settings)
    if not cluster or not cluster.get("server"):
        raise KubeconfigError(
            "the kubeconfig names no cluster: set current-context, or `context` of the provider"
        )
    user = _named(config, "users", context.get("user")).get("user") or {}
    return Connection(
        server=str(cluster["server"]).rstrip("/"),
        tls=_tls(cluster, user),
        namespace=settings.get("namespace") or context.get("namespace") or "default",
        headers=_credentials(user),
    )


def _mapping(text: str) -> dict[str, Any]:
    try:
        config = yaml.safe_load(text) if text else {}
    except yaml.YAMLError as error:
        # The error would quote the file, and the file holds keys.
        raise KubeconfigError("the kubeconfig is not YAML") from error
    if not isinstance(config, dict):
        raise KubeconfigError("the kubeconfig is no mapping: give its contents or a file's path")
    return config


def _context(config: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    name = settings.get("context") or config.get("current-context")
    return _named(config, "contexts", name).get("context") or {}


def _named(config: Mapping[str, Any], section: str, name: Any) -> dict[str, Any]:
    entries = config.get(section) or []
    return next((entry for entry in entries if name and entry.get("name") == name), {})


def _credentials(user: Mapping[str, Any]) -> dict[str, str]:
    token = user.get("token")
    if not token and user.get("tokenFile"):
        token = Path(user["tokenFile"]).read_text().strip()
    if token:
        return {"Authorization": f"Bearer {token}"}
    if user.get("username"):
        pair = f"{user['username']}:{user.get('password', '')}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


def _tls(cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext | bool:
    if not str(cluster["server"]).startswith("https:"):
        return False
    authority = _pem(cluster, "certificate-authority")
    try:
        context = ssl.create_default_context(cadata=authority.decode() if authority else None)
        _load_client(context, user)
    except (ssl.SSLError, ValueError) as error:
        raise KubeconfigError(f"the kubeconfig's certificates do not load: {error}") from error
    # Kubernetes' own CAs may lack the key usage that newer Pythons insist on.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _load_client(context: ssl.SSLContext, user: Mapping[str, Any]) -> None:
    certificate, key = _pem(user, "client-certificate"), _pem(user, "client-key")
    if not certificate:
        return
    # Python loads a client certificate from files only; these live for this call.
    with tempfile.TemporaryDirectory(prefix="kubernetes-plugin-") as folder:
        pem = Path(folder) / "client.pem"
        pem.touch(mode=0o600)
        pem.write_bytes(certificate + b"\n" + (key or b""))
        context.load_cert_chain(pem)


def _pem(entry: Mapping[str, Any], key: str) -> bytes | None:
    if entry.get(f"{key}-data"):
        return base64.b64decode(entry[f"{key}-data"])
    if entry.get(key):
        return Path(entry[key]).expanduser().read_bytes()
    return None

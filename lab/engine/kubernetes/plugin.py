"""The plugin: its configuration, and each of the engine's questions sent to the right handler."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from lab.engine.kubernetes import kubeconfig, settings
from lab.engine.kubernetes.api import ApiError, NoMatchError, UnreachableError
from lab.engine.kubernetes.cluster import Cluster, connect
from lab.engine.kubernetes.release import RELEASE, HelmRelease
from lab.engine.kubernetes.resource import KubernetesObject
from lab.engine.properties import Properties, holds_unknown, reveal
from lab.engine.provider import (
    Checked,
    Difference,
    Found,
    Log,
    Provider,
    ProviderError,
    Request,
    Resource,
)

VERSION: Final = "4.34.2"
# Waits hold a thread each, and the engine may wait for as many objects as it works in parallel.
_THREADS: Final = 256
# Components that render many objects; the lab's plugin has no renderer.
_COMPONENTS: Final = ("helm.sh/v4", "helm.sh/v3:Chart", "yaml/v2", "kustomize/v2", "yaml:")


class KubernetesPlugin(Provider):
    """The kubernetes package: every kind of object, and Helm releases."""

    def __init__(self) -> None:
        super().__init__("kubernetes", VERSION, {})
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="operation")
        self._cancelled = threading.Event()
        self._cluster: Cluster | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def started(self, log: Log) -> None:
        """Remember the loop: handlers run in threads and log through it."""
        await super().started(log)
        self._loop = asyncio.get_running_loop()

    def resource(self, token: str) -> Resource:
        """The handler for a type token."""
        if any(part in token for part in _COMPONENTS):
            raise ProviderError(
                f"{token}: the lab's kubernetes plugin has no chart or YAML components; use typed "
                f"resources or {RELEASE}, or put the official plugin on PATH"
            )
        return _Handler(self)

    async def diff_config(self, request: Request) -> Difference:
        """Whether the provider's change means another cluster."""
        old, new = reveal(request.old_inputs), reveal(request.inputs)
        return settings.difference(old, new, clusters=_clusters(old, new))

    async def configure(self, arguments: Properties) -> None:
        """Connect. With unknown arguments (a preview) the cluster counts as unreachable."""
        self._cluster = await self._in_thread(connect, arguments)

    async def cancel(self) -> None:
        """End every wait."""
        self._cancelled.set()

    async def call(self, method: str, request: Request) -> Any:
        """Answer one question in a thread of its own."""
        if self._cluster is None:
            raise ProviderError("the kubernetes provider is not configured yet")
        handler = HelmRelease if request.type == RELEASE else KubernetesObject
        target = handler(
            self._cluster,
            self._cancelled,
            say=lambda message: self._log(self.log.info(message, request.urn, status=True)),
            warn=lambda message: self._log(self.log.warning(message, request.urn)),
        )
        return await self._in_thread(getattr(target, method), request)

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, function, *arguments)
        except (ApiError, NoMatchError, UnreachableError) as error:
            raise ProviderError(str(error)) from error

    def _log(self, message: Any) -> None:
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(message, self._loop)


class _Handler(Resource):
    """Any resource of the package: the plugin's threads do the work."""

    def __init__(self, plugin: KubernetesPlugin) -> None:
        self._plugin = plugin

    async def check(self, request: Request) -> Checked:
        """As Resource.check."""
        checked: Checked = await self._plugin.call("check", request)
        return checked

    async def diff(self, request: Request) -> Difference:
        """As Resource.diff."""
        difference: Difference = await self._plugin.call("diff", request)
        return difference

    async def create(self, request: Request) -> tuple[str, Properties]:
        """As Resource.create."""
        made: tuple[str, Properties] = await self._plugin.call("create", request)
        return made

    async def read(self, request: Request) -> Found | None:
        """As Resource.read."""
        found: Found | None = await self._plugin.call("read", request)
        return found

    async def update(self, request: Request) -> Properties:
        """As Resource.update."""
        state: Properties = await self._plugin.call("update", request)
        return state

    async def delete(self, request: Request) -> None:
        """As Resource.delete."""
        await self._plugin.call("delete", request)


def _clusters(old: Properties, new: Properties) -> tuple[Any, Any] | None:
    selectors = [new.get(key) for key in ("kubeconfig", "context", "cluster")]
    if any(map(holds_unknown, selectors)):
        return None
    try:
        before, after = (kubeconfig.parse(one.get("kubeconfig") or "") for one in (old, new))
    except kubeconfig.KubeconfigError as error:
        raise ProviderError(str(error)) from error
    return kubeconfig.active_cluster(before, old), kubeconfig.active_cluster(after, new)

"""The cluster a provider is configured for: its API, or why it cannot be reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.engine.kubernetes import kubeconfig, objects
from lab.engine.kubernetes.api import Api, ApiError, Kind, NoMatchError, Object, UnreachableError
from lab.engine.kubernetes.settings import Settings
from lab.engine.properties import Properties, holds_unknown, reveal
from lab.engine.provider import ProviderError


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """One cluster and the settings it is worked on with.

    api: None when the cluster cannot be reached; then `unreachable` says why.
    kubeconfig, context: the document and which of its contexts, for Helm. declared: whether kinds
    that this program's own definitions make, by group and kind, live in namespaces.
    """

    settings: Settings
    namespace: str
    api: Api | None
    unreachable: str
    kubeconfig: Mapping[str, Any]
    context: str
    declared: dict[tuple[str, str], bool] = field(default_factory=dict)

    @property
    def reached(self) -> Api:
        """The API. ProviderError when the cluster is unreachable."""
        if self.api is None:
            raise ProviderError(f"configured Kubernetes cluster is unreachable: {self.unreachable}")
        return self.api

    def is_namespaced(self, kind: Kind) -> bool:
        """Whether objects of the kind live in a namespace; assumed where nobody knows the kind."""
        guess = self.declared.get((kind.group, kind.kind), not objects.is_cluster_scoped(kind))
        if self.api is None:
            return guess
        try:
            return self.api.is_namespaced(kind)
        except NoMatchError:
            return guess

    def declare(self, definition: Object) -> None:
        """Remember what a custom resource definition says of its kind before it is made."""
        spec = definition.get("spec")
        if isinstance(spec, dict) and not holds_unknown(spec):
            key = (str(spec.get("group")), str((spec.get("names") or {}).get("kind")))
            self.declared[key] = spec.get("scope") == "Namespaced"

    def serves(self, kind: Kind) -> bool:
        """Whether the API can be asked about objects of the kind."""
        if self.api is None:
            return False
        try:
            self.api.is_namespaced(kind)
        except (NoMatchError, UnreachableError):
            return False
        return True

    def with_namespace(self, obj: Object, kind: Kind) -> Object:
        """The object in the namespace it is in: the default one where it names none."""
        metadata = obj.get("metadata")
        if not isinstance(metadata, dict):
            return obj
        if metadata.get("namespace") or not self.is_namespaced(kind):
            return obj
        return {**obj, "metadata": {**metadata, "namespace": self.namespace}}

    def placed(self, obj: Object, kind: Kind) -> Object:
        """The object to compare: in its namespace, or in none where its kind has none."""
        metadata = obj.get("metadata")
        if self.is_namespaced(kind) or not isinstance(metadata, dict):
            return self.with_namespace(obj, kind)
        rest = {key: value for key, value in metadata.items() if key != "namespace"}
        return {**obj, "metadata": rest}


def connect(arguments: Properties) -> Cluster:
    """The cluster that the provider's arguments name, asked for its version."""
    plain = reveal(arguments)
    settings = Settings.of(arguments)
    if not settings.server_side_apply:
        raise ProviderError(
            "enableServerSideApply is false: the lab's kubernetes plugin applies server-side only; "
            "remove the setting or put the official plugin on PATH"
        )
    api, namespace, unreachable, config = None, plain.get("namespace") or "default", "", {}
    try:
        config = _document(plain)
        connection = kubeconfig.connection(config, plain)
        namespace, api = connection.namespace, Api(connection)
        api.version()
    except (kubeconfig.KubeconfigError, ApiError, UnreachableError) as error:
        api, unreachable = None, str(error)
    return Cluster(
        settings=settings,
        namespace=namespace,
        api=api,
        unreachable=unreachable,
        kubeconfig=config,
        context=plain.get("context") or "",
    )


def _document(plain: Mapping[str, Any]) -> dict[str, Any]:
    given = plain.get("kubeconfig")
    if holds_unknown([given, plain.get("context"), plain.get("cluster")]):
        raise kubeconfig.KubeconfigError("the kubeconfig is not known before the update")
    return kubeconfig.parse(given) if given else kubeconfig.ambient()

"""Fields that cannot change in a living object: a change of one replaces the object.

The real plugin's table: provider/pkg/provider/diff.go of pulumi/pulumi-kubernetes.
"""

from typing import Any, Final

from lab.engine.kubernetes import paths
from lab.engine.kubernetes.api import kind_of

IDENTITY: Final[tuple[paths.Path, ...]] = (("metadata", "name"), ("metadata", "namespace"))

_CONTAINER_FIELDS: Final = (
    *("args", "command", "env", "image", "imagePullPolicy", "lifecycle", "livenessProbe"),
    *("ports", "readinessProbe", "resources", "securityContext", "stdin", "stdinOnce"),
    *("terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices"),
    *("volumeMounts", "workingDir"),
)
_POD_FIELDS: Final = (
    *("affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy"),
    *("enableServiceLinks", "hostAliases", "hostIPC", "hostNetwork", "hostPID", "hostname"),
    *("imagePullSecrets", "nodeName", "nodeSelector", "overhead", "preemptionPolicy"),
    *("priority", "priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName"),
    *("schedulerName", "securityContext", "serviceAccount", "serviceAccountName"),
    *("shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds", "volumes"),
)
_VOLUME_SOURCES: Final = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc"),
    *("flexVolume", "flocker", "gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local"),
    *("nfs", "photonPersistentDisk", "portworxVolume", "quobyte", "rbd", "scaleIO"),
    *("storageos", "vsphereVolume"),
)


def _spec(*fields: str) -> tuple[str, ...]:
    return tuple(f"spec.{field}" for field in fields)


def _containers() -> tuple[str, ...]:
    return tuple(
        f"spec.{kind}[*].{field}"
        for kind in ("containers", "initContainers")
        for field in _CONTAINER_FIELDS
    )


_BY_KIND: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("apps/v1", "DaemonSet"): _spec("selector"),
    ("apps/v1", "Deployment"): _spec("selector"),
    ("apps/v1", "StatefulSet"): _spec(
        *("podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName"),
        "volumeClaimTemplates",
    ),
    ("batch/v1", "Job"): _spec("completions", "parallelism", "selector", "template"),
    ("policy/v1beta1", "PodDisruptionBudget"): ("spec",),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): ("roleRef",),
    ("storage.k8s.io/v1", "StorageClass"): ("parameters", "provisioner"),
    ("v1", "PersistentVolume"): _spec(*_VOLUME_SOURCES),
    ("v1", "PersistentVolumeClaim"): _spec(
        "accessModes", "selector", "storageClassName", "volumeName"
    ),
    ("v1", "Pod"): (*_spec(*_POD_FIELDS), *_containers()),
    ("v1", "ResourceQuota"): _spec("scopes"),
    ("v1", "Service"): _spec("clusterIP"),
}


def fields(
    obj: dict[str, Any], *, secret_mutable: bool, config_map_mutable: bool
) -> tuple[paths.Path, ...]:
    """The paths whose change replaces the object."""
    key = (kind_of(obj).api_version, kind_of(obj).kind)
    mutable = {("v1", "Secret"): secret_mutable, ("v1", "ConfigMap"): config_map_mutable}
    immutable = obj.get("immutable") is True
    if key == ("v1", "Secret"):
        names: tuple[str, ...] = ("type",)
        if immutable or not mutable[key]:
            names = ("type", "stringData", "data")
    elif key == ("v1", "ConfigMap"):
        names = () if mutable[key] and not immutable else ("binaryData", "data")
    else:
        names = _BY_KIND.get(key, ())
    return (*IDENTITY, *map(paths.parse, names))

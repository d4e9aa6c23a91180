"""The Deployment of a workload: how it is rolled out, and where its pods may run."""

import pulumi_kubernetes as k8s

from components.app.manifests.pod import Attached, pod
from components.app.spec import Workload
from components.objects import Identity

_REVISIONS = 5
_PROGRESS_SECONDS = 600
_PREFERENCE = 100


def deployment(
    identity: Identity, workload: Workload, attached: Attached
) -> k8s.apps.v1.DeploymentSpecArgs:
    """Pods that are replaced when what is attached to them changes, one new before one old goes.

    Without `replicas` where it scales itself: the autoscaler owns that field.
    """
    return k8s.apps.v1.DeploymentSpecArgs(
        replicas=None if workload.autoscaling else workload.replicas,
        revision_history_limit=_REVISIONS,
        progress_deadline_seconds=_PROGRESS_SECONDS,
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels=identity.selector),
        strategy=k8s.apps.v1.DeploymentStrategyArgs(
            type="RollingUpdate",
            rolling_update=k8s.apps.v1.RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0),
        ),
        template=k8s.core.v1.PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(
                labels=identity.labels, annotations=attached.checksums
            ),
            spec=pod(identity, workload, attached, affinity(identity, workload)),
        ),
    )


def affinity(identity: Identity, workload: Workload) -> k8s.core.v1.AffinityArgs | None:
    """What keeps replicas off each other's nodes; None where nothing does."""
    term = k8s.core.v1.PodAffinityTermArgs(
        topology_key="kubernetes.io/hostname",
        label_selector=k8s.meta.v1.LabelSelectorArgs(match_labels=identity.selector),
    )
    match workload.anti_affinity:
        case None:
            return None
        case "required":
            apart = k8s.core.v1.PodAntiAffinityArgs(
                required_during_scheduling_ignored_during_execution=[term]
            )
        case "preferred":
            wish = k8s.core.v1.WeightedPodAffinityTermArgs(
                weight=_PREFERENCE, pod_affinity_term=term
            )
            apart = k8s.core.v1.PodAntiAffinityArgs(
                preferred_during_scheduling_ignored_during_execution=[wish]
            )
    return k8s.core.v1.AffinityArgs(pod_anti_affinity=apart)

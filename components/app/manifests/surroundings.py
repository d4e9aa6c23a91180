"""What stands around a workload's pods: Service, account, scaling, disruption budget."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from components.app.manifests.pod import PORT_NAME
from components.app.spec import Autoscaling, Rule, Workload
from components.objects import Identity

_RBAC = "rbac.authorization.k8s.io"
# A load that comes back within it finds the replicas still there.
_SCALE_DOWN_SECONDS = 300


def service(identity: Identity, workload: Workload) -> k8s.core.v1.ServiceSpecArgs:
    """One address for all replicas, on the port the application listens on."""
    port = k8s.core.v1.ServicePortArgs(name=PORT_NAME, port=workload.port, target_port=PORT_NAME)
    return k8s.core.v1.ServiceSpecArgs(type="ClusterIP", selector=identity.selector, ports=[port])


def rules(rules: Sequence[Rule]) -> list[k8s.rbac.v1.PolicyRuleArgs]:
    """A Role's rules."""
    return [
        k8s.rbac.v1.PolicyRuleArgs(
            api_groups=rule.api_groups,
            resources=rule.resources,
            resource_names=rule.resource_names or None,
            verbs=rule.verbs,
        )
        for rule in rules
    ]


def role(name: pulumi.Input[str]) -> k8s.rbac.v1.RoleRefArgs:
    """A Role, as a binding refers to it."""
    return k8s.rbac.v1.RoleRefArgs(api_group=_RBAC, kind="Role", name=name)


def account(identity: Identity) -> k8s.rbac.v1.SubjectArgs:
    """The workload's account, as a binding refers to it."""
    return k8s.rbac.v1.SubjectArgs(
        kind="ServiceAccount", name=identity.name, namespace=identity.namespace
    )


def autoscaler(
    identity: Identity, scale: Autoscaling
) -> k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs:
    """Follows use at once upwards, and downwards only what lasts."""
    down = k8s.autoscaling.v2.HPAScalingRulesArgs(stabilization_window_seconds=_SCALE_DOWN_SECONDS)
    targets = {"cpu": scale.cpu_percent, "memory": scale.memory_percent}
    return k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
        scale_target_ref=k8s.autoscaling.v2.CrossVersionObjectReferenceArgs(
            api_version="apps/v1", kind="Deployment", name=identity.name
        ),
        min_replicas=scale.min,
        max_replicas=scale.max,
        metrics=[_metric(name, percent) for name, percent in targets.items() if percent],
        behavior=k8s.autoscaling.v2.HorizontalPodAutoscalerBehaviorArgs(scale_down=down),
    )


def _metric(resource: str, percent: int) -> k8s.autoscaling.v2.MetricSpecArgs:
    target = k8s.autoscaling.v2.MetricTargetArgs(type="Utilization", average_utilization=percent)
    source = k8s.autoscaling.v2.ResourceMetricSourceArgs(name=resource, target=target)
    return k8s.autoscaling.v2.MetricSpecArgs(type="Resource", resource=source)


def disruption_budget(
    identity: Identity, min_available: int
) -> k8s.policy.v1.PodDisruptionBudgetSpecArgs:
    """What a drain leaves running. Pods that are broken anyway do not hold a drain up."""
    return k8s.policy.v1.PodDisruptionBudgetSpecArgs(
        min_available=min_available,
        unhealthy_pod_eviction_policy="AlwaysAllow",
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels=identity.selector),
    )

"""What is waited for, and what is said when the wait is in vain. A paper kubelet runs the pods."""

import signal
import time
from textwrap import dedent

FAILED = 1

DEPLOYMENT = """
k8s.apps.v1.Deployment("d", metadata=meta("d"{notes}), spec={{
    "selector": {{"match_labels": {{"a": "b"}}}}, "template": pod({image!r}, a="b")}}, opts=o)
"""


def deployment(image, notes=""):
    return DEPLOYMENT.format(image=image, notes=notes)


def test_a_deployment_is_waited_for(workspace, cluster):
    workspace(cluster.program(deployment("ready"))).up()

    assert cluster.get("apps/v1", "Deployment", "d")["status"]["readyReplicas"] == 1


def test_a_deployment_that_cannot_pull_fails_by_name_and_the_next_up_mends_it(workspace, cluster):
    project = workspace(cluster.program(deployment("missing", ', timeoutSeconds="4"')))

    printed = project.pulumi("up", status=FAILED)
    recorded = project.resources()["d"]
    project.up(cluster.program(deployment("ready", ', timeoutSeconds="90"')))

    assert "'d' timed out waiting to be Ready" in printed
    assert "Minimum number of live Pods was not attained" in printed
    assert "[ImagePullBackOff] no such image here" in printed
    assert recorded["id"] == f"{cluster.namespace}/d"
    assert any("ImagePullBackOff" in one for one in recorded["initErrors"])
    assert "initErrors" not in project.resources()["d"]


def test_a_crashing_container_is_told_with_its_exit_code(workspace, cluster):
    project = workspace(
        cluster.program("""
            k8s.apps.v1.StatefulSet("s", metadata=meta("s", timeoutSeconds="4"), spec={
                "service_name": "s", "selector": {"match_labels": {"a": "b"}},
                "template": pod("crash", a="b")}, opts=o)
        """)
    )

    printed = project.pulumi("up", status=FAILED)

    assert "0 out of 1 replicas succeeded readiness checks" in printed
    assert "[CrashLoopBackOff] back-off" in printed
    assert "exit code 3" in printed


def test_skip_await_does_not_wait(workspace, cluster):
    started = time.monotonic()

    workspace(cluster.program(deployment("missing", ', skipAwait="true"'))).up()

    assert time.monotonic() - started < 60


def test_custom_timeouts_win_over_the_annotation(workspace, cluster):
    body = deployment("missing", ', timeoutSeconds="600"').replace(
        "opts=o",
        "opts=pulumi.ResourceOptions.merge(o, pulumi.ResourceOptions("
        "custom_timeouts=pulumi.CustomTimeouts(create='2s')))",
    )

    printed = workspace(cluster.program(body)).pulumi("up", status=FAILED)

    assert "'d' timed out waiting to be Ready" in printed


JOB = """
task = pod({image!r})
task["spec"]["restart_policy"] = "Never"
k8s.batch.v1.Job("j", metadata=meta("j", replaceUnready="true"), spec={{
    "backoff_limit": 0, "template": task}}, opts=o)
"""


def test_a_failed_job_fails_at_once_and_is_replaced_when_told_so(workspace, cluster):
    project = workspace(cluster.program(JOB.format(image="fail")))

    started = time.monotonic()
    printed = project.pulumi("up", status=FAILED)
    took = time.monotonic() - started
    failed = cluster.get("batch/v1", "Job", "j")["metadata"]["uid"]
    project.pulumi("up", status=FAILED)

    assert "[BackoffLimitExceeded]" in printed
    assert took < 60
    assert cluster.get("batch/v1", "Job", "j")["metadata"]["uid"] != failed


def test_a_job_is_waited_for_to_its_end(workspace, cluster):
    project = workspace(cluster.program(JOB.format(image="done")))

    project.up()
    again = project.up()

    assert cluster.get("batch/v1", "Job", "j")["status"]["succeeded"] == 1
    assert "3 unchanged" in again


def test_a_service_waits_for_its_pods_and_an_ingress_for_an_address(workspace, cluster):
    project = workspace(
        cluster.program("""
            k8s.apps.v1.Deployment("d", metadata=meta("d", skipAwait="true"), spec={
                "selector": {"match_labels": {"a": "b"}}, "template": pod("slow", a="b")}, opts=o)
            k8s.core.v1.Service("s", metadata=meta("s", timeoutSeconds="14"), spec={
                "selector": {"a": "b"}, "ports": [{"port": 80}]}, opts=o)
            k8s.networking.v1.Ingress("i", metadata=meta("i", timeoutSeconds="3"), spec={
                "default_backend": {"service": {"name": "s", "port": {"number": 80}}}}, opts=o)
        """)
    )

    printed = project.pulumi("up", status=FAILED)

    assert "Service does not target any Pods" in printed
    assert "Ingress .status.loadBalancer field was not updated" in printed


CUSTOM = """
crd = k8s.apiextensions.v1.CustomResourceDefinition("crd", metadata={{"name": "{plural}.x.test"}},
    spec={{"group": "x.test", "names": {{"kind": {kind!r}, "plural": {plural!r}}},
          "scope": "Namespaced", "versions": [{{"name": "v1", "served": True, "storage": True,
              "schema": {{"openAPIV3Schema": {{"type": "object",
                  "x_kubernetes_preserve_unknown_fields": True}}}}}}]}}, opts=o)
k8s.apiextensions.CustomResource("c", api_version="x.test/v1", kind={kind!r},
    metadata=meta(
        "c", waitFor={wait!r}, timeoutSeconds="{timeout}", deletionPropagationPolicy="background"),
    spec={{"a": 1, "empty": {{}}}}, opts=o)
"""


def custom(cluster, wait, timeout=4):
    kind = f"Thing{cluster.namespace.removeprefix('t-')}"
    return kind, cluster.program(
        CUSTOM.format(kind=kind, plural=f"{kind.lower()}s", wait=wait, timeout=timeout)
    )


def test_a_custom_resource_may_come_before_its_definition_and_waits_as_annotated(
    workspace, cluster
):
    wait = '["jsonpath={.status.phase}=Live", "condition=Ready"]'
    kind, program = custom(cluster, wait)
    project = workspace(program)

    project.pulumi("preview")
    printed = project.pulumi("up", status=FAILED)
    live = cluster.get("x.test/v1", kind, "c")
    live["status"] = {"phase": "Live", "conditions": [{"type": "Ready", "status": "True"}]}
    cluster.api.replace(live, manager="the-operator", dry_run=False)
    project.up()
    project.pulumi("preview", "--expect-no-changes")

    assert "{.status.phase} selected nothing" in printed
    assert "Has no .status.conditions" in printed
    project.pulumi("destroy")


def test_a_wait_that_cannot_be_read_is_refused(workspace, cluster):
    _, program = custom(cluster, "phase=Live")
    project = workspace(program)

    printed = project.pulumi("up", status=FAILED)

    assert 'expected a "jsonpath=" or "condition=" prefix, got "phase=Live"' in printed
    project.pulumi("destroy")


def test_an_interrupt_ends_a_wait_and_keeps_what_was_made(workspace, cluster):
    project = workspace(cluster.program(deployment("slow")))

    process = project.start("up")
    for line in process.stdout:
        if "Pods available" in line:
            break
    interrupted = time.monotonic()
    process.send_signal(signal.SIGINT)
    printed = process.communicate(timeout=60)[0]

    assert time.monotonic() - interrupted < 45
    assert 'Resource operation was cancelled for "d"' in printed
    assert "d" in project.resources()


def test_a_deletion_waits_for_finalizers_and_says_which(workspace, cluster):
    body = """
        k8s.core.v1.ConfigMap("c", metadata=meta("c", timeoutSeconds="3") | {
            "finalizers": ["x.test/wait"]}, data={"a": "b"}, opts=o)
    """
    project = workspace(cluster.program(body))
    project.up()

    printed = project.pulumi("destroy", status=FAILED)
    live = cluster.get("v1", "ConfigMap", "c")
    live["metadata"]["finalizers"] = []
    cluster.api.replace(live, manager="the-operator", dry_run=False)
    project.pulumi("destroy")

    assert "finalizers might be preventing deletion (x.test/wait)" in printed


def test_what_comes_before_its_namespace_is_tried_again(workspace, cluster):
    late = f"{cluster.namespace}-late"
    project = workspace(
        cluster.program(f"""
            from pulumi_command import local
            slow = local.Command("slow", create="sleep 2")
            k8s.core.v1.ConfigMap("c", metadata={{"name": "c", "namespace": {late!r}}}, opts=o)
            k8s.core.v1.Namespace("n", metadata={{"name": {late!r}}},
                opts=pulumi.ResourceOptions.merge(o, pulumi.ResourceOptions(depends_on=[slow])))
        """)
    )

    printed = project.pulumi("up")
    project.pulumi("destroy")

    assert f'namespaces "{late}" not found' in printed


def test_a_service_is_ready_when_its_pods_are(workspace, cluster):
    body = """
        k8s.core.v1.Service("s", metadata=meta("s"), spec={
            "selector": {"a": "b"}, "ports": [{"port": 80}]}, opts=o)
    """

    workspace(cluster.program(deployment("ready") + "\n" + dedent(body))).up()

    assert cluster.get("v1", "Endpoints", "s")["subsets"][0]["addresses"]

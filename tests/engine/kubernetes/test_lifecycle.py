"""Objects from the first up to the last: real engine, real API server."""

# The engine's exit status when a resource failed.
FAILED = 1

EVERY_KIND = """
labels = {"app": "web"}
cm = k8s.core.v1.ConfigMap("cm", metadata=meta(), data={"a": "1"}, opts=o)
k8s.core.v1.Secret("sec", metadata=meta("sec"), string_data={"password": "topsecretvalue"}, opts=o)
k8s.apps.v1.Deployment("web", metadata=meta("web") | {"labels": {}}, spec={
    "selector": {"match_labels": labels}, "replicas": 2, "template": {
        "metadata": {"labels": labels}, "spec": {
            "containers": [{
                "name": "c", "image": "lab/ready", "env": [{"name": "EMPTY", "value": ""}],
                "resources": {"requests": {"cpu": 0.5, "memory": "1024Mi"},
                              "limits": {"memory": "1.5Gi"}},
                "ports": [{"container_port": 80}],
                "volume_mounts": [{"name": "t", "mount_path": "/t"}]}],
            "volumes": [{"name": "t", "empty_dir": {"size_limit": "0.5Gi"}}]}}}, opts=o)
service = k8s.core.v1.Service("web", metadata=meta("web"), spec={
    "cluster_ip": "None", "selector": labels, "ports": [{"port": 80}]}, opts=o)
k8s.networking.v1.Ingress("web", metadata=meta("web", skipAwait="true"), spec={"rules": [{
    "host": "x.test", "http": {"paths": [{"path": "/", "path_type": "Prefix",
        "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}, opts=o)
k8s.apps.v1.StatefulSet("db", metadata=meta("db", skipAwait="true"), spec={
    "service_name": "db", "selector": {"match_labels": {"app": "db"}},
    "template": pod("ready", app="db"), "volume_claim_templates": [{
        "metadata": {"name": "data"}, "spec": {"access_modes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "5120Mi"}}}}]}, opts=o)
k8s.autoscaling.v2.HorizontalPodAutoscaler("web", metadata=meta("web"), spec={
    "min_replicas": 2, "max_replicas": 4,
    "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": "web"},
    "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {
        "type": "Utilization", "average_utilization": 70}}}]}, opts=o)
k8s.policy.v1.PodDisruptionBudget("web", metadata=meta("web"), spec={
    "min_available": 1, "selector": {"match_labels": labels}}, opts=o)
k8s.core.v1.ServiceAccount("sa", metadata=meta("sa"), automount_service_account_token=False, opts=o)
k8s.rbac.v1.Role("role", metadata=meta("role"), rules=[
    {"api_groups": [""], "resources": ["pods"], "verbs": ["get"]}], opts=o)
k8s.rbac.v1.RoleBinding("rb", metadata=meta("rb"), subjects=[
    {"kind": "ServiceAccount", "name": "sa", "namespace": NS}], role_ref={
    "api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": "role"}, opts=o)
task = pod("done")
task["spec"]["restart_policy"] = "Never"
k8s.batch.v1.Job("job", metadata=meta("job"), spec={"template": task}, opts=o)
k8s.core.v1.ResourceQuota("q", metadata=meta("q"), spec={
    "hard": {"count/configmaps": 100, "requests.storage": "2048Gi"}}, opts=o)
k8s.networking.v1.NetworkPolicy("np", metadata=meta("np"), spec={
    "pod_selector": {}, "policy_types": ["Ingress"]}, opts=o)
pulumi.export("cm", cm.metadata.name)
pulumi.export("uid", cm.metadata.uid)
pulumi.export("ip", service.spec.cluster_ip)
"""


def test_every_kind_is_made_and_a_second_up_changes_nothing(workspace, cluster):
    project = workspace(cluster.program(EVERY_KIND))

    project.up()
    again = project.up()
    project.pulumi("preview", "--expect-no-changes")
    project.pulumi("refresh")
    project.pulumi("preview", "--expect-no-changes")

    assert "16 unchanged" in again
    assert (
        project.outputs()["uid"]
        == cluster.get("v1", "ConfigMap", project.outputs()["cm"])["metadata"]["uid"]
    )
    assert "topsecretvalue" not in project.stored()
    assert "dG9wc2VjcmV0dmFsdWU" not in project.stored()

    project.pulumi("destroy")

    assert cluster.names("apps/v1", "Deployment") == []
    assert cluster.names("v1", "Secret") == []


def test_a_preview_is_a_dry_run_that_changes_nothing(workspace, cluster):
    project = workspace(
        cluster.program("""
        s = k8s.core.v1.Service("s", metadata=meta("s"), spec={"ports": [{"port": 80}]}, opts=o)
        pulumi.export("type", s.spec.type)
    """)
    )

    printed = project.pulumi("preview")

    assert "ClusterIP" in printed, "the default that only the API server knows"
    assert cluster.names("v1", "Service") == []


def test_a_preview_shows_what_the_api_server_would_refuse(workspace, cluster):
    project = workspace(
        cluster.program("""
        k8s.core.v1.Service("s", metadata=meta("Bad_Name"), spec={"ports": [{"port": 80}]}, opts=o)
    """)
    )

    printed = project.pulumi("preview", status=FAILED)

    assert "was not successfully created by the Kubernetes API server" in printed
    assert "Bad_Name" in printed


def test_an_object_of_somebody_else_is_not_taken_over(workspace, cluster):
    cluster.make("v1", "ConfigMap", "there", data={"a": "theirs"})
    project = workspace(
        cluster.program("""
        k8s.core.v1.ConfigMap("c", metadata=meta("there"), data={"a": "mine"}, opts=o)
    """)
    )

    project.pulumi("preview")
    printed = project.pulumi("up", status=FAILED)

    assert 'configmaps "there" already exists' in printed
    assert cluster.get("v1", "ConfigMap", "there")["data"] == {"a": "theirs"}


def test_upsert_existing_objects_takes_over(workspace, cluster):
    cluster.make("v1", "ConfigMap", "there", data={"b": "theirs"})
    body = 'k8s.core.v1.ConfigMap("c", metadata=meta("there"), data={"a": "mine"}, opts=o)'
    project = workspace(cluster.program(body, upsert_existing_objects=True))

    project.up()

    assert cluster.get("v1", "ConfigMap", "there")["data"] == {"a": "mine", "b": "theirs"}


MAP = 'k8s.core.v1.ConfigMap("c", metadata=meta({name}, {notes}), data={{"a": "{value}"}}, opts=o)'


def config_map(value, name='"fixed"', notes=""):
    return MAP.format(value=value, name=name, notes=notes)


def test_a_field_of_another_manager_is_a_conflict_that_names_both(workspace, cluster):
    settings = {"enable_config_map_mutable": True}
    project = workspace(cluster.program(config_map("1"), **settings))
    project.up()
    cluster.apply("v1", "ConfigMap", "fixed", "the-operator", data={"a": "9"})

    project.program(cluster.program(config_map("2"), **settings))
    printed = project.pulumi("up", status=FAILED)

    assert "the-operator" in printed
    assert 'managed by field manager "pulumi-kubernetes-' in printed
    assert cluster.get("v1", "ConfigMap", "fixed")["data"]["a"] == "9"


def test_patch_force_takes_the_field(workspace, cluster):
    settings = {"enable_config_map_mutable": True}
    project = workspace(cluster.program(config_map("1"), **settings))
    project.up()
    cluster.apply("v1", "ConfigMap", "fixed", "the-operator", data={"a": "9"})

    project.up(cluster.program(config_map("2", notes='patchForce="true"'), **settings))

    assert cluster.get("v1", "ConfigMap", "fixed")["data"]["a"] == "2"


def test_an_ignored_field_stays_with_its_manager(workspace, cluster):
    body = """
        k8s.apps.v1.Deployment("d", metadata=meta("d", skipAwait="true") | {{"labels": {labels}}},
            spec={{"replicas": {replicas}, "selector": {{"match_labels": {{"a": "b"}}}},
                   "template": pod("ready", a="b")}},
            opts=pulumi.ResourceOptions.merge(
                o, pulumi.ResourceOptions(ignore_changes=["spec.replicas"])))
    """
    project = workspace(cluster.program(body.format(replicas=1, labels={})))
    project.up()
    cluster.apply("apps/v1", "Deployment", "d", "the-autoscaler", spec={"replicas": 5})

    project.up(cluster.program(body.format(replicas=2, labels={"x": "y"})))

    live = cluster.get("apps/v1", "Deployment", "d")
    assert live["spec"]["replicas"] == 5
    assert live["metadata"]["labels"] == {"x": "y"}


def test_a_field_left_out_of_the_program_is_removed(workspace, cluster):
    body = 'k8s.core.v1.ServiceAccount("s", metadata=meta("s") | {{"labels": {}}}, opts=o)'
    project = workspace(cluster.program(body.format({"a": "1", "b": "2"})))
    project.up()

    project.up(cluster.program(body.format({"a": "1"})))
    after_update = cluster.get("v1", "ServiceAccount", "s")["metadata"]["labels"]

    assert after_update == {"a": "1"}


def test_data_of_a_config_map_replaces_it_under_a_new_name_first(workspace, cluster):
    project = workspace(cluster.program(config_map("1", name="None")))
    project.up()
    [before] = [one for one in cluster.names("v1", "ConfigMap") if one.startswith("c-")]

    planned = workspace_planned(project, cluster.program(config_map("2", name="None")))
    project.up()

    [after] = [one for one in cluster.names("v1", "ConfigMap") if one.startswith("c-")]
    assert planned["c"] in ("replace", "create-replacement", "delete-replaced")
    assert before != after
    assert cluster.get("v1", "ConfigMap", after)["data"] == {"a": "2"}


def workspace_planned(project, program):
    project.program(program)
    return project.planned()


def test_a_fixed_name_is_deleted_before_it_is_replaced(workspace, cluster):
    project = workspace(cluster.program(config_map("1")))
    project.up()
    before = cluster.get("v1", "ConfigMap", "fixed")["metadata"]["uid"]

    project.up(cluster.program(config_map("2")))

    after = cluster.get("v1", "ConfigMap", "fixed")
    assert after["metadata"]["uid"] != before
    assert after["data"] == {"a": "2"}


def test_a_mutable_config_map_is_updated_in_place(workspace, cluster):
    settings = {"enable_config_map_mutable": True}
    project = workspace(cluster.program(config_map("1"), **settings))
    project.up()
    before = cluster.get("v1", "ConfigMap", "fixed")["metadata"]["uid"]

    project.up(cluster.program(config_map("2"), **settings))

    after = cluster.get("v1", "ConfigMap", "fixed")
    assert after["metadata"]["uid"] == before
    assert after["data"] == {"a": "2"}

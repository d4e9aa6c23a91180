"""Patch resources, imports and reads: objects that somebody else made."""

from lab.engine.kubernetes.api import Kind

FAILED = 1


def test_a_patch_sets_its_fields_and_gives_them_back(workspace, cluster):
    cluster.make("v1", "ConfigMap", "theirs", data={"a": "1"})
    body = """
        k8s.core.v1.ConfigMapPatch("p", metadata=meta("theirs"), data={"b": "2"}, opts=o)
    """
    project = workspace(cluster.program(body))

    project.up()
    while_patched = cluster.get("v1", "ConfigMap", "theirs")["data"]
    project.up(cluster.program(body.replace('"2"', '"3"')))
    changed = cluster.get("v1", "ConfigMap", "theirs")["data"]
    project.pulumi("preview", "--expect-no-changes")
    project.pulumi("destroy")

    assert while_patched == {"a": "1", "b": "2"}
    assert changed == {"a": "1", "b": "3"}
    assert cluster.get("v1", "ConfigMap", "theirs")["data"] == {"a": "1"}


def test_a_patch_of_a_held_field_is_a_conflict_unless_forced(workspace, cluster):
    cluster.apply("v1", "ConfigMap", "theirs", "the-operator", data={"a": "1"})
    body = """
        k8s.core.v1.ConfigMapPatch("p", metadata=meta("theirs"{}), data={{"a": "2"}}, opts=o)
    """
    project = workspace(cluster.program(body.format("")))

    printed = project.pulumi("up", status=FAILED)
    project.up(cluster.program(body.format(', patchForce="true"')))

    assert 'conflict with "the-operator"' in printed
    assert cluster.get("v1", "ConfigMap", "theirs")["data"] == {"a": "2"}


def test_a_patch_needs_a_name(workspace, cluster):
    body = 'k8s.core.v1.ConfigMapPatch("p", metadata=meta(), data={"a": "2"}, opts=o)'

    printed = workspace(cluster.program(body)).pulumi("preview", status=FAILED)

    assert "a Patch resource needs `metadata.name`" in printed


def test_an_object_is_read_by_its_id(workspace, cluster):
    cluster.make("v1", "ConfigMap", "theirs", data={"a": "1"})
    project = workspace(
        cluster.program("""
            found = k8s.core.v1.ConfigMap.get("f", f"{NS}/theirs", opts=o)
            pulumi.export("data", found.data)
        """)
    )

    project.up()
    project.pulumi("destroy")

    assert cluster.get("v1", "ConfigMap", "theirs")["data"] == {"a": "1"}


def test_an_imported_object_is_this_programs_from_then_on(workspace, cluster):
    cluster.make("v1", "ConfigMap", "theirs", data={"a": "1"})
    body = """
        k8s.core.v1.ConfigMap("c", metadata={"name": "theirs", "namespace": NS}, data={"a": "1"},
            opts=pulumi.ResourceOptions.merge(
                o, pulumi.ResourceOptions(import_=f"{NS}/theirs")))
    """
    project = workspace(cluster.program(body))

    project.up()
    project.pulumi("destroy")

    assert "theirs" not in cluster.names("v1", "ConfigMap")


def test_a_refresh_finds_drift_and_what_is_gone(workspace, cluster):
    body = """
        for name in ("kept", "gone"):
            k8s.core.v1.ConfigMap(name, metadata=meta(name), data={"a": "1"}, opts=o)
    """
    project = workspace(cluster.program(body, enable_config_map_mutable=True))
    project.up()
    cluster.apply("v1", "ConfigMap", "kept", "the-operator", data={"a": "2"})
    gone = cluster.get("v1", "ConfigMap", "gone")
    cluster.api.delete(Kind("", "v1", "ConfigMap"), cluster.namespace, "gone", "Background")

    project.pulumi("refresh")
    planned = project.planned()

    assert gone["data"] == {"a": "1"}
    assert planned["gone"] == "create"
    assert planned["kept"] == "update"


def test_data_that_is_secret_stays_secret_wherever_it_stands(workspace, cluster):
    body = """
        k8s.core.v1.ConfigMap("c", metadata=meta("c"),
            data={"a": pulumi.Output.secret("hiddenvalue"), "b": "openvalue"}, opts=o)
        task = pod("ready", a="b")
        task["spec"]["containers"][0]["env"] = [
            {"name": "KEY", "value": pulumi.Output.secret("hiddenvalue")}]
        k8s.apps.v1.Deployment("d", metadata=meta("d", skipAwait="true"), spec={
            "selector": {"match_labels": {"a": "b"}}, "template": task}, opts=o)
    """
    project = workspace(cluster.program(body))

    project.up()
    project.pulumi("refresh")

    assert "hiddenvalue" not in project.stored()
    assert "openvalue" in project.stored()
    project.pulumi("preview", "--expect-no-changes")

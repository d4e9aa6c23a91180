"""The provider's own configuration: which cluster, and what when it cannot be reached."""

import pytest

FAILED = 1

# A port nothing listens on.
NOWHERE = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""


def config_map(cluster, **settings):
    body = 'k8s.core.v1.ConfigMap("c", metadata=meta("c"), data={"a": "1"}, opts=o)'
    return cluster.program(body, **settings)


def unknown_kubeconfig(cluster, identifier, trigger):
    """A program whose kubeconfig is not known in a preview when the trigger changes."""
    return cluster.program(f"""
        from pulumi_command import local
        made = local.Command("made", create="cat", stdin={cluster.kubeconfig!r},
            environment={{"TRIGGER": {trigger!r}}})
        p = provider("computed", kubeconfig=pulumi.Output.secret(made.stdout),
            cluster_identifier={identifier!r})
        k8s.core.v1.ConfigMap("c", metadata=meta("c"), data={{"a": "1"}}, opts=p)
    """)


def test_a_preview_needs_no_cluster_and_an_up_says_that_there_is_none(workspace, cluster):
    project = workspace(config_map(cluster, kubeconfig=NOWHERE))

    planned = project.planned()
    printed = project.pulumi("up", status=FAILED)

    assert planned["c"] == "create"
    assert "configured Kubernetes cluster is unreachable" in printed


def test_what_lies_in_an_unreachable_cluster_is_dropped_only_when_told_so(workspace, cluster):
    project = workspace(config_map(cluster))
    project.up()
    project.up(config_map(cluster, kubeconfig=NOWHERE))

    refused = project.pulumi("destroy", status=FAILED)
    project.up(config_map(cluster, kubeconfig=NOWHERE, delete_unreachable=True))
    project.pulumi("destroy")

    assert "PULUMI_K8S_DELETE_UNREACHABLE" in refused
    assert "c" in cluster.names("v1", "ConfigMap")


@pytest.mark.parametrize(("identifier", "operation"), [("one", "update"), (None, "replace")])
def test_a_kubeconfig_unknown_in_a_preview_is_no_other_cluster_if_the_identifier_says_so(
    workspace, cluster, identifier, operation
):
    project = workspace(unknown_kubeconfig(cluster, identifier, "1"))
    project.up()

    project.program(unknown_kubeconfig(cluster, identifier, "2"))
    planned = project.planned()
    project.up()

    assert planned["computed"] == operation
    assert cluster.names("v1", "ConfigMap").count("c") == 1


def test_a_first_preview_needs_no_kubeconfig(workspace, cluster):
    project = workspace(unknown_kubeconfig(cluster, "one", "1"))

    planned = project.planned()

    assert (planned["computed"], planned["c"]) == ("create", "create")


def test_another_identifier_replaces_everything(workspace, cluster):
    project = workspace(config_map(cluster))
    project.up()
    before = cluster.get("v1", "ConfigMap", "c")["metadata"]["uid"]

    project.program(config_map(cluster, cluster_identifier="two"))
    planned = project.planned()

    assert planned["k"] in ("replace", "create-replacement", "delete-replaced")
    assert planned["c"] in ("replace", "create-replacement", "delete-replaced")
    assert cluster.get("v1", "ConfigMap", "c")["metadata"]["uid"] == before


def test_a_kubeconfig_may_be_a_path(workspace, cluster, tmp_path):
    path = tmp_path / "config"
    path.write_text(cluster.kubeconfig)

    workspace(config_map(cluster, kubeconfig=str(path))).up()

    assert "c" in cluster.names("v1", "ConfigMap")


def test_the_default_namespace_is_the_providers(workspace, cluster):
    body = 'k8s.core.v1.ConfigMap("c", metadata={"name": "c"}, data={"a": "1"}, opts=o)'

    workspace(cluster.program(body, namespace=cluster.namespace)).up()

    assert "c" in cluster.names("v1", "ConfigMap")


def test_components_that_render_charts_are_refused_by_name(workspace, cluster):
    body = 'k8s.helm.v4.Chart("c", chart="./x", opts=o)'

    printed = workspace(cluster.program(body)).pulumi("up", status=FAILED)

    assert "helm.sh/v4:Chart" in printed


def test_client_side_apply_is_refused(workspace, cluster):
    project = workspace(config_map(cluster, enable_server_side_apply=False))

    printed = project.pulumi("up", status=FAILED)

    assert "enableServerSideApply is false" in printed

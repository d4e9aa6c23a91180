"""Helm releases: real engine, real API server, and a small chart of the test's own."""

import functools
import http.server
import threading
import time

import pytest

helm = pytest.importorskip("helm_python", reason="Helm's library has no wheel for this machine")

FAILED = 1

_CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-greeting
data:
  greeting: {{ .Values.greeting | quote }}
  password: {{ .Values.password | quote }}
"""
_DEPLOYMENT = """
{{- if .Values.image }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {matchLabels: {app: greeter}}
  template:
    metadata: {labels: {app: greeter}}
    spec: {containers: [{name: main, image: "lab/{{ .Values.image }}"}]}
{{- end }}
"""


@pytest.fixture
def chart(tmp_path):
    folder = tmp_path / "greeter"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(
        "apiVersion: v2\nname: greeter\nversion: 0.3.1\nappVersion: '7'\n"
    )
    (folder / "values.yaml").write_text("greeting: hello\npassword: ''\nimage: ''\n")
    (folder / "templates/greeting.yaml").write_text(_CONFIG_MAP)
    (folder / "templates/deployment.yaml").write_text(_DEPLOYMENT)
    return folder


def release(cluster, chart="", **values):
    fields = {"chart": str(chart), "namespace": cluster.namespace, "timeout": 90} | values
    secret = fields.pop("secret", None)
    password = f"pulumi.Output.secret({secret!r})" if secret else "''"
    given = fields.pop("values", {})
    return cluster.program(f"""
        r = k8s.helm.v3.Release("r", k8s.helm.v3.ReleaseArgs(**{fields!r},
            values={given!r} | {{"password": {password}}}), opts=o)
        pulumi.export("status", r.status)
        pulumi.export("names", r.resource_names)
        pulumi.export("name", r.name)
    """)


def greeting(cluster, name):
    return cluster.get("v1", "ConfigMap", f"{name}-greeting")["data"]["greeting"]


def test_a_release_is_installed_upgraded_and_uninstalled(workspace, cluster, chart):
    project = workspace(release(cluster, chart, name="hi", secret="hushhush"))

    project.pulumi("preview")
    assert cluster.names("v1", "ConfigMap") == ["kube-root-ca.crt"]
    project.up()
    made = project.outputs()
    project.pulumi("preview", "--expect-no-changes")
    project.up(release(cluster, chart, name="hi", values={"greeting": "hey"}, secret="hushhush"))

    assert made["status"]["status"] == "deployed"
    assert made["status"]["version"] == "0.3.1"
    assert made["names"] == {"ConfigMap/v1": ["hi-greeting"]}
    assert greeting(cluster, "hi") == "hey"
    assert project.outputs()["status"]["revision"] == 2
    assert "hushhush" not in project.stored()

    project.pulumi("refresh")
    project.pulumi("preview", "--expect-no-changes")
    project.pulumi("destroy")

    assert "hi-greeting" not in cluster.names("v1", "ConfigMap")


def test_a_release_without_a_name_gets_one_and_keeps_it(workspace, cluster, chart):
    project = workspace(release(cluster, chart))

    project.up()
    first = project.outputs()["name"]
    project.up(release(cluster, chart, values={"greeting": "hey"}))

    assert first.startswith("r-")
    assert project.outputs()["name"] == first
    assert greeting(cluster, first) == "hey"


def test_a_release_waits_for_its_objects_and_records_what_failed(workspace, cluster, chart):
    late = release(cluster, chart, name="hi", timeout=4, values={"image": "slow"})
    project = workspace(late)

    printed = project.pulumi("up", status=FAILED)
    recorded = project.resources()["r"]
    project.up(release(cluster, chart, name="hi", values={"image": "ready"}))

    assert "failed to initialize completely" in printed
    assert recorded["initErrors"]
    assert project.outputs()["status"]["status"] == "deployed"


def test_an_atomic_release_that_fails_leaves_nothing(workspace, cluster, chart):
    fields = {"name": "hi", "timeout": 4, "atomic": True, "values": {"image": "slow"}}
    project = workspace(release(cluster, chart, **fields))

    project.pulumi("up", status=FAILED)

    assert "r" not in project.resources()
    assert "hi-greeting" not in cluster.names("v1", "ConfigMap")


def test_skip_await_returns_at_once(workspace, cluster, chart):
    started = time.monotonic()

    workspace(release(cluster, chart, name="hi", skip_await=True, values={"image": "slow"})).up()

    assert time.monotonic() - started < 60


def test_a_chart_that_is_not_there_fails_the_preview(workspace, cluster, tmp_path):
    project = workspace(release(cluster, tmp_path / "nowhere", name="hi"))

    printed = project.pulumi("preview", status=FAILED)

    assert "check the chart name and repository configuration" in printed


def test_an_option_that_cannot_be_honoured_is_refused(workspace, cluster, chart):
    project = workspace(release(cluster, chart, name="hi", postrender="cat"))

    printed = project.pulumi("preview", status=FAILED)

    assert "does not honour postrender" in printed


@pytest.fixture
def repository(chart, tmp_path):
    """The URL of a chart repository on loopback, and the folder it serves."""
    folder = tmp_path / "repository"
    folder.mkdir()
    helm.package(chart, destination=folder)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        helm.repo_index_generate(folder, base_url=url)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield url, folder
        server.shutdown()
        thread.join()


def test_a_chart_may_come_from_a_repository_or_an_archive(workspace, cluster, repository):
    url, folder = repository
    fields = {"chart": "greeter", "version": ">=0.1", "repository_opts": {"repo": url}}
    project = workspace(release(cluster, name="hi", **fields))

    project.up()
    inputs = project.resources()["r"]["inputs"]
    project.up(
        release(cluster, folder / "greeter-0.3.1.tgz", name="hi", values={"greeting": "hey"})
    )

    assert inputs["version"] == "0.3.1"
    assert greeting(cluster, "hi") == "hey"
    assert project.outputs()["status"]["revision"] == 2

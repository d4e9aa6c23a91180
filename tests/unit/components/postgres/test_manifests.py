import pytest

from components.base import Image
from components.postgres.manifests import database, server
from components.postgres.spec import Bundled
from tests.unit.components.platform import plain

SPEC = Bundled(kind="bundled")
ALPINE = Image(repository="docker.io/library/postgres", tag="17-alpine3.22")
DEBIAN = Image(repository="docker.io/library/postgres", tag="17-bookworm")


def pod(spec=SPEC):
    return plain(server.stateful_set(spec, "the-claim", "the-secret"))["template"]["spec"]


def container(spec=SPEC):
    [only] = pod(spec)["containers"]
    return only


def test_the_superusers_password_is_in_a_file_and_in_no_variable():
    env = {e["name"]: e["value"] for e in container()["env"]}
    mounts = {m["name"]: m["mountPath"] for m in container()["volumeMounts"]}

    assert env["POSTGRES_PASSWORD_FILE"] == f"{mounts['superuser']}/password"
    assert "POSTGRES_PASSWORD" not in env
    assert {"name": "superuser", "secret": {"secretName": "the-secret"}} in pod()["volumes"]


def test_the_data_lie_in_a_folder_of_their_own_on_the_claimed_volume():
    env = {e["name"]: e["value"] for e in container()["env"]}
    mounts = {m["name"]: m["mountPath"] for m in container()["volumeMounts"]}

    assert env["PGDATA"].startswith(f"{mounts['data']}/")
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "the-claim"}} in pod()["volumes"]


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_probes_take_the_server_that_initialises_the_volume_for_none(probe):
    command = container()[probe]["exec"]["command"]

    assert command[0] == "pg_isready"
    assert "--host=127.0.0.1" in command, "the initialising server listens on a socket only"


def test_an_unfinished_initialisation_is_given_five_minutes():
    probe = container()["startupProbe"]

    assert probe["periodSeconds"] * probe["failureThreshold"] == 300


@pytest.mark.parametrize(
    ("spec", "user"),
    [
        (Bundled(kind="bundled", image=ALPINE), 70),
        (Bundled(kind="bundled", image=DEBIAN), 999),
        (Bundled(kind="bundled", image=DEBIAN, run_as_user=26), 26),
    ],
)
def test_the_server_runs_as_the_user_that_its_image_knows(spec, user):
    security = pod(spec)["securityContext"]

    assert (security["runAsUser"], security["fsGroup"]) == (user, user)


def test_settings_are_told_to_the_server_in_a_fixed_order():
    spec = Bundled(kind="bundled", parameters={"work_mem": "8MB", "max_connections": "200"})

    assert container(spec)["args"] == [
        *("postgres", "-c", "max_connections=200", "-c", "work_mem=8MB"),
    ]


def test_without_settings_the_image_decides_what_runs():
    assert "args" not in container()


def test_clients_find_only_a_ready_server_and_the_set_finds_any():
    who = server.identity(SPEC)

    assert "clusterIP" not in plain(server.service(who))
    assert plain(server.headless(who))["clusterIP"] == "None"
    assert plain(server.headless(who))["publishNotReadyAddresses"] is True


def test_no_service_takes_a_job_for_a_server():
    job = plain(database.job(SPEC, "orders", "scripts", {"superuser": "a", "role": "b"}, "1"))
    labels = job["template"]["metadata"]["labels"]

    selector = plain(server.service(server.identity(SPEC)))["selector"]

    assert not selector.items() <= labels.items()


def test_a_job_finds_its_passwords_in_files_and_has_none_in_its_command():
    job = plain(database.job(SPEC, "orders", "scripts", {"superuser": "a", "role": "b"}, "1"))
    [only] = job["template"]["spec"]["containers"]
    mounts = {m["name"]: m["mountPath"] for m in only["volumeMounts"]}
    secrets = next(e["value"] for e in only["env"] if e["name"] == "SECRETS")

    assert only["command"] == ["sh", f"{mounts['scripts']}/database.sh", "orders", "orders"]
    assert (mounts["superuser"], mounts["role"]) == (f"{secrets}/superuser", f"{secrets}/role")
    assert "valueFrom" not in str(only["env"])


def test_a_jobs_name_changes_with_what_it_would_do(monkeypatch):
    name = database.job_name(SPEC, "orders")

    assert database.job_name(SPEC, "orders") == name
    assert database.job_name(SPEC, "users") != name
    assert database.job_name(Bundled(kind="bundled", image=DEBIAN), "orders") != name
    monkeypatch.setattr(database, "scripts", lambda: {"database.sql": "SELECT 1"})
    assert database.job_name(SPEC, "orders") != name


@pytest.mark.parametrize(
    ("host", "ssl_mode", "expected"),
    [
        ("db.test", None, "postgresql://u:p%40ss%2F1@db.test:5433/n"),
        ("db.test", "require", "postgresql://u:p%40ss%2F1@db.test:5433/n?sslmode=require"),
        ("2001:db8::1", None, "postgresql://u:p%40ss%2F1@[2001:db8::1]:5433/n"),
    ],
)
def test_a_url_carries_any_password_and_any_host(host, ssl_mode, expected):
    assert database.url(host, 5433, ("n", "u", "p@ss/1"), ssl_mode) == expected


def test_the_script_that_waits_is_told_whom_it_waits_for():
    wait = plain(database.wait(ALPINE, "db.test", 5433))

    assert wait["image"] == "docker.io/library/postgres:17-alpine3.22"
    assert wait["command"][:2] == ["sh", "-c"]
    assert wait["command"][4:6] == ["db.test", "5433"]

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.images import names


class Application:
    """The demonstration application beside one database, in its network."""

    def __init__(self, containers, database):
        self._containers, self._database = containers, database
        self.url = f"postgresql://ffe:{database.password}@127.0.0.1:5432/visits"
        self.container = None

    def run(self, *command, image="demo", environment=None):
        settings = {"command": list(command)} if command else {}
        return self._containers.run(
            names()[image],
            environment={"DATABASE_URL": self.url, "WEB_CONCURRENCY": "2", **(environment or {})},
            near=self._database.container,
            hostname="ffe-0",
            **settings,
        )

    def migrate(self):
        container = self.run("alembic", "upgrade", "head")
        assert container.wait() == 0, container.log
        return container

    def serve(self, **settings):
        self.container = self.run(**settings)
        with self.container.near() as near:
            self.container.until(lambda: near.submit(answer, "/health").result()[0] == 200)
        return self.container

    def get(self, path):
        with self.container.near() as near:
            return near.submit(answer, path).result()


def answer(path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:8000{path}", timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError as error:
        return 0, str(error)


@pytest.fixture
def application(containers, database):
    database.start()
    return Application(containers, database)


def test_visits_are_counted_by_a_named_pod_and_version(application):
    application.migrate()
    application.serve()

    assert application.get("/ready") == (200, {"status": "ready"})
    assert application.get("/live")[0] == 200
    assert application.get("/") == (200, {"visits": 1, "pod": "ffe-0", "version": "1.0.0"})
    assert application.get("/")[1]["visits"] == 2


def test_the_count_outlives_both_containers_and_an_upgrade(application, database):
    application.migrate()
    application.serve()
    assert application.get("/")[1]["visits"] == 1

    application.container.signal("TERM")
    application.container.wait()
    database.stop()
    database.start()
    application.migrate()
    application.serve(image="demo-next")

    assert application.get("/")[1] == {"visits": 2, "pod": "ffe-0", "version": "1.1.0"}


def test_pods_that_migrate_at_once_all_succeed_and_one_of_them_migrates(application, database):
    pods = [application.run("alembic", "upgrade", "head") for _ in range(5)]

    assert [pod.wait() for pod in pods] == [0] * 5, "\n".join(pod.log for pod in pods)
    assert sum("Running upgrade  -> 0001" in pod.log for pod in pods) == 1
    assert database.sql("SELECT count(*), sum(number) FROM visits") == "1|0"


def test_a_migration_waits_for_the_one_under_way(application, database):
    with ThreadPoolExecutor(1) as threads:
        lock = "SELECT pg_advisory_lock(7340010001); SELECT pg_sleep(25)"
        threads.submit(database.sql, lock, check=False)
        locks = "FROM pg_locks WHERE locktype = 'advisory' AND granted"
        database.container.until(lambda: database.sql(f"SELECT count(*) {locks}") == "1")

        pod = application.run("alembic", "upgrade", "head")

        pod.until(lambda: database.sql(f"SELECT count(*) {locks} = false") == "1")
        assert database.sql("SELECT to_regclass('visits') IS NULL") == "t"
        database.sql(f"SELECT pg_terminate_backend(pid) {locks}")
    assert pod.wait() == 0, pod.log
    assert database.sql("SELECT number FROM visits") == "0"


def test_no_two_visits_get_the_same_number(application):
    application.migrate()
    application.serve(environment={"WEB_CONCURRENCY": "4", "DATABASE_POOL_SIZE": "20"})

    with application.container.near() as near:
        numbers = [visit["visits"] for _, visit in near.map(answer, ["/"] * 200)]

    assert sorted(numbers) == list(range(1, 201))


def test_the_pod_holds_no_more_connections_than_its_pool(application, database):
    application.migrate()
    application.serve(environment={"WEB_CONCURRENCY": "2", "DATABASE_POOL_SIZE": "4"})

    lock = "BEGIN; UPDATE visits SET number = 0; SELECT pg_sleep(3); COMMIT"
    held = "SELECT count(*) FROM pg_stat_activity WHERE application_name = '' AND client_port > 0"

    with ThreadPoolExecutor(1) as threads, application.container.near() as near:
        holder = threads.submit(database.sql, lock)
        visits = [near.submit(answer, "/") for _ in range(16)]
        counts = []
        while not holder.done():
            counts.append(int(database.sql(held)))

    assert 1 <= max(counts) <= 4, counts
    assert {visit.result()[0] for visit in visits} <= {200, 503}


def test_a_pod_whose_database_hangs_is_alive_and_not_ready_and_recovers_by_itself(
    application, database
):
    application.migrate()
    application.serve(environment={"WEB_CONCURRENCY": "1"})
    assert application.get("/")[0] == 200, "there is a connection in the pool now"

    database.container.signal("STOP", to_all=True)

    assert application.get("/ready") == (503, {"status": "database unavailable"})
    assert application.get("/") == (503, {"status": "database unavailable"})
    assert application.get("/health")[0] == 200
    database.container.signal("CONT", to_all=True)

    application.container.until(lambda: application.get("/ready")[0] == 200)
    assert application.get("/")[0] == 200


def test_connections_that_the_server_closed_are_replaced_unnoticed(application, database):
    application.migrate()
    application.serve(environment={"WEB_CONCURRENCY": "1"})
    assert application.get("/")[1]["visits"] == 1

    others = "FROM pg_stat_activity WHERE datname = 'visits' AND pid <> pg_backend_pid()"
    database.sql(f"SELECT pg_terminate_backend(pid) {others}")

    assert application.get("/")[1]["visits"] == 2


def test_a_request_that_has_begun_is_answered_before_the_pod_ends(application, database):
    application.migrate()
    application.serve()
    with ThreadPoolExecutor(1) as threads, application.container.near() as near:
        lock = "BEGIN; UPDATE visits SET number = 41; SELECT pg_sleep(1); COMMIT"
        threads.submit(database.sql, lock)
        application.container.until(lambda: database.sql("SELECT count(*) FROM pg_locks") != "1")
        late = near.submit(answer, "/")
        time.sleep(0.3)

        application.container.signal("TERM")

        assert late.result()[1]["visits"] == 42
    assert application.container.wait(timeout=25) == 0


def test_the_pod_ends_cleanly_and_soon_when_nothing_is_under_way(application):
    application.migrate()
    application.serve()
    started = time.monotonic()

    application.container.signal("TERM")

    assert application.container.wait() == 0
    assert time.monotonic() - started < 15, "DRAIN_SECONDS is for requests under way"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "mysql://ffe:hush@db/x"}, "DATABASE_URL names mysql"),
        ({"DATABASE_URL": "hush@:not a url"}, "DATABASE_URL has to be postgresql://"),
        (
            {"DATABASE_POOL_SIZE": "many"},
            "DATABASE_POOL_SIZE=many: has to be a whole number above 0",
        ),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL=loud: has to be one of"),
    ],
)
def test_a_wrong_setting_is_named_and_no_password_is_shown(application, environment, message):
    container = application.run(environment=environment)

    assert container.wait() != 0
    assert message in container.log
    assert "hush" not in container.log


def test_a_migration_of_an_unreachable_database_fails_without_showing_the_password(application):
    url = "postgresql://ffe:hush@127.0.0.1:1/visits"
    container = application.run("alembic", "upgrade", "head", environment={"DATABASE_URL": url})

    assert container.wait() != 0
    assert "hush" not in container.log

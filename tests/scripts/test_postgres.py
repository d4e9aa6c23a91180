"""The database scripts, run against a real PostgreSQL server."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from components.postgres.manifests.database import SCRIPTS

SUPERUSER, ROLE_PASSWORD = "the-superusers-password", "the-roles-'password'"
NOBODY = 65534


def programs():
    """Where the server's programs are; the newest of a distribution's, or what is on PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = versions[-1] if versions else shutil.which("initdb")
    return Path(found).parent if found else None


BIN = programs()


class Server:
    def __init__(self, folder):
        self.folder, self.secrets = folder, folder / "secrets"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        for name, text in (("superuser", SUPERUSER), ("role", ROLE_PASSWORD)):
            (self.secrets / name).mkdir(parents=True)
            (self.secrets / name / "password").write_text(text)
        self.log = folder / "log"
        self.process = None

    def start(self):
        data, password = self.folder / "data", self.secrets / "superuser" / "password"
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--no-sync",
                  "-E", "UTF8", "--locale=C", f"--pwfile={password}")  # fmt: skip
        settings = ("log_statement=ddl", "log_min_duration_statement=0", "fsync=off")
        flags = [word for setting in settings for word in ("-c", setting)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [BIN / "postgres", "-D", data, "-k", self.folder, "-p", str(self.port), *flags],
                stdout=log, stderr=subprocess.STDOUT, **self._identity(),
            )  # fmt: skip

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # a fast shutdown
            self.process.wait(30)

    def _identity(self):
        # The server refuses to run as root.
        root = os.geteuid() == 0
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if root else {}

    def _run(self, program, *arguments):
        command = [BIN / program, *arguments]
        subprocess.run(command, check=True, capture_output=True, **self._identity())

    def environment(self):
        path = f"{BIN}:{os.environ['PATH']}"
        where = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres"}
        return {"PATH": path, "SECRETS": str(self.secrets), **where}

    def make(self, database, role):
        return subprocess.run(
            ["sh", SCRIPTS / "database.sh", database, role],
            env=self.environment(), check=False, capture_output=True, text=True,
        )  # fmt: skip

    def ask(self, sql, *, user="postgres", password=SUPERUSER, database="postgres"):
        env = {**self.environment(), "PGUSER": user, "PGPASSWORD": password}
        line = ["psql", "--no-psqlrc", "-At", "-d", database, "-c", sql]
        return subprocess.run(line, env=env, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def server():
    if BIN is None:
        pytest.skip("no PostgreSQL server is installed")
    folder = Path(tempfile.mkdtemp(prefix="groundwork-postgres-"))
    it = Server(folder)
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    try:
        it.start()
        wait(it, 20, check=True)
        yield it
    finally:
        it.stop()
        shutil.rmtree(folder)


def wait(server, seconds, *, check=False):
    command = ["sh", SCRIPTS / "wait.sh", "127.0.0.1", str(server.port), str(seconds)]
    return subprocess.run(
        command, env=server.environment(), check=check, capture_output=True, text=True
    )


def test_a_role_can_work_in_the_database_made_for_it(server):
    made = server.make("orders", "clerk")

    assert made.returncode == 0, made.stderr
    worked = server.ask(
        "CREATE TABLE t (n int); INSERT INTO t VALUES (1); SELECT n FROM t",
        user="clerk", password=ROLE_PASSWORD, database="orders",
    )  # fmt: skip
    assert worked.stdout.splitlines()[-1] == "1", worked.stderr


def test_a_second_run_changes_nothing_and_keeps_the_data(server):
    server.make("kept", "keeper")
    server.ask("CREATE TABLE t AS SELECT 7 AS n", database="kept")

    again = server.make("kept", "keeper")

    assert (again.returncode, again.stderr) == (0, "")
    assert server.ask("SELECT n FROM t", database="kept").stdout == "7\n"


def test_a_changed_password_replaces_the_old_one(server):
    server.make("rotated", "rotator")
    secret = server.secrets / "role" / "password"
    secret.write_text("the-next-one")
    try:
        server.make("rotated", "rotator")
    finally:
        secret.write_text(ROLE_PASSWORD)
    login = {"user": "rotator", "database": "rotated"}

    assert server.ask("SELECT 1", password="the-next-one", **login).returncode == 0
    assert server.ask("SELECT 1", password=ROLE_PASSWORD, **login).returncode != 0


def test_a_role_has_no_business_in_anothers_database_and_no_privilege(server):
    server.make("mine", "me")
    server.make("yours", "you")

    refused = server.ask("SELECT 1", user="me", password=ROLE_PASSWORD, database="yours")
    rights = server.ask(
        "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'me'"
    )

    assert "permission denied for database" in refused.stderr
    assert rights.stdout == "f|f|f\n"


def test_names_are_taken_literally(server):
    name = 'odd-"name'

    assert server.make(name, "odd'; DROP ROLE postgres; --").returncode == 0
    assert server.ask("SELECT 1", database=name).stdout == "1\n"


def test_a_failure_is_told_and_shows_no_password(server):
    secret = server.secrets / "superuser" / "password"
    secret.write_text("wrong-one")
    try:
        made = server.make("never", "never")
    finally:
        secret.write_text(SUPERUSER)

    assert made.returncode != 0
    assert "password authentication failed" in made.stderr
    assert "wrong-one" not in made.stderr + made.stdout


def test_a_statement_that_fails_fails_the_script(server):
    made = server.make("never", "pg_reserved")

    assert made.returncode != 0
    assert 'role name "pg_reserved" is reserved' in made.stderr


def test_the_servers_log_never_holds_a_roles_password(server):
    server.make("logged", "logged")

    log = server.log.read_text()

    assert "statement:" in log, "this server logs statements, or the test would prove nothing"
    assert ROLE_PASSWORD not in log
    assert ROLE_PASSWORD.replace("'", "''") not in log


def test_waiting_ends_when_the_server_answers(server):
    waited = wait(server, 10)

    assert (waited.returncode, waited.stdout) == (
        0,
        f"PostgreSQL answers at 127.0.0.1:{server.port}\n",
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without a name")
def test_waiting_needs_no_name_for_the_user_it_runs_as(server):
    command = ["sh", SCRIPTS / "wait.sh", "127.0.0.1", str(server.port), "4"]
    environment = {k: v for k, v in server.environment().items() if k != "PGUSER"}

    waited = subprocess.run(
        command, env=environment, user=4321, group=4321, extra_groups=[], cwd="/",
        check=False, capture_output=True, text=True,
    )  # fmt: skip

    assert waited.returncode == 0, waited.stderr


def test_waiting_in_vain_ends_and_says_for_whom(tmp_path):
    stand_ins = {"pg_isready": "exit 2", "sleep": 'echo "$1" >> "$SLEPT"'}
    for name, body in stand_ins.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SLEPT": str(tmp_path / "slept")}

    waited = subprocess.run(
        ["sh", SCRIPTS / "wait.sh", "db.test", "5432", "10"],
        env=env, check=False, capture_output=True, text=True,
    )  # fmt: skip

    assert waited.returncode == 1
    assert waited.stderr == "no PostgreSQL server answered at db.test:5432 within 10 s\n"
    assert (tmp_path / "slept").read_text() == "2\n" * 4

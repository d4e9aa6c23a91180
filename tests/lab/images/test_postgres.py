import gzip
import os
import time

import pytest


def write(folder, name, content, mode=0o644):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return folder


def scripts(tmp_path):
    return tmp_path / "scripts"


def test_the_named_user_reaches_the_named_database_over_tcp(database):
    database.start()

    assert database.sql("SELECT current_user, current_database()") == "ffe|visits"
    assert database.sql("SHOW server_version").startswith("16.15")
    assert database.sql("SHOW password_encryption") == "scram-sha-256"


def test_a_wrong_password_is_refused(database):
    database.start()

    refused = database.sql("SELECT 1", password="wrong", check=False)

    assert refused.returncode != 0
    assert "password authentication failed" in refused.stderr


def test_the_server_is_the_first_process_and_holds_no_password(database):
    container = database.start()

    assert container.exec("cat", "/proc/1/comm").stdout.strip() == "postgres"
    assert database.password not in container.exec("cat", "/proc/1/environ").stdout
    assert database.password not in container.log


def test_data_outlives_the_container(database):
    database.start()
    database.sql("CREATE TABLE t AS SELECT 42 AS n")

    assert database.stop() == 0
    database.start()

    assert database.sql("SELECT n FROM t") == "42"
    assert "initdb" not in database.container.log


def test_data_outlives_a_killed_container(database):
    database.start()
    database.sql("CREATE TABLE t AS SELECT 42 AS n")

    database.stop("KILL")
    database.start()

    assert database.sql("SELECT n FROM t") == "42"


@pytest.mark.parametrize("seconds", [0, 0.1, 0.3, 0.6, 1.0, 1.5])
def test_a_start_that_is_killed_while_it_makes_the_data_is_followed_by_a_whole_one(
    database, tmp_path, seconds
):
    table = "CREATE TABLE t AS SELECT count(*) AS n FROM generate_series(1, 1000)"
    binds = {"/docker-entrypoint-initdb.d": write(scripts(tmp_path), "t.sql", table)}
    begun = database.volume / "pgdata/.initialising"
    container = database.start(ready=False, binds=binds)
    container.until(begun.exists)
    time.sleep(seconds)
    cut_off = begun.exists()
    database.stop("KILL")

    database.start(binds=binds)

    assert database.sql("SELECT n FROM t") == "1000"
    assert not begun.exists()
    assert ("starting over" in database.container.log) == cut_off


def test_a_start_that_is_killed_before_its_last_rename_is_followed_by_a_whole_one(database):
    database.start()
    database.sql("CREATE TABLE half_made ()")
    database.stop()
    begun = database.volume / "pgdata/.initialising"
    begun.mkdir()
    os.chown(begun, 999, 999)
    (begun.parent / "PG_VERSION").rename(begun / "PG_VERSION")

    database.start()

    assert database.sql("SELECT to_regclass('half_made') IS NULL") == "t"
    assert "starting over" in database.container.log


def test_files_that_are_no_database_are_refused_and_kept(database):
    kept = write(database.volume / "pgdata", "notes.txt", "mine") / "notes.txt"
    os.chown(kept.parent, 999, 999)
    container = database.start(ready=False)

    assert container.wait() != 0
    assert "holds files but no database" in container.log
    assert kept.read_text() == "mine"


def test_any_uid_serves_a_volume_that_its_group_may_write(database):
    os.chown(database.volume, 0, 4711)
    database.volume.chmod(0o2775)

    container = database.start(user="12345:4711")

    assert database.sql("SELECT 1") == "1"
    assert (database.volume / "pgdata").stat().st_uid == 12345
    assert container.exec("stat", "-c", "%u", "/proc/1").stdout.strip() == "12345"


def test_a_folder_of_another_user_is_refused_with_the_way_out(database):
    container = database.start(ready=False, environment={"PGDATA": "/var/lib/postgresql/data"})

    assert container.wait() != 0
    assert "set PGDATA to a folder below the volume" in container.log


def test_a_start_as_root_steps_down(database):
    rights = ["CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"]

    container = database.start(user="0:0", capabilities=rights)

    assert database.sql("SELECT 1") == "1"
    assert container.exec("stat", "-c", "%u", "/proc/1").stdout.strip() == "999"


def test_scripts_run_once_in_the_order_of_their_names(database, tmp_path):
    folder = scripts(tmp_path)
    write(folder, "1.sql", "CREATE TABLE t (n int);")
    write(folder, "2.sh", "docker_process_sql <<<'INSERT INTO t VALUES (2)'\n")
    write(folder, "3.sh", "#!/bin/bash\npsql $POSTGRES_DB -c 'INSERT INTO t VALUES (3)'\n", 0o755)
    write(folder, "4.sql.gz", gzip.compress(b"INSERT INTO t VALUES (4);"))
    write(folder, "5.txt", "nothing")
    binds = {"/docker-entrypoint-initdb.d": folder}

    database.start(binds=binds)
    database.stop()
    database.start(binds=binds)

    assert database.sql("SELECT string_agg(n::text, ',') FROM t") == "2,3,4"


def test_a_script_that_fails_leaves_no_database_behind(database, tmp_path):
    folder = write(scripts(tmp_path), "1.sql", "SELECT no_such_function();")
    binds = {"/docker-entrypoint-initdb.d": folder}
    assert database.start(ready=False, binds=binds).wait() != 0

    (folder / "1.sql").write_text("CREATE TABLE t AS SELECT 1 AS n;")
    database.start(binds=binds)

    assert database.sql("SELECT n FROM t") == "1"


def test_the_password_may_come_from_a_file(database, tmp_path):
    folder = write(tmp_path / "secrets", "password", f"{database.password}\n")
    environment = {"POSTGRES_PASSWORD": None, "POSTGRES_PASSWORD_FILE": "/secrets/password"}

    database.start(environment=environment, binds={"/secrets": folder})

    assert database.sql("SELECT 1") == "1"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"POSTGRES_PASSWORD": None}, "set POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD"),
        ({"POSTGRES_PASSWORD_FILE": "/etc/passwd"}, "are both set; set one of them"),
        (
            {"POSTGRES_PASSWORD": None, "POSTGRES_PASSWORD_FILE": "/none"},
            "POSTGRES_PASSWORD_FILE=/none cannot be read",
        ),
    ],
)
def test_a_start_without_one_password_is_refused(database, environment, message):
    container = database.start(ready=False, environment=environment)

    assert container.wait() != 0
    assert message in container.log


def test_arguments_reach_initdb_and_the_server(database):
    database.start(
        environment={"POSTGRES_INITDB_ARGS": "--data-checksums --set 'work_mem=5 MB'"},
        command=["-c", "max_connections=37"],
    )

    settings = database.sql("SELECT current_setting('data_checksums'), current_setting('work_mem')")
    assert settings == "on|5MB"
    assert database.sql("SHOW max_connections") == "37"


def test_another_command_is_run_as_it_is(containers, database):
    container = database.start(ready=False, command=["pg_isready", "--version"])

    assert container.wait() == 0
    assert "16.15" in container.log

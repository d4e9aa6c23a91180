"""The language host: how programs run, fail and end, as the engine shows it."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

KEEP = "from pulumi_command import local\nlocal.Command('kept', create='true')\n"


def test_a_run_error_is_shown_without_a_traceback(workspace):
    project = workspace("import pulumi\nraise pulumi.RunError('two mistakes:\\n  a: b')\n")

    printed = project.pulumi("preview", status=1)

    assert "error: two mistakes:\n      a: b" in printed
    assert "Traceback" not in printed


def test_another_exception_is_shown_with_the_programs_part_of_its_traceback(workspace):
    project = workspace("import pulumi, own\npulumi.Output.from_input(0).apply(own.divide)\n")
    (project.source / "own.py").write_text("def divide(x):\n    return 1 / x\n")

    printed = project.pulumi("preview", status=1)

    assert "Program failed with an unhandled exception:" in printed
    assert 'own.py", line 2, in divide' in printed
    assert "ZeroDivisionError" in printed


def test_an_exception_deletes_nothing(workspace):
    project = workspace(KEEP)
    project.up()

    project.program("raise ValueError('half way')\n")
    project.pulumi("up", status=1)

    assert "kept" in project.resources()


def test_an_early_exit_means_that_there_are_no_resources(workspace):
    """As with the official host: this is why a program must never call sys.exit."""
    project = workspace(KEEP)
    project.up()

    project.up("import sys\nsys.exit(0)\n" + KEEP)

    assert "kept" not in project.resources()


def test_an_exit_with_a_status_fails_the_update(workspace):
    project = workspace("import sys\nsys.exit(3)\n")

    assert "program exited with non-zero exit code: 3" in project.pulumi("up", status=1)


def test_each_run_is_a_process_of_its_own_with_the_python_of_the_engine(workspace):
    project = workspace(
        "import os, sys, pulumi, own\nown.seen.append(1)\n"
        "pulumi.export('python', sys.executable)\npulumi.export('seen', own.seen)\n"
        "pulumi.export('here', os.getcwd())\n"
        "pulumi.export('path', [p for p in sys.path if os.path.isdir(p + '/lab/engine')])\n"
    )
    (project.source / "own.py").write_text("seen = []\n")

    project.pulumi("preview")
    project.up()

    assert project.outputs() == {
        "python": sys.executable,
        "seen": [1],
        "here": str(project.source),
        "path": [],
    }


def test_config_arrives_with_its_secrets(workspace):
    project = workspace(
        "import pulumi\nc = pulumi.Config()\npulumi.export('plain', c.require_object('plain'))\n"
        "pulumi.export('secret', c.require_secret('hidden'))\n"
    )
    project.pulumi("config", "set", "--path", "plain.list[0]", "first")
    project.pulumi("config", "set", "--secret", "hidden", "hunter2")

    project.up()

    assert project.outputs() == {"plain": {"list": ["first"]}, "secret": "hunter2"}
    assert "hunter2" not in project.stored()


def test_what_a_program_prints_is_shown(workspace):
    assert "hello from the program" in workspace("print('hello from the program')\n").up()


def test_the_engine_says_nothing_about_its_plugins(workspace):
    printed = workspace(KEEP).up()

    assert "warning" not in printed
    assert "$PATH" not in printed


def test_the_tools_around_a_program_work(workspace):
    project = workspace(KEEP)

    assert sys.executable in project.pulumi("about")
    project.pulumi("install")


def test_the_next_update_says_what_a_killed_one_was_doing_and_goes_on(workspace, tmp_path):
    slow = f"echo run >> {tmp_path}/log; test -e {tmp_path}/quick || sleep 30"
    project = workspace(
        "from pulumi_command import local\n"
        "first = local.Command('first', create='true')\n"
        f"local.Command('slow', create={slow!r})\n"
    )
    process = project.start("up")
    wait_for(lambda: (tmp_path / "log").exists() and "first" in project.stored())
    children = descendants(process.pid)

    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    wait_for(lambda: not any(child.exists() for child in children), "plugins end with the engine")
    (tmp_path / "quick").touch()
    project.pulumi("cancel", "--yes")
    assert "interrupted while creating" in project.up()
    project.pulumi("refresh", "--clear-pending-creates")
    assert '"pending_operations"' not in project.stored()
    assert {"first", "slow"} <= project.resources().keys()


def test_an_interrupt_ends_the_program_quietly(workspace):
    project = workspace("import time\nprint('sleeping', flush=True)\ntime.sleep(60)\n")
    process = project.start("preview")
    for line in process.stdout:
        if "sleeping" in line:
            break

    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=30)

    assert process.returncode != 0
    assert "Traceback" not in printed


def wait_for(condition, what="", seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def descendants(pid):
    """The processes a process has started: plugins and the language host."""
    found = [one for one in Path("/proc").iterdir() if one.name.isdigit() and parent_of(one) == pid]
    if not found:
        pytest.fail(f"process {pid} has started no plugin")
    return found


def parent_of(process):
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None

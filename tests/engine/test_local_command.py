"""local.Command: a command on the machine that runs the program."""

from types import SimpleNamespace

import pytest

HEAD = "import pulumi\nfrom pulumi_command import local\n"

PROGRAM = """
import pathlib
from pulumi_command import local
plain = local.Command("plain", create="pwd; cat; echo bad >&2", stdin="in")
given = local.Command("given", create="import os; print(os.getcwd(), os.environ['A'])",
                      dir="/usr", environment={"A": "b"}, interpreter=["python3", "-c"])
local.Command("deaf", create="true", stdin="x" * 200_000)
path = local.Command("path", create="python3 -c 'import sys; print(sys.path)'; env")
seen = local.Command("seen", create="echo one", update="echo $PULUMI_COMMAND_STDOUT two",
                     stdin=pathlib.Path("turn").read_text(),
                     delete="echo $PULUMI_COMMAND_STDOUT > deleted")
local.run(command="echo ran >> ran")
pulumi.export("plain", [plain.stdout, plain.stderr])
pulumi.export("given", given.stdout)
pulumi.export("path", path.stdout)
"""


@pytest.fixture(scope="module")
def done(story):
    """The program brought up, changed, previewed and destroyed."""
    project, _ = story(lambda _host: HEAD + PROGRAM)
    (project.source / "turn").write_text("1")
    project.up()
    (project.source / "turn").write_text("2")
    project.up()
    outputs = project.outputs()
    project.pulumi("preview")
    project.pulumi("destroy")
    return SimpleNamespace(outputs=outputs, source=project.source)


def test_it_runs_in_the_programs_folder_and_keeps_what_is_printed(done):
    assert done.outputs["plain"] == [f"{done.source}\nin", "bad"]


def test_dir_environment_and_interpreter_are_taken(done):
    assert done.outputs["given"] == "/usr b"


def test_the_last_output_is_in_the_environment_of_the_next_run(done):
    assert (done.source / "deleted").read_text() == "one two\n"


def test_run_runs_each_time_the_program_does_previews_included(done):
    assert (done.source / "ran").read_text() == "ran\n" * 3


def test_nothing_of_the_lab_is_in_the_environment_of_a_command(done):
    assert "PYTHONPATH" not in done.outputs["path"]


def test_a_failure_names_status_command_and_output(workspace):
    project = workspace(HEAD + "local.Command('c', create='echo why; exit 7')\n")

    printed = project.pulumi("up", status=1)

    assert 'exit status 7: running "echo why; exit 7":\n    why' in printed

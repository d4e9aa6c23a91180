"""What is in the clear in the state and on the console, and what is not."""

from types import SimpleNamespace

import pytest

# What each command is given, and the value that is looked for.
SECRETS = {name: f"hunter2-by-{name}" for name in ("stdin", "create", "environment", "delete")}
SECRETS |= {"printed": "hunter2-printed", "declared": "hunter2-declared"}

LOGGED = {"STDOUT": {"out"}, "STDERR": {"err"}, "NONE": set(), "STDOUT_AND_STDERR": {"out", "err"}}

BODY = (
    f"SECRETS = {{k: pulumi.Output.secret(v) for k, v in {SECRETS!r}.items()}}\n"
    f"LOGGED = {list(LOGGED)!r}\n"
    """
def quiet(name, **arguments):
    return remote.Command(name, connection=CONNECTION, **arguments, **QUIET)

quiet("stdin", create="cat > /dev/null", stdin=SECRETS["stdin"])
quiet("create", create=pulumi.Output.concat("true ", SECRETS["create"]))
quiet("environment", create="true", environment={"GW_PASSWORD": SECRETS["environment"]})
quiet("delete", create="true", delete=pulumi.Output.concat("true ", SECRETS["delete"]))
quiet("printed", create="cat", stdin=SECRETS["printed"])
quiet("declared", create="cat", stdin=SECRETS["declared"],
      opts=pulumi.ResourceOptions(additional_secret_outputs=["stdout", "stderr"]))
for name in LOGGED:
    remote.Command(name, connection=CONNECTION, logging=getattr(remote.Logging, name),
                   create=f"printf to-%s-{name}. out; printf to-%s-{name}. err >&2")
exact = quiet("exact", create="printf ' a\\\\n\\\\nb \\\\n\\\\n'")
pulumi.export("exact", exact.stdout)
# The official plugin hangs on this line for ever, and nothing is gained by hanging as well. So that
# a program passes there too, it has `logging=NONE` wherever a line may be that long.
long = remote.Command("long", connection=CONNECTION,
                      create="head -c 100000 /dev/zero | tr '\\\\0' x | tee /dev/stderr | cat")
pulumi.export("long", long.stdout.apply(len))
"""
)


@pytest.fixture(scope="module")
def told(story):
    """All of the above, brought up once."""
    project, host = story(lambda host: host.head() + BODY)
    printed = project.up()
    return SimpleNamespace(
        printed=printed,
        stored=project.stored(),
        resources=project.resources(),
        outputs=project.outputs(),
        host=host,
    )


@pytest.mark.parametrize("given", ["stdin", "create", "environment", "delete"])
def test_a_secret_input_is_in_the_clear_nowhere(told, given):
    assert SECRETS[given] not in told.stored
    assert SECRETS[given] not in told.printed
    assert SECRETS[given] in str(told.resources[given]), "and yet it is there, encrypted"


def test_the_connection_is_secret_as_a_whole(told):
    key = told.host.sshd.read("client_key").split("\n")[1]

    assert key not in told.stored
    assert "127.0.0.1" not in told.stored


def test_what_a_command_prints_is_in_the_clear_though_its_input_is_secret(told):
    assert SECRETS["printed"] in told.stored


def test_outputs_that_are_declared_secret_are_encrypted(told):
    assert SECRETS["declared"] not in told.stored
    assert SECRETS["declared"] in str(told.resources["declared"]["outputs"]["stdout"])


@pytest.mark.parametrize("logging", LOGGED)
def test_logging_says_which_stream_is_shown(told, logging):
    shown = {stream for stream in ("out", "err") if f"to-{stream}-{logging}." in told.printed}

    assert shown == LOGGED[logging]


def test_output_is_kept_whole_but_for_one_newline(told):
    assert told.outputs["exact"] == " a\n\nb \n"


def test_a_line_of_more_than_64_kib_passes_with_logging_on(told):
    assert told.outputs["long"] == 100_000


def test_a_failure_shows_the_command_and_its_output_whatever_the_logging(workspace, host):
    project = workspace(
        host.program(
            "remote.Command('c', connection=CONNECTION, **QUIET,"
            " stdin=pulumi.Output.secret('pass'),"
            " create='cat; echo \"why\" >&2; exit 9',"
            " opts=pulumi.ResourceOptions(additional_secret_outputs=['stdout', 'stderr']))"
        )
    )

    printed = project.pulumi("up", status=1)

    quoted = 'running "cat; echo \\"why\\" >&2; exit 9":'
    assert f"Process exited with status 9: {quoted}" in printed, "whole, and quoted as Go quotes"
    assert "passwhy" in printed

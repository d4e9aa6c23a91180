"""remote.Command's life: what runs when, and what is kept. Real engine, real SSH."""


def command(host, extra="", **changed):
    """A program of one command that writes which of its texts ran into a log on the host."""
    texts = {
        "create": "echo create >> log",
        "update": "echo update >> log",
        "delete": "echo delete >> log",
        **changed,
    }
    given = ", ".join(
        f"{name}='cd ' + DIRECTORY + '; ' + {text!r}" for name, text in texts.items() if text
    )
    return host.program(
        f"c = remote.Command('c', connection=CONNECTION, {given}, {extra} **QUIET)\n"
        "pulumi.export('out', c.stdout)\n"
    )


def test_a_first_up_runs_create_and_a_second_one_nothing(workspace, host):
    project = workspace(command(host))

    project.up()
    printed = project.up()

    assert host.lines() == ["create"]
    assert "2 unchanged" in printed


def test_any_other_input_runs_update(workspace, host):
    project = workspace(command(host))
    project.up()

    project.up(command(host, "stdin='other',"))

    assert host.lines() == ["create", "update"]

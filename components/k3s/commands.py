"""Commands on hosts and on the operator's machine: each kind is built in one place, here.

pulumi-command keeps no secret by itself: what fails is quoted whole, what is printed is stored in
the clear, and argv can be read by every user of a host. So the command lines are short and say
nothing, script and data travel on stdin, and what is printed is kept as a secret.
"""

from dataclasses import dataclass

import pulumi
from pulumi_command import local, remote

from components.k3s.connection import Connections

# The grace between asking a script to end and ending it
_KILL_SECONDS = 10


# What undoes a job when it is taken out of the stack
_REMOVAL = {"join": "leave"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A script for a host: run when it is new, and again, idempotent, when anything changes."""

    verb: str
    node: str
    """The node that it is about; mostly the one it runs on."""
    stdin: pulumi.Output[str]
    limits: dict[str, int]
    """Verb -> the seconds it may take."""


def host_command(
    name: str,
    connections: Connections,
    host: str,
    job: Job | None,
    opts: pulumi.ResourceOptions,
) -> remote.Command:
    """The command that does `job` on a host. None: it does nothing, ever, and dials nobody."""
    user = connections.routes[host].user
    run = None if job is None else _line(user, job, job.verb)
    stdin: pulumi.Output[str] | None = pulumi.Output.secret(job.stdin) if job else None
    return remote.Command(
        name,
        connection=connections.to(host),
        create=run,
        update=run,
        delete=_line(user, job, _REMOVAL[job.verb]) if job and job.verb in _REMOVAL else None,
        stdin=stdin,
        logging=remote.Logging.NONE,
        add_previous_output_in_env=False,
        opts=_with_secret_outputs(opts),
    )


def _with_secret_outputs(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    mine = pulumi.ResourceOptions(additional_secret_outputs=["stdout", "stderr"])
    return pulumi.ResourceOptions.merge(opts, mine)


def _line(user: str, job: Job, verb: str) -> str:
    root = "" if user == "root" else "sudo -n "
    limit = f"timeout -k {_KILL_SECONDS} {job.limits[verb]}"
    return f"{root}{limit} bash -s -- {verb} {job.node}"


def local_command(
    name: str,
    module: str,
    stdin: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
    *,
    on_removal: bool = False,
) -> local.Command:
    """The command that runs a module of this program beside it: when made or changed, or when gone.

    `on_removal`: only when it is gone.
    """
    # Whoever runs the engine says which interpreter has the program's packages.
    run = f'exec "${{GROUNDWORK_PYTHON:-python3}}" -m {module}'
    hidden: pulumi.Output[str] = pulumi.Output.secret(stdin)
    return local.Command(
        name,
        create=None if on_removal else run,
        update=None if on_removal else run,
        delete=run if on_removal else None,
        stdin=hidden,
        logging=local.Logging.NONE,
        add_previous_output_in_env=False,
        opts=_with_secret_outputs(opts),
    )

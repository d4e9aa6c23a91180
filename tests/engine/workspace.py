"""A Pulumi project in a folder of its own, driven through the real command line."""

import json
import os
import subprocess
from pathlib import Path
from textwrap import dedent

# What changes something asks first; a test has answered already.
ASKING = {"up", "destroy", "refresh"}

PASSPHRASE = "for this test only"


class Workspace:
    def __init__(self, folder, environment, program):
        self.folder = Path(folder)
        self.backend = self.folder / "backend"
        self.backend.mkdir(parents=True)
        self.environment = environment | {
            "PULUMI_BACKEND_URL": f"file://{self.backend}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "NO_COLOR": "1",
        }
        self.source = self.folder / "program"
        self.source.mkdir()
        (self.source / "Pulumi.yaml").write_text("name: trial\nruntime: python\n")
        self.program(program)
        self.pulumi("stack", "init", "test")

    def program(self, text):
        (self.source / "__main__.py").write_text(dedent(text))

    def command(self, *args):
        asking = ["--yes", "--non-interactive"] if args[0] in ASKING else []
        if args[0] in {"up", "destroy"}:
            asking.append("--skip-preview")
        return ["pulumi", *args, *asking]

    def start(self, *args, **variables):
        """The command, running: its output is on the process's `stdout`."""
        return subprocess.Popen(
            self.command(*args),
            cwd=self.source,
            env=os.environ | self.environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def pulumi(self, *args, status=0, **variables):
        """All that the command printed. Its exit status has to be the expected one."""
        process = self.start(*args, **variables)
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == status, printed
        return printed

    def up(self, program=None, **variables):
        if program is not None:
            self.program(program)
        return self.pulumi("up", **variables)

    def stored(self):
        """The state as it lies on the disk."""
        return (self.backend / ".pulumi/stacks/trial/test.json").read_text()

    def resources(self):
        """The resources in the state by logical name, decrypted."""
        exported = json.loads(self.pulumi("stack", "export", "--show-secrets"))
        found = exported["deployment"].get("resources", [])
        return {one["urn"].rsplit("::", 1)[-1]: one for one in found}

    def outputs(self):
        return json.loads(self.pulumi("stack", "output", "--json", "--show-secrets"))

    def planned(self):
        """What a preview would do, by logical name. What stays as it is is left out."""
        steps = json.loads(self.pulumi("preview", "--json"))["steps"]
        return {step["urn"].rsplit("::", 1)[-1]: step["op"] for step in steps}

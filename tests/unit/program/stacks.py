"""The repository's stacks, run as the real `__main__.py` under the recording engine."""

import copy
import json
import runpy
from pathlib import Path

import yaml

from components.merge import merge
from tests.unit.graph import record
from tests.unit.wire import Secret

ROOT = Path(__file__).parents[3]
STACKS = sorted(p.name.split(".")[1] for p in ROOT.glob("Pulumi.*.yaml"))
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDqNOR4Tqf6Qh1u0RnwtbBOPsVfSrxIzJdVqKUjxl1nX"
PRIVATE_KEY = "the operator's private key"

RETURNS = {
    "random:index/randomPassword:RandomPassword": lambda n: {"result": Secret(f"pw-{n.name}")},
    "tls:index/privateKey:PrivateKey": lambda n: {
        key: Secret(f"{key} of {n.name}")
        for key in ("privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh")
    },
    "tls:index/selfSignedCert:SelfSignedCert": lambda n: {"certPem": f"cert of {n.name}\n"},
    "tls:index/certRequest:CertRequest": lambda n: {"certRequestPem": f"request of {n.name}\n"},
    "tls:index/locallySignedCert:LocallySignedCert": lambda n: {"certPem": f"leaf of {n.name}\n"},
    "command:remote:Command": lambda _: {"stdout": Secret("out"), "stderr": Secret("")},
    "command:local:Command": lambda _: {"stdout": "out", "stderr": ""},
}


def settings(stack, folder):
    """The stack file's sections, with files that `make up` would make put into `folder`."""
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text()
    sections = yaml.safe_load(text.replace(".lab/dev/", f"{folder}/"))["config"]
    nodes = sections["groundwork:cluster"]["nodes"].values()
    trust = sections["groundwork:cluster"]["ssh"]["hostKeys"]
    trust["path"] = f"{folder}/known_hosts"
    hosts = [*(n["address"] for n in nodes), "10.213.0.99", "192.0.2.99", "198.51.100.99"]
    (folder / "known_hosts").write_text("".join(f"{h} {HOST_KEY}\n" for h in hosts))
    (folder / "id_ed25519").write_text(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{PRIVATE_KEY}\n")
    return {k.removeprefix("groundwork:"): v for k, v in sections.items() if "groundwork" in k}


def deploy(sections, *, preview=False, secrets=(), stack="test"):
    """The graph of the program for `sections`."""
    config = {
        f"groundwork:{k}": v if isinstance(v, str) else json.dumps(v, sort_keys=True)
        for k, v in sections.items()
    }
    config |= {f"groundwork:{name}": f"value-of-{name}" for name in secrets}
    return record(
        lambda: runpy.run_path(str(ROOT / "__main__.py")),
        returns=RETURNS,
        preview=preview,
        config=config,
        secret_keys=[f"groundwork:{name}" for name in secrets],
        stack=stack,
    )


def patched(sections, patch):
    """`sections` with an RFC 7396 patch over a copy of them."""
    return merge(copy.deepcopy(sections), patch)

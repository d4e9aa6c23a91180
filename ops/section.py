"""The cluster section of a stack file, read without running the program."""

import sys

import yaml
from pydantic import ValidationError

from components.explain import explain
from components.k3s.spec import Cluster
from components.stack import ROOT


def cluster(stack: str) -> Cluster:
    """The cluster of `stack`; ends the command, with a line for each mistake, when it is none."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    try:
        settings = yaml.safe_load(path.read_text("utf-8"))["config"]
        return Cluster.model_validate(settings["groundwork:cluster"])
    except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
        sys.exit(f"{path.name} holds no groundwork:cluster ({error}): name a stack with --stack")
    except ValidationError as error:
        sys.exit("\n".join(explain(error, Cluster)))

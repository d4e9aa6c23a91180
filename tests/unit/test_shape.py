"""The architecture, held by the source itself."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPONENTS = ROOT / "components"
TOKENS = {
    "groundwork:app:System",
    "groundwork:app:Workload",
    "groundwork:ingress:Ingress",
    "groundwork:k3s:K3sCluster",
    "groundwork:postgres:Postgres",
    "groundwork:storage:Storage",
    "groundwork:tls:Tls",
}


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


PROGRAM = [p for p in tracked("*.py") if "tests" not in p.relative_to(ROOT).parts]
PRODUCT = [p for p in PROGRAM if p.is_relative_to(COMPONENTS) or p == ROOT / "__main__.py"]


def name(path):
    return str(path.relative_to(ROOT))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def component_classes():
    for path in sorted(COMPONENTS.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            bases = [ast.unparse(b) for b in getattr(node, "bases", [])]
            if isinstance(node, ast.ClassDef) and "pulumi.ComponentResource" in bases:
                yield node


CLASSES = list(component_classes())


def constructor(component):
    return next(n for n in component.body if getattr(n, "name", "") == "__init__")


def test_component_tokens_are_the_known_ones():
    tokens = {
        re.search(r"super\(\).__init__\('([^']+)'", ast.unparse(constructor(c))).group(1)
        for c in CLASSES
    }

    assert tokens == TOKENS, "changing a token replaces all below it: leave an alias, then list it"


@pytest.mark.parametrize("component", CLASSES, ids=lambda c: c.name)
def test_a_component_ends_by_registering_its_outputs(component):
    assert ast.unparse(constructor(component).body[-1]).startswith("self.register_outputs(")


@pytest.mark.parametrize("path", PROGRAM, ids=name)
def test_no_function_is_longer_than_forty_lines(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            assert length <= 40, f"{path.name}:{node.lineno} {node.name} has {length} lines"


@pytest.mark.parametrize("path", tracked("*.py", "*.sh", "*.go"), ids=name)
def test_no_file_is_longer_than_250_lines(path):
    assert len(path.read_text().splitlines()) <= 250


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_the_product_knows_no_lab_and_no_test(path):
    assert not {m.split(".")[0] for m in imports(path)} & {"lab", "tests", "bench", "ops"}


@pytest.mark.parametrize("path", sorted(COMPONENTS.glob("*/spec.py")), ids=name)
def test_a_spec_is_free_of_pulumi(path):
    assert not [m for m in imports(path) if m.split(".")[0].startswith("pulumi")]


LAYERED = [p for p in sorted(COMPONENTS.rglob("*.py")) if p.parent != COMPONENTS]


@pytest.mark.parametrize("path", LAYERED, ids=name)
def test_imports_point_from_component_to_manifests_to_spec(path):
    noun, *inner = path.relative_to(COMPONENTS).with_suffix("").parts
    layer = next((part for part in inner if part in {"spec", "manifests"}), "component")
    seen = [m.split(".") for m in imports(path) if re.match(r"components\.\w+\.\w+", m)]
    above = {"spec": {"component", "manifests"}, "manifests": {"component"}, "component": set()}

    assert [m for m in seen if m[1] == noun and m[2] in above[layer]] == []
    if layer != "component":
        assert [m for m in seen if m[1] != noun and m[2] != "spec"] == []


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_code_names_no_stack_no_profile_and_no_system(path):
    stacks = {p.name.split(".")[1] for p in ROOT.glob("Pulumi.*.yaml")}
    profiles = {p.stem for p in (ROOT / "systems").glob("*/*.yaml")} - {"base"}
    systems = {p.name for p in (ROOT / "systems").iterdir() if p.is_dir()}
    literals = {n.value for n in ast.walk(ast.parse(path.read_text())) if type(n) is ast.Constant}

    assert (stacks | profiles | systems) & {v for v in literals if isinstance(v, str)} == set()


def test_main_fits_on_a_screen_and_decides_nothing():
    source = (ROOT / "__main__.py").read_text()

    assert len(source.splitlines()) <= 80
    assert not [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.If | ast.IfExp)]


@pytest.mark.parametrize("path", tracked("Pulumi.*.yaml"), ids=name)
def test_every_stack_refuses_default_kubernetes_providers(path):
    settings = yaml.safe_load(path.read_text())["config"]

    assert settings["pulumi:disable-default-providers"] == ["kubernetes"]


@pytest.mark.parametrize("path", PROGRAM, ids=name)
def test_every_module_class_and_public_function_says_what_it_is(path):
    tree = ast.parse(path.read_text())
    public = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    silent = [n.name for n in public if n.name[0] != "_" and not ast.get_docstring(n)]

    assert ast.get_docstring(tree), "no docstring"
    assert silent == []

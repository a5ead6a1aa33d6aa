"""The arrows between folders, the package list and the links for type checkers."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ("simulators", "envs", "agents", "scripts")  # each may import itself and those before it
MODULES = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]


def imported_layers(source: str) -> set[str]:
    """Layers of driftrec that ``source`` imports; a relative import counts as '.'."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            names.add("driftrec..")
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] or "." for name in names if name.startswith("driftrec.")}


def test_imports_are_found():
    source = "import driftrec.envs.news\ndef f():\n    from driftrec import agents\nfrom . import x\nimport torch"
    assert imported_layers(source) == {"envs", "agents", "."}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    layer = path.relative_to(ROOT).parts[0]
    allowed = set(LAYERS[: LAYERS.index(layer) + 1])
    assert imported_layers(path.read_text(encoding="utf-8")) <= allowed


def third_parties(source: str) -> set[str]:
    """Top-level modules that ``source`` imports, neither ours nor Python's."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names - {"driftrec"} - set(sys.stdlib_module_names)


def plain(name: str) -> str:
    """A distribution's name without its version, spelt one way."""
    return re.split(r"[^\w-]", name)[0].lower().replace("_", "-")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """The project table of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_whatever_is_imported_is_declared_and_pinned(project):
    extras = project["optional-dependencies"]
    declared = {plain(name) for name in [*project["dependencies"], *extras["peers"], *extras["tune"]]}
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    imported = set.union(*(third_parties(path.read_text(encoding="utf-8")) for path in MODULES))
    owners = packages_distributions()
    for module in sorted(imported - {"sardine"}):  # a peer, which a user need not have
        owner = plain(owners[module][0])
        assert owner in declared, module
        assert owner in map(plain, pins), module


def test_every_tool_for_development_is_pinned(project):
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    pins = {plain(pin) for pin in (ROOT / "constraints.txt").read_text(encoding="utf-8").split()}
    assert {plain(name) for name in extras} <= pins


def test_the_licence_is_there(project):
    assert project["license"] == "MIT"
    for name in project["license-files"]:
        assert "driftrec contributors" in (ROOT / name).read_text(encoding="utf-8")


def test_the_package_list_equals_the_folders():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = [path.parent.relative_to(ROOT) for path in MODULES if path.name == "__init__.py"]
    expected = {"driftrec." + ".".join(folder.parts): folder.as_posix() for folder in folders}
    assert settings["package-dir"] == expected
    assert sorted(settings["packages"]) == sorted(expected)


def test_every_folder_of_modules_is_a_package():
    assert {path.parent for path in MODULES} == {path.parent for path in MODULES if path.name == "__init__.py"}


@pytest.mark.parametrize("layer", LAYERS)
def test_type_checkers_find_every_layer(layer):
    assert (ROOT / "typings" / "driftrec" / layer).resolve() == ROOT / layer

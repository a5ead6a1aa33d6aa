"""The arrows between folders, the package list and the links for type checkers."""

import ast
import tomllib
from pathlib import Path

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

"""The arrows between folders, the package list and the links for type checkers."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

import driftrec

ROOT = Path(__file__).parents[1]
LAYERS = ("simulators", "envs", "agents", "scripts")  # each may import itself and those before it
MODULES = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]

HEAVY = {"driftrec", "gymnasium", "torch", "numpy", "stable_baselines3", "transformers", "scipy", "pandas"}


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


def steps_a_world(source: str) -> bool:
    """Whether ``source`` calls ``step`` of something called a world, or gives one a state."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "step":
            told = [node.func.value, *node.args[:1]]  # whose step, and its first argument
            if any(re.search(r"(world|state)(\(.*\))?$", ast.unparse(part)) for part in told):
                return True
    return False


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("world.step(now, slates)", True),
        ("self._world.step(now, slates)", True),
        ("news_world().step(now, slates)", True),
        ("other.step(self.state, slates)", True),
        ("envs.step(slates); optimizer.step(); world.reset(seeds); state.put(lanes)", False),
    ],
)
def test_steps_of_worlds_are_found(source, found):
    assert steps_a_world(source) is found


def test_only_the_play_loop_steps_a_world():
    above = [path for path in MODULES if path.relative_to(ROOT).parts[0] in ("agents", "scripts")]
    stepping = [path for path in above if steps_a_world(path.read_text(encoding="utf-8"))]
    assert stepping == [ROOT / "agents" / "evaluation" / "play.py"]


AGENTS = ROOT / "agents"
_DOCSTRING = ast.get_docstring(ast.parse((AGENTS / "__init__.py").read_text(encoding="utf-8"))) or ""
MAP = re.findall(r"^    (\w+) +\S", _DOCSTRING, re.MULTILINE)
"""Rooms of agents, lowest first, as the docstring of agents/__init__.py lists them."""


def rooms_imported(source: str) -> set[str]:
    """Rooms of agents that ``source`` imports."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[2] for name in names if name.startswith("driftrec.agents.")}


def rooms_permitted(source: str) -> list[str]:
    """Rooms that a room's docstring says it imports."""
    (said,) = re.findall(r"^Imports of agents: ([^.]+)\.$", ast.get_docstring(ast.parse(source)) or "", re.MULTILINE)
    return [] if said == "none" else re.split(r",\s+", said)


def test_imports_of_rooms_are_found():
    source = "import driftrec.agents.a.x\ndef f():\n    from driftrec.agents import b\nfrom driftrec.agents.c import z"
    assert rooms_imported(source) == {"a", "b", "c"}
    assert rooms_permitted('"""What.\n\nImports of agents: a, b.\n"""') == ["a", "b"]


def test_the_map_names_every_room_once():
    rooms = [path.stem for path in AGENTS.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert sorted(MAP) == sorted(set(rooms) - {"__init__"})


@pytest.mark.parametrize("room", MAP)
def test_a_room_imports_what_it_says_and_only_rooms_below(room):
    single = AGENTS / f"{room}.py"
    modules = [single] if single.exists() else sorted((AGENTS / room).rglob("*.py"))
    imported = set.union(*(rooms_imported(path.read_text(encoding="utf-8")) for path in modules)) - {room}
    told = single if single.exists() else AGENTS / room / "__init__.py"
    permitted = rooms_permitted(told.read_text(encoding="utf-8"))
    assert imported == set(permitted)
    below = MAP[: MAP.index(room)]
    assert permitted == [each for each in below if each in permitted]  # in the order of the map, so in no circle


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
    optional = [name for extra in ("peers", "tune", "retrieval", "ray") for name in extras[extra]]
    declared = {plain(name) for name in [*project["dependencies"], *optional]}
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    imported = set.union(*(third_parties(path.read_text(encoding="utf-8")) for path in MODULES))
    owners = packages_distributions()
    for module in sorted(imported - {"sardine", "wandb"}):  # need not be installed
        owner = plain(owners[module][0])
        assert owner in declared, module
        assert owner in map(plain, pins), module


def test_every_tool_for_development_is_pinned(project):
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    pins = {plain(pin) for pin in (ROOT / "constraints.txt").read_text(encoding="utf-8").split()}
    assert {plain(name) for name in extras} <= pins


def test_the_licence_is_there(project):
    assert project["license"] == "MIT"
    assert "driftrec contributors" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "LICENSE" in project["license-files"]
    assert all((ROOT / name).is_file() for name in project["license-files"])


def test_the_package_list_equals_the_folders():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = [path.parent.relative_to(ROOT) for path in MODULES if path.name == "__init__.py"]
    expected = {"driftrec": "typings/driftrec"}  # with __init__.py and the links to the layers
    expected |= {"driftrec." + ".".join(folder.parts): folder.as_posix() for folder in folders}
    assert settings["package-dir"] == expected
    assert sorted(settings["packages"]) == sorted(expected)


def test_every_folder_of_modules_is_a_package():
    assert {path.parent for path in MODULES} == {path.parent for path in MODULES if path.name == "__init__.py"}


@pytest.mark.parametrize("layer", LAYERS)
def test_type_checkers_find_every_layer(layer):
    assert (ROOT / "typings" / "driftrec" / layer).resolve() == ROOT / layer


def in_a_fresh_python(code: str) -> str:
    """What ``code`` prints in a process of its own, which finds driftrec as this one does."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    return done.stdout.strip()


def test_the_name_alone_loads_nothing():
    loaded = "import sys, driftrec; print(*sys.modules)"
    assert {"driftrec"} == {name.partition(".")[0] for name in in_a_fresh_python(loaded).split()} & HEAVY


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_is_imported_when_asked_for(layer):
    loaded = f"import sys, driftrec; print(driftrec.{layer}.__name__, 'torch' in sys.modules, dir(driftrec)[-4:])"
    assert in_a_fresh_python(loaded) == f"driftrec.{layer} False {sorted(LAYERS)}"


def test_the_version_is_said_once():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "driftrec.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", driftrec.__version__)
    assert f"## {driftrec.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_what_is_no_part_is_refused_with_the_parts():
    with pytest.raises(AttributeError, match="no attribute 'env'; its parts are agents, envs, scripts, simulators"):
        driftrec.env  # noqa: B018


NAMED = [path for path in MODULES if path.is_relative_to(AGENTS) and path.name != "__init__.py"]
ABOVE_WORLDS = [
    path
    for path in MODULES
    if path.relative_to(ROOT).parts[0] in ("agents", "scripts") and (ROOT / "agents" / "worlds") not in path.parents
]


def asks_for_its_kind(source: str) -> list[str]:
    """Calls that ask what kind of world or setup there is, or whether it has something, instead of the contract."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
            continue
        about = ast.unparse(node.args[0])
        kinds = ast.unparse(node.args[1]) if node.func.id == "isinstance" else ""
        of_worlds = re.fullmatch(r"(.*[._])?(world|setup)", about) or re.search(r"\w(World|Setup)\b|\bSetup\b", kinds)
        if node.func.id in ("isinstance", "hasattr", "getattr") and of_worlds:
            found.append(ast.unparse(node))
    return found


def test_questions_about_kinds_are_found():
    asked = ["isinstance(world, A)", "hasattr(env.world, 'config')", "getattr(self._world, 'x', 1)"]
    asked += ["isinstance(setup, PublishedSetup)", "isinstance(thing, NewsWorld)", "isinstance(it, (int, Setup))"]
    fine = ["isinstance(env, RecommendationEnv)", "getattr(args, name)", "hasattr(args, 'settings')", "world.unit"]
    assert asks_for_its_kind("\n".join([*asked, *fine])) == asked


@pytest.mark.parametrize("path", ABOVE_WORLDS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_but_kits_asks_what_kind_of_world_there_is(path):
    assert not asks_for_its_kind(path.read_text(encoding="utf-8"))


def twins(names: Iterable[tuple[str, Path]]) -> dict[str, list[str]]:
    """Names that stand in several files."""
    places: dict[str, set[str]] = {}
    for name, path in names:
        places.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    return {name: sorted(where) for name, where in places.items() if len(where) > 1}


def public(path: Path) -> Iterator[tuple[str, Path]]:
    """Classes and functions that a module defines for others."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, path


def test_no_two_modules_of_agents_have_one_name():
    assert twins((path.name, path) for path in NAMED) == {}


SHARED = {"main", "Args"}
"""Every verb has both."""


def test_no_public_class_or_function_is_defined_twice():
    found = twins(each for path in MODULES for each in public(path))
    assert found.keys() <= SHARED


def test_the_rooms_of_agents_are_small():
    held: dict[str, int] = {}
    for path in NAMED:
        room = str(path.parent.relative_to(ROOT))
        held[room] = held.get(room, 0) + 1
    assert held["agents"] <= 6
    assert {room: number for room, number in held.items() if number > 16} == {}

"""CONTRIBUTING.md: its examples, added as printed to a copy of the project, are all it takes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\w+\n# (\S+), (new|after: ([^\n]*))\n(.*?)```", PAGE, re.DOTALL)
WORLD = ("--world", "toys.snacks:Snacks-v0")


def not_of_the_project(folder, names):
    """What git does not keep; ``runs`` only at the top, for agents has a room of that name."""
    made = {"runs", "build", "dist"} if Path(folder) == ROOT else set()
    return [name for name in names if name[0] == "." or name in made | {"__pycache__"} or name.endswith(".egg-info")]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the project with all that the page adds."""
    copy = tmp_path_factory.mktemp("tree") / "driftrec"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=not_of_the_project)
    known = ROOT / ".mypy_cache"  # what is checked already need not be again
    if known.is_dir():
        shutil.copytree(known, copy / known.name)
    for name, how, anchor, code in BLOCKS:
        path = copy / name
        if how == "new":
            assert not path.exists(), name
            path.write_text(code, encoding="utf-8")
            continue
        source = path.read_text(encoding="utf-8")
        assert source.count(f"{anchor}\n") == 1, (name, anchor)
        path.write_text(source.replace(f"{anchor}\n", f"{anchor}\n{code}"), encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def output(tree):
    """Runs the words of a ``driftrec`` command there; what it prints."""

    def run(*words, python=("-m", "driftrec.scripts.cli")):
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tree / "typings"), str(tree / "tests")]),
            "COLUMNS": "100",
        }
        done = subprocess.run([sys.executable, *python, *words], cwd=tree, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_every_block_says_where_it_belongs():
    assert len(BLOCKS) == PAGE.count("```") // 2
    assert {name.partition("/")[0] for name, *_ in BLOCKS} == {"still.py", "agents", "scripts", "tests", "README.md"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "check",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("pytest", "-q", "-m", "not slow", "tests/agents/test_known.py", "tests/agents/plots"),
        ("pytest", "-q", "-m", "not slow", "-k", "not full_gap", "tests/agents/worlds"),
        (
            "pytest",
            "-q",
            "-m",
            "not slow",
            "tests/scripts/test_cli.py",
            "tests/scripts/test_help.py",
            "tests/scripts/test_settings.py",
        ),
        ("pytest", "-q", "-m", "not slow", "tests/test_architecture.py", "tests/test_pages.py", "tests/test_readme.py"),
    ],
    ids=" ".join,
)
def test_what_is_checked_before_a_commit_passes_with_them(check, output):
    said = output(*check, python=("-m",))
    assert re.search(r"passed|Success|already formatted", said)


def test_a_verb_is_listed_helped_and_run(output):
    assert "  worlds          say which worlds there are\n" in output()
    assert output("worlds", "--like", "Vid").strip() == "driftrec/Video-v0"


def test_a_policy_and_a_plot_are_there(output, tree):
    said = output("compare", *WORLD, "--users", "8", "--seed", "1", "--policies", "random", "newest", "--out", "out")
    assert re.search(r"^newest ", said, re.MULTILINE)
    assert (tree / "out" / "sessions.png").stat().st_size > 0


def test_a_policy_is_in_help_and_palette(output):
    code = """
from driftrec.agents.plots.looks import styles
from driftrec.agents.known import policies_in_words
print(styles(["newest"])["newest"].colour, "newest (the last of the catalogue)" in policies_in_words())
"""
    assert output("-c", code, python=()).split() == ["#2D003C", "True"]


def test_a_mechanism_is_found_by_its_kind(output):
    (config,) = re.findall(r"--config '(.*)'", PAGE)
    code = f"""
import json, gymnasium, driftrec.envs
print(type(gymnasium.make("driftrec/News-v0", config=json.loads('{config}')).unwrapped.world.config.drift).__name__)
"""
    assert output("-c", code, python=()).strip() == "Still"


def test_all_files_that_the_page_names_exist():
    for name in re.findall(r"`((?:agents|envs|simulators|scripts|tests|docs)/[\w/]+\.(?:py|md))`", PAGE):
        assert (ROOT / name).exists() or "NAME" in name, name

"""Source distribution and wheel: built without a network, installed in a new environment, used from another folder."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ("agents", "envs", "scripts", "simulators")
LEFT_OUT = ("*.egg-info", "__pycache__", "build", "docs", "examples", "release", "results")

USE = """
import sys
from pathlib import Path

import gymnasium as gym

import driftrec.envs
from driftrec.agents.worlds.kits import KITS

assert Path(driftrec.__file__).is_relative_to(sys.prefix), driftrec.__file__
for world in KITS:
    env = gym.make(world)
    env.reset(seed=0)
    env.step(env.action_space.sample())
print(len(KITS), "worlds")
"""
COMPARE = ("compare", "--world", "driftrec/RecSim-InterestEvolution-v0", "--policies", "random", "planner")
SMALL = ("--users", "12", "--horizon", "30", "--planner-effort", "8", "1", "--seed", "0", "--baseline", "random")


def ran(command, folder, **environment):
    """What a command prints, from ``folder``, with nothing of this project on its path."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=kept | environment, capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folder of both: the wheel is made from the unpacked source distribution, as ``build`` does by itself."""
    top = tmp_path_factory.mktemp("built")
    copy = top / "tree"
    copy.mkdir()
    names = [*CODE, "tests", "typings", *(path.name for path in ROOT.iterdir() if path.is_file())]
    for name in names:
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, copy / name)
        else:
            shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    ran([sys.executable, "-m", "build", "--no-isolation", "--outdir", top / "dist", copy], top)
    return top / "dist"


@pytest.fixture(scope="module")
def wheel(built):
    (file,) = built.glob("*.whl")
    return file


def test_the_source_holds_what_the_wheel_is_made_of_and_no_tests(built):
    (file,) = built.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "THIRD_PARTY_NOTICES.md", "CITATION.cff", "CHANGELOG.md", "pyproject.toml"} <= held
    assert not {name for name in held if name.startswith("tests")}


def test_every_file_of_the_code_is_in_the_wheel(wheel):
    ours = {
        f"driftrec/{path.relative_to(ROOT)}"
        for folder in CODE
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == ours | {"driftrec/__init__.py", "driftrec/py.typed"}


def test_the_wheel_says_what_it_is(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("METADATA")]
        told = Parser().parsestr(archive.read(name).decode())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert told["License-Expression"] == "MIT"
    assert told.get_all("License-File") == ["LICENSE", "THIRD_PARTY_NOTICES.md"]
    assert told.get_all("Classifier") == project["classifiers"]
    assert told["Requires-Python"] == ">=3.11"


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory):
    """A new environment that has the wheel, and borrows what it depends on from this one."""
    folder = tmp_path_factory.mktemp("fresh")
    ran([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], folder)
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text(
        "\n".join(borrowed)
    )  # a plain path: .pth files in it, such as ours, are not read
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    ran([*pip, "install", "--no-deps", "--no-index", "--ignore-installed", wheel], folder)
    return folder


@pytest.mark.slow  # other processes, three of which load torch
def test_the_wheel_works_in_a_fresh_environment_from_another_folder(fresh):
    programs = fresh / "venv" / "bin"
    mine = {"DRIFTREC_CACHE": str(fresh / "cache"), "OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": "1"}
    work = fresh / "elsewhere"
    work.mkdir()
    assert "compare" in ran([programs / "driftrec", "--help"], work, **mine)
    assert ran([programs / "python", "-c", USE], work, **mine).endswith(" worlds\n")
    assert "planner *" in ran([programs / "driftrec", *COMPARE, *SMALL, "--out", "run"], work, **mine)
    ran([programs / "driftrec", "report", "run"], work, **mine)
    assert (work / "run" / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")

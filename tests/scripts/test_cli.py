"""The console command as a user types it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from driftrec.scripts.cli import VERBS

SCRIPTS = Path(__file__).parents[2] / "scripts"
DRIFTREC = [sys.executable, "-m", "driftrec.scripts.cli"]


def shell(command, folder):
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, env={**os.environ, "COLUMNS": "100"}
    )


def test_every_verb_is_a_script_and_every_script_a_verb():
    assert {path.stem for path in SCRIPTS.glob("*.py")} - {"cli", "__init__"} == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("form", ["command", "file", "module"])
def test_every_verb_helps_from_any_folder(verb, form, tmp_path):
    forms = {
        "command": [*DRIFTREC, verb],
        "file": [sys.executable, str(SCRIPTS / f"{verb}.py")],
        "module": [sys.executable, "-m", f"driftrec.scripts.{verb}"],
    }
    done = shell([*forms[form], "--help"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"usage: driftrec {verb}" in done.stdout
    assert "default:" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], "Did you mean 'train'"),
        (["compare", "--world", "driftrec/New-v0"], "Did you mean 'driftrec/News-v0'"),
        (["compare", "--users", "1"], "intervals need at least 2"),
        (["compare", "--baseline", "planer"], "Did you mean 'planner'"),
        (["compare", "--config", "{"], "--config is not JSON"),
        (["compare", "--config", '{"drift": {"toward": 1}}'], "Did you mean 'towards'"),
        (["train", "--seed", "-1"], "must not be negative"),
        (["plot", "nowhere"], "nowhere"),
    ],
)
def test_mistakes_end_in_one_line(words, message, tmp_path):
    done = shell([*DRIFTREC, *words], tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())

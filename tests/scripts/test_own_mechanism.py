"""A mechanism of the user's own on the command line, as docs/own-worlds.md prints it."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "own-worlds.md").read_text(encoding="utf-8")


@pytest.fixture
def printed(tmp_path, monkeypatch):
    """The printed command with fewer users, in a folder with the printed module."""
    (code,) = re.findall(r"```python\n((?:(?!```).)*class Pull.*?)```", PAGE, re.DOTALL)
    (tmp_path / "my_drift.py").write_text(code)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    (command,) = re.findall(r"^    (driftrec compare .*my_drift.*)$", PAGE, re.MULTILINE)
    yield [*shlex.split(command)[1:], "--users", "3", "--out", "there"]
    sys.modules.pop("my_drift", None)


@pytest.mark.slow  # for the processes that ``project`` starts
def test_the_command_runs_as_printed_and_tells_the_mechanism(printed, driftrec, project, tmp_path):
    done = driftrec(*printed, *project.world)
    assert done.status == 0, done.err
    told = "drift.kind my_drift:Pull, drift.strength 0.2"
    assert told in (tmp_path / "there" / "summary.md").read_text().splitlines()[0]
    config = json.loads((tmp_path / "there" / "config.json").read_text())
    assert json.loads(config["config"]) == {"drift": {"kind": "my_drift:Pull", "strength": 0.2}}
    assert told in config["description"]


NO_LOGIT = """
import numpy as np

class Threshold:
    def position_weights(self, slate_size):
        return np.ones(slate_size, np.float32)

    def attraction(self, affinity, allure, satiation, repeat, satisfaction):
        return np.exp(affinity)

    def choose(self, weights, draw):
        best = weights.argmax(axis=0)
        return np.where(weights.max(axis=0) > 1 + draw, best, -1)
"""


@pytest.mark.slow  # for the processes that ``project`` starts
def test_a_choice_that_is_no_logit_serves_every_policy_but_oracles(driftrec, project, tmp_path, monkeypatch):
    (tmp_path / "my_threshold.py").write_text(NO_LOGIT)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    config = (
        "--config",
        '{"choice": {"kind": "my_threshold:Threshold"}}',
        "--users",
        "3",
        "--seed",
        "0",
        *project.world,
    )
    assert driftrec("compare", *config, "--policies", "random", "--out", "fine").status == 0
    done = driftrec("compare", *config, "--policies", "random", "myopic-oracle", "--out", "half")
    assert done.status == 1
    assert "myopic-oracle failed and is left out" in done.err
    assert "has no no_click" in done.err
    sys.modules.pop("my_threshold", None)


def test_a_wrong_name_is_one_line(printed, driftrec):
    done = driftrec(*[word.replace("strength", "strenght") for word in printed])
    assert done.status == 2
    assert done.err == (
        "driftrec compare: config.drift.strenght is not a parameter of my_drift:Pull. Did you mean 'strength'? "
        "Known: strength.\n"
    )

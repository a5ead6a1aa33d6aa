"""A policy of the user's own in ``driftrec compare``: served when it keeps the contract, named when it breaks it."""

import sys

import pandas as pd
import pytest

from driftrec.agents.evaluation.summary import read_results

pytestmark = pytest.mark.slow  # for the processes that ``project`` starts

MODULE = """
import json

import numpy as np


class Good:
    def __init__(self, context):
        self.slate_size, self.num_items = context.slate_size, context.num_items

    def reset(self, num_users, seed):
        self.num_users, self.step = num_users, 0

    def answer(self):
        return np.tile(np.arange(self.slate_size), (self.num_users, 1))

    def act(self, observation):
        self.step += 1
        return self.answer()


class AsList(Good):
    def answer(self):
        return super().answer().tolist()


class NaN(Good):
    def answer(self):
        return np.full((self.num_users, self.slate_size), np.nan)


class Floats(Good):
    def answer(self):
        return super().answer().astype(float)


class Short(Good):
    def answer(self):
        return super().answer()[:, 1:]


class OneUser(Good):
    def answer(self):
        return super().answer()[0]


class TooHigh(Good):
    def answer(self):
        slates = super().answer()
        slates[2, 1] = self.num_items if self.step == 2 else 0
        return slates


class Negative(Good):
    def answer(self):
        return super().answer() - 1


class Nothing(Good):
    def answer(self):
        return None


class Ragged(Good):
    def answer(self):
        return [[0, 1, 2], [0, 1], [0], []]


class Fails(Good):
    def answer(self):
        return {}["missing"]


class FailsToLearn(Good):
    def update(self, observation, slates, clicks, engagement):
        raise ValueError("no such user")


class FailsToReset(Good):
    def reset(self, num_users, seed):
        raise OSError("no model")


class FailsToBuild(Good):
    def __init__(self, context):
        json.loads("{")
"""


@pytest.fixture
def compare(project, driftrec, tmp_path, monkeypatch):
    """Compares random slates with a class of the module in the current folder."""
    (tmp_path / "mine.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)

    def call(name, *more, alone=False):
        words = ("--users", "4", "--horizon", "3", "--seed", "1", "--out", "out", *more)
        policies = [*["random"] * (not alone), f"own=mine:{name}"]
        return driftrec("compare", *project.world, *words, "--policies", *policies)

    yield call
    sys.modules.pop("mine", None)


@pytest.mark.parametrize("name", ["Good", "AsList"])
def test_a_good_policy_is_served(compare, name, tmp_path):
    done = compare(name)
    assert done.status == 0, done.err
    episodes = pd.read_csv(tmp_path / "out" / "episodes.csv")
    assert (episodes[episodes.policy == "own"].impressions == 9).all()  # three positions, three steps


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("NaN", "step 0: Slates must be integers (item positions), not float64"),
        ("Floats", "step 0: Slates must be integers (item positions), not float64; convert with .astype(int)"),
        ("Short", "step 0: Slates have shape (4, 2); expected (users, slate_size) = (4, 3)"),
        ("OneUser", "step 0: Slates have shape (3,); expected (users, slate_size) = (4, 3)"),
        ("TooHigh", "step 1: User 2, position 1: item 12 does not exist; items are 0 to 11"),
        ("Negative", "step 0: User 0, position 0: item -1 does not exist"),
        ("Nothing", "step 0: Slates must be integers (item positions), not object"),
        ("Ragged", "step 0: Slates are no array (users, slate_size) = (4, 3)"),
    ],
)
def test_bad_slates_end_in_one_line_that_names_the_policy(compare, name, message):
    done = compare(name)
    assert done.status == 1
    assert done.err.startswith(f"own failed and is left out: Policy 'own', {message}")
    assert done.err.count("\n") == 1


def test_a_policy_that_fails_costs_nobody_elses_results(compare, tmp_path):
    done = compare("Short")
    assert done.status == 1
    assert "\nrandom " in done.out
    results = read_results(tmp_path / "out")
    assert set(results.episodes.policy) == {"random"}
    assert "Slates have shape (4, 2)" in results.summary["failed"]["own"]
    assert (tmp_path / "out" / "engagement_per_policy.png").is_file()


def test_where_the_baseline_failed_another_is_taken_and_said(compare, tmp_path):
    done = compare("Fails", "--baseline", "own")
    assert done.status == 1
    assert "The baseline own is among the missing: compared with random." in done.err
    assert read_results(tmp_path / "out").summary["baseline"] == "random"


def test_where_all_fail_nothing_is_left_and_the_command_may_be_given_again(compare, tmp_path):
    done = compare("Short", alone=True)
    assert done.status == 2
    assert not (tmp_path / "out").exists()
    assert compare("Good").status == 0
    assert (tmp_path / "out" / "summary.json").is_file()


@pytest.mark.parametrize(
    ("name", "message", "code"),
    [
        ("Fails", "failed in act(), {file}, line {line}: KeyError: 'missing'", 'return {}["missing"]'),
        ("FailsToLearn", "failed in update(), {file}, line {line}: ValueError: no such user", "raise ValueError("),
        ("FailsToReset", "failed in reset(), {file}, line {line}: OSError: no model", "raise OSError("),
    ],
)
def test_errors_in_its_code_are_told_with_its_file_and_line(compare, tmp_path, name, message, code):
    line = next(n for n, text in enumerate(MODULE.splitlines(), 1) if code in text)
    done = compare(name)
    assert done.status == 1
    told = message.format(file=tmp_path / "mine.py", line=line)
    assert done.err == f"own failed and is left out: Policy 'own' {told}\n"


def test_an_error_while_it_is_built_is_told_in_the_same_way(compare, tmp_path):
    done = compare("FailsToBuild")
    line = next(n for n, text in enumerate(MODULE.splitlines(), 1) if "json.loads" in text)
    assert done.status == 2
    where = f"{tmp_path / 'mine.py'}, line {line}"  # ours, not that of the library that raised
    assert f"Policy 'mine:FailsToBuild' failed in __init__(), {where}: JSONDecodeError" in done.err
    assert done.err.count("\n") == 1

"""Several training seeds of a policy of the user's own in one row, and the note on items that are repeated."""

import sys

import pytest

from driftrec.agents.evaluation.summary import read_results

WORLD = ("--world", "driftrec/Sardine-SlateTopK-BoredInf-v0", "--slate-size", "4", "--horizon", "5")

MODULE = """
import numpy as np


class New:
    def __init__(self, context, seed: int = 0, apart: int = 1):
        self.slate = seed + apart * np.arange(context.slate_size)

    def reset(self, num_users, seed):
        self.num_users = num_users

    def act(self, observation):
        return np.tile(self.slate, (self.num_users, 1))
"""


@pytest.fixture
def compare(driftrec, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    words = ("compare", *WORLD, "--users", "6", "--seed", "1", "--out", "out", "--policies", "random")
    yield lambda *policies: driftrec(*words, *policies)
    sys.modules.pop("mine", None)


@pytest.mark.parametrize(
    ("policy", "label", "seeds"),
    [
        ("mine:New?seed=3,mine:New?seed=9", "mine:New", [3, 9]),
        ("new=mine:New?seed=9&apart=2,mine:New?seed=3,mine:New?seed=5", "new", [3, 5, 9]),
        ("mine:New?apart=1,mine:New?apart=2", "mine:New", [1, 2]),
    ],
)
def test_seeds_of_ones_own_stand_in_one_row(policy, label, seeds, compare, tmp_path):
    done = compare(policy)
    assert done.status == 0, done.err
    results = read_results(tmp_path / "out")
    assert list(results.summary["policies"]) == ["random", label]
    assert results.summary["policies"][label]["training_seeds"] == seeds
    own = results.episodes[results.episodes.policy == label]
    assert own.training_seed.unique().tolist() == seeds
    assert len(own) == 6 * len(seeds)
    assert "Note:" not in done.out


def test_one_seed_twice_is_refused(compare):
    done = compare("mine:New?seed=3,mine:New?seed=3&apart=2")
    assert done.status == 2
    assert "Two runs of 'mine:New' have one training seed ([3, 3])" in done.err


def test_a_policy_that_repeats_items_is_told_so_once(compare):
    done = compare("own=mine:New?apart=0", "fine=mine:New")
    assert done.status == 0, done.err
    (note,) = [line for line in done.out.splitlines() if line.startswith("Note:") and "repeated" in line]
    assert note.startswith("Note: own repeated an item of the same slate at 75.0% of the positions; ")

"""Which run folders a comparison names, and whose training it draws."""

import pytest

from driftrec.agents.comparison import TRAINED
from driftrec.scripts.compare import curve_runs, training_runs

POLICIES = ("random", "myopic:a,b", "told=ppo:c,d", "ppo:a,b", "ppo-sampled:a,b", "slateq:e")


def test_every_run_is_named_once():
    assert training_runs(POLICIES, TRAINED) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("policies", "runs"),
    [(POLICIES, ["c", "d"]), (POLICIES[:2], []), (("ppo-sampled:a", "ppo:b"), ["a"]), (("planner", "slateq:e"), [])],
)
def test_the_training_of_the_first_ppo_is_drawn(policies, runs):
    assert curve_runs(policies) == runs

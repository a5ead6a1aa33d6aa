"""Differences in pairs: of users, and of training seeds where two policies have the same."""

import numpy as np
import pytest

from driftrec.agents.evaluation.references import References


def versus(trained_a, trained_b):
    """``b`` is ``a`` and 1 minute; both move by 10 minutes from one training seed to the next."""
    a = 10.0 * np.arange(5)[:, None] + np.arange(40.0)
    minutes = {"a": a, "b": a + 1.0}
    trained = {"a": trained_a, "b": trained_b}
    found = References(minutes, trained, baseline="a", floor="a", ceiling="b", seed=0)
    return found.compare("b")["versus_baseline"]


def test_seeds_that_are_the_same_are_drawn_together():
    assert versus([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]) == pytest.approx({"difference": 1.0, "low": 1.0, "high": 1.0})


@pytest.mark.parametrize("others", [[1, 2, 3, 4, 6], [6, 7, 8, 9, 10]])
def test_seeds_that_are_not_are_drawn_apart(others):
    found = versus([1, 2, 3, 4, 5], others)
    assert found["difference"] == pytest.approx(1.0)
    # Two means of 5 draws from 0, 10, .. 40 differ by 0 with a standard deviation of 14.1 * sqrt(2 / 5) = 8.9.
    assert found["low"] < -10
    assert found["high"] > 12

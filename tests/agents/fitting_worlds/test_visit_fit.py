"""Time away and churn, where the end of the log cuts what can be seen."""

import numpy as np
import pytest

from driftrec.agents.fitting_worlds.visit_fit import _away


def test_two_habits_and_churn_behind_the_end_of_a_log():
    """4,000 users, a log of 1,000 hours: within some four standard errors.

    Failed with users who were not seen at the end counted as gone, all of them.
    """
    rng, churn, gaps, unseen = np.random.default_rng(0), 0.1, [], []
    for _ in range(4000):
        now = rng.uniform(0, 1000)
        while True:
            gap = rng.exponential(10.0 if rng.random() < 0.6 else 200.0)
            if rng.random() < churn or now + gap > 1000:
                unseen.append(1000 - now)
                break
            gaps.append(gap)
            now += gap
    short, long, share, lost = _away(np.array(gaps), np.ones(len(gaps)), np.array(unseen), np.ones(4000))
    assert short == pytest.approx(10, rel=0.12)
    assert long == pytest.approx(200, rel=0.1)
    assert share == pytest.approx(0.6, abs=0.03)
    assert lost == pytest.approx(churn, abs=0.012)


def test_nobody_came_back_and_nobody_was_watched():
    empty = np.zeros(0)
    found = _away(empty, empty, np.zeros(3), np.ones(3))
    assert np.isfinite(found).all()

"""Bands of a step's mean engagement."""

from types import SimpleNamespace

import numpy as np
import pytest

from driftrec.agents.evaluation.rollout import step_table

STEPS, USERS = 200, 400


@pytest.fixture(scope="module")
def skewed():
    """Engagement of which a third is nothing, independent from step to step."""
    rng = np.random.default_rng(0)
    minutes = rng.exponential(3.0, (STEPS, USERS)) * (rng.random((STEPS, USERS)) > 1 / 3)
    return SimpleNamespace(engagement=minutes.astype(np.float32), alive=np.linspace(1.0, 0.2, STEPS), behaviour={})


@pytest.mark.parametrize(("end", "sign"), [("engagement_low", -1), ("engagement_high", 1)])
def test_each_end_lies_where_a_fortieth_of_the_means_lie_beyond(skewed, end, sign):
    """Of a mean over 400 users, nearly normal: 1.96 standard errors; over 200 steps to within 0.02 or so."""
    table = step_table(skewed, seed=1)
    error = skewed.engagement.std(axis=1) / np.sqrt(USERS)
    distance = sign * (table[end] - table.engagement) / error
    assert distance.mean() == pytest.approx(1.96, abs=0.08)


def test_the_band_covers_the_true_mean_as_often_as_it_says(skewed):
    table = step_table(skewed, seed=1)
    covered = table.engagement_low.le(2.0) & table.engagement_high.ge(2.0)  # 3 minutes in two thirds of the cases
    assert covered.mean() == pytest.approx(0.95, abs=0.05)  # 3 standard errors of 200 steps


def test_users_who_are_all_alike_have_no_band(skewed):
    alike = SimpleNamespace(engagement=np.full((3, 50), 2.5, np.float32), alive=np.ones(3), behaviour={})
    table = step_table(alike, seed=1)
    np.testing.assert_allclose(table[["engagement_low", "engagement_high"]], 2.5, rtol=1e-5)


def test_behaviour_becomes_columns(skewed):
    hours = np.where(np.arange(STEPS) % 2, np.nan, 3.0)
    told = SimpleNamespace(**{**vars(skewed), "behaviour": {"gap_hours": hours}})
    np.testing.assert_array_equal(step_table(told, seed=1).gap_hours, hours)

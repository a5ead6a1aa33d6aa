"""Chances of a click in SARDINE: by rank, relevance and what else the slate holds."""

import copy

import numpy as np
import pytest

from driftrec.envs.sardine import sardine_world
from driftrec.simulators.published.sardine_config import SardineConfig
from tests.simulators.published.sardine_users import (
    clicked,
    made,
    newborn,
)


def test_repeats_can_be_clicked_at_every_position():
    world = made(slate_size=3)
    assert world.step(newborn(world), np.array([[0, 0, 9]])).clicks.tolist() == [[True, True, False]]


@pytest.mark.parametrize(
    ("model", "expected"),
    [("tdPBM", 0.85 ** np.arange(6)), ("mixPBM", (0.85 ** np.arange(6) + 0.85 ** np.arange(5, -1, -1)) / 2)],
)
def test_clicks_fall_with_rank(model, expected):
    """80,000 slates of relevance 1. Bound: 4.5 standard errors of a share, exceeded once in 24,000 runs.

    With powers from 1 instead of 0 (tried), it fails.
    """
    world = made(slate_size=6, offset=-10, click_propensity=0.85, click_model=model, boredom_threshold=10_000)
    state, total = world.reset(np.arange(4000, dtype=np.uint64)), np.zeros(6)
    slates = np.random.default_rng(0).integers(10, size=(20, 4000, 6))
    for slate in slates:
        total += world.step(state, slate).clicks.sum(axis=0)
    error = np.sqrt(expected * (1 - expected) / 80_000)
    assert (np.abs(total / 80_000 - expected) <= 4.5 * error).all()


def test_certain_clicks_always_come_and_impossible_ones_never():
    """Also where a draw is 0, as one in 2^24 is."""
    world = made(slate_size=2)
    world.draws = lambda keys, steps: np.array([[0.0, 1 - 2**-24], [0.0, 1 - 2**-24]], np.float32)
    clicks = world.step(newborn(world, users=2), np.array([[0, 9], [0, 9]])).clicks
    assert clicks.tolist() == [[True, False], [True, False]]


@pytest.mark.parametrize(
    ("penalty", "slate", "chance"),
    [(2.0, [0, 0, 0, 0], 0.5), (2.0, [0, 0, 0, 1], 1.0), (4.0, [1, 1, 1, 1], 0.25), (1.0, [0, 0, 0, 0], 1.0)],
)
def test_too_many_of_one_topic_make_a_slate_dull(penalty, slate, chance):
    """Four of one topic are too many. Clicks of 4,000 users; bound: 4.5 standard errors.

    If five are needed (tried), it fails.
    """
    world = made(slate_size=4, diversity_penalty=penalty)
    clicks = world.step(newborn(world, users=4000), np.tile(slate, (4000, 1))).clicks
    error = np.sqrt(chance * (1 - chance) / clicks.size)
    assert abs(clicks.mean() - chance) <= 4.5 * error


def test_every_boring_topic_halves_relevance_where_that_is_on():
    world = made(slate_size=10, boredom_type="user_tloi", rel_penalty=True)
    state = newborn(world)
    clicked(world, state, [0] * 5 + [1] * 5)  # both bore: a quarter is left of topic 2
    assert world.expected_engagement(state)[0, 2] == pytest.approx(0.25)


def test_a_relevance_threshold_takes_the_place_of_the_curve():
    world = made(rel_threshold=0.5)
    np.testing.assert_array_equal(world.expected_engagement(newborn(world))[0], [1, 1, 1] + [0] * 7)
    assert not made(rel_threshold=0.6).expected_engagement(newborn(world)).any()


def test_relevance_by_hand():
    """1 / (1 + exp(-10 (s - 0.65))) at s = 0.65, 0.75 and 0; and without overflow at the steepest."""
    scores = np.array([0.65, 0.75, 0.0], np.float32)
    expected = [0.5, 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(6.5))]
    np.testing.assert_allclose(SardineConfig(slope=10.0).relevance(scores), expected, rtol=1e-5)
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_array_equal(SardineConfig(slope=1e6).relevance(scores + np.float32(0.01)) > 0.5, [1, 1, 0])


def test_expected_engagement_is_the_mean_of_what_happens_and_touches_nothing():
    """4,000 users, after a few steps, each shown the best of 20 items first; bound: 4.5 errors of the mean gap.

    With a tenth of the chance missing (tried), it fails.
    """
    world = sardine_world("SlateTopK-Uncertain", embeddings="generated")
    state, rng = world.reset(np.arange(4000, dtype=np.uint64)), np.random.default_rng(0)
    for _ in range(6):
        world.step(state, rng.integers(1000, size=(4000, 10)))
    twin, slate = copy.deepcopy(state), rng.integers(1000, size=(4000, 10))
    slate[:, 0] = world.expected_engagement(state)[:, :20].argmax(axis=1)
    expected = np.take_along_axis(world.expected_engagement(state), slate[:, :1], axis=1)[:, 0]
    clicks = world.step(state, slate).clicks
    np.testing.assert_array_equal(clicks, world.step(twin, slate).clicks)
    gap = clicks[:, 0] - expected
    assert abs(gap.mean()) <= 4.5 * np.sqrt((expected * (1 - expected)).sum()) / 4000
    assert clicks[:, 0].sum() > 400  # else the bound is wide

"""Rollouts improve what can be improved, and leave the rest as it is."""

import numpy as np
import pytest

from driftrec.agents.evaluation.play import play
from driftrec.agents.oracles.rollouts import Rollouts
from driftrec.agents.scenarios.feed_pages import FeedPages, FeedWeights
from driftrec.envs.video import video_world

HORIZON, USERS = 15, 24
FORESEES = FeedWeights(bar=2.0, annoyance=8.0, worth=2.0)
SHY = FeedWeights(opening=-3.0)


@pytest.fixture(scope="module")
def world():
    return video_world(config={"boredom": {"threshold": 3.0, "annoy": 0.6}})


def served(world, policy, users=USERS):
    seeds = np.arange(users, dtype=np.uint64)
    steps = list(play(world, policy, seeds, horizon=HORIZON, seed=0)[1])
    return np.stack([step.slates for step in steps]), sum(step.feedback.reward() for step in steps)


def rollouts(world, base, others, **settings):
    return Rollouts(world, base, others, horizon=HORIZON, samples=3, **settings)


def test_a_poor_policy_learns_from_a_better_one(world):
    """Tried: fails with the sign of the gain flipped."""
    base, better = FeedPages(world, SHY), FeedPages(world, FORESEES)
    (_, plain), (_, improved), (_, most) = (
        served(world, policy) for policy in (base, rollouts(world, base, [better]), better)
    )
    assert most.mean() > 1.1 * plain.mean()
    gain = improved - plain
    assert gain.mean() > 2 * gain.std() / np.sqrt(USERS)


@pytest.mark.parametrize("others", [[], ["myself"]])
def test_nothing_changes_where_nothing_else_is_tried(world, others):
    base = FeedPages(world, FORESEES)
    policy = rollouts(world, base, [base for _ in others])
    np.testing.assert_array_equal(served(world, base)[0], served(world, policy)[0])


def test_a_users_slates_do_not_depend_on_the_others(world):
    base, better = FeedPages(world), FeedPages(world, FORESEES)
    many, few = (served(world, rollouts(world, base, [better]), users)[0] for users in (6, 3))
    np.testing.assert_array_equal(many[:, :3], few)


def test_the_users_themselves_are_not_moved(world):
    state = world.reset(np.arange(4, dtype=np.uint64))
    policy = rollouts(world, FeedPages(world), [FeedPages(world, FORESEES)])
    policy.see(state)
    before = {name: value.copy() for name, value in vars(state).items() if isinstance(value, np.ndarray)}
    seen = world.observe(state)
    policy.act({})
    for name, value in before.items():
        np.testing.assert_array_equal(getattr(state, name), value, err_msg=name)
    for name, value in world.observe(state).items():
        np.testing.assert_array_equal(value, seen[name])

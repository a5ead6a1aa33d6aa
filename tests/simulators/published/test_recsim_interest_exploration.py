"""Interest exploration: affinities, candidates and choices against the published parameters."""

import numpy as np
import pytest

from driftrec.simulators.noise import user_seeds
from driftrec.simulators.published.recsim_interest_exploration import (
    InterestExplorationConfig,
    InterestExplorationWorld,
)

USERS = 40_000


def begin(users=USERS, **arguments):
    world = InterestExplorationWorld(**arguments)
    return world, world.reset(user_seeds(0, "test", users))


@pytest.mark.parametrize(("kind", "share", "means"), [(0, 0.3, (0.1, 0.7)), (1, 0.7, (0.7, 0.1))])
def test_affinities_are_log_normal_around_the_means_of_the_type(kind, share, means):
    """Bounds of 4 standard errors. Seen to fail with a share of 0.31, types swapped, and a deviation of 0.102."""
    _, state = begin()
    of_kind = state.kind == kind
    assert abs(of_kind.mean() - share) < 4 * np.sqrt(share * (1 - share) / USERS)
    logs = np.log(state.affinity[of_kind].astype(float))
    n = len(logs)
    assert (np.abs(logs.mean(axis=0) - means) < 4 * 0.1 / np.sqrt(n)).all()
    assert (np.abs(logs.std(axis=0) - 0.1) < 4 * 0.1 / np.sqrt(2 * n)).all()
    assert abs(np.corrcoef(logs.T)[0, 1]) < 4 / np.sqrt(n)


@pytest.mark.parametrize(("topic", "share", "mean"), [(0, 0.2, 0.8), (1, 0.8, 0.2)])
def test_qualities_are_log_normal_around_the_mean_of_the_topic(topic, share, mean):
    """Bounds of 4 standard errors. Seen to fail with a share of 0.21 and with topics swapped."""
    _, state = begin()
    of_topic = state.topic == topic
    assert abs(of_topic.mean() - share) < 4 * np.sqrt(share * (1 - share) / of_topic.size)
    logs = np.log(state.quality[of_topic].astype(float))
    assert abs(logs.mean() - mean) < 4 * 0.1 / np.sqrt(len(logs))
    assert abs(logs.std() - 0.1) < 4 * 0.1 / np.sqrt(2 * len(logs))


def test_positions_are_clicked_by_a_logit_against_five():
    """Sums over users of click minus chance; bounds of 4 standard errors. Seen to fail with a logit of 4.95."""
    world, state = begin(slate_size=3)
    affinity = np.take_along_axis(state.affinity, state.topic, axis=1)[:, :3]
    weights = np.exp(affinity.astype(float) + state.quality[:, :3])
    chance = weights / (weights.sum(axis=1, keepdims=True) + np.exp(5.0))
    feedback = world.step(state, np.tile([0, 1, 2], (USERS, 1)))
    error = np.sqrt((chance * (1 - chance)).sum(axis=0))
    assert (np.abs(feedback.clicks.sum(axis=0) - chance.sum(axis=0)) < 4 * error).all()
    np.testing.assert_array_equal(feedback.engagement, feedback.clicks)
    assert feedback.clicks.sum(axis=1).max() == 1


def test_a_user_of_the_common_type_scores_as_worked_out_by_hand():
    """e^0.7 + e^0.8 = 4.239 for the rare topic, e^0.1 + e^0.2 = 2.327 for the common one, at the medians."""
    config = {"affinity_stddev": 0, "topic_0": {"quality_stddev": 0}, "topic_1": {"quality_stddev": 0}}
    world, state = begin(users=200, config=config)
    expected = {(0, 0): 3.330711, (0, 1): 3.235156, (1, 0): 4.239294, (1, 1): 2.326574}
    scores = world._scores(state)
    for (kind, topic), score in expected.items():
        np.testing.assert_allclose(scores[(state.kind[:, None] == kind) & (state.topic == topic)], score, rtol=1e-5)


def test_nothing_moves_and_nobody_leaves():
    world, state = begin(users=100)
    before = world.reveal(state)
    for _ in range(30):
        assert not world.step(state, np.tile([0, 1], (100, 1))).left.any()
    for name, value in world.reveal(state).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    with pytest.raises(ValueError, match=r"horizon is None and nobody leaves this world\. Set a horizon"):
        world.check_ends()


def test_the_observation_shows_topic_and_quality():
    world, state = begin(users=50)
    topic, quality = state.topic.copy(), state.quality.copy()
    before = world.observe(state)
    assert (before["cluster"] == -1).all()
    np.testing.assert_array_equal(before["candidates"][..., :2], np.eye(2)[topic])
    np.testing.assert_array_equal(before["candidates"][..., 2], quality)
    feedback = world.step(state, np.tile([4, 4], (50, 1)))
    seen = world.observe(state)
    assert list(seen) == ["candidates", "clicked", "quality", "cluster"]
    np.testing.assert_array_equal(seen["quality"], quality[:, [4, 4]])
    np.testing.assert_array_equal(seen["cluster"], topic[:, [4, 4]])
    np.testing.assert_array_equal(seen["clicked"], feedback.clicks)


def test_the_average_affinity_is_that_of_the_users():
    _, state = begin()
    expected = InterestExplorationConfig().average_affinity()
    error = state.affinity.std(axis=0) / np.sqrt(USERS)
    assert (np.abs(state.affinity.mean(axis=0) - expected) < 4 * error).all()
    np.testing.assert_allclose(expected, np.exp(0.005) * np.array([1.741176, 1.377746]), rtol=1e-5)


def test_the_appraisal_holds_the_weights_of_the_choice():
    world, state = begin(users=50)
    view = world.appraise(state)
    scores = np.take_along_axis(state.affinity, state.topic, axis=1) + state.quality
    np.testing.assert_allclose(view.attraction, np.exp(scores), rtol=1e-6)
    assert view.no_click == pytest.approx(np.exp(5.0))
    assert (view.engagement == 1).all()
    expected = view.attraction / (view.attraction + np.exp(5.0))
    np.testing.assert_allclose(world.expected_engagement(state), expected, rtol=1e-5)

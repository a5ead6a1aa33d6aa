"""Interest evolution: budget, interests, choices and candidates against the published equations."""

import numpy as np
import pytest

from driftrec.simulators.noise import user_seeds
from driftrec.simulators.published.recsim_choice import ExponentialCascade, ScoreLogit
from driftrec.simulators.published.recsim_interest_evolution import InterestEvolutionConfig, InterestEvolutionWorld

USERS = 40_000
ALPHA = 0.9 / 3.4
MEANS = np.concatenate([np.linspace(-3, 0, 14), np.linspace(0, 3, 6)])


def begin(users=USERS, **arguments):
    world = InterestEvolutionWorld(**arguments)
    return world, world.reset(user_seeds(0, "test", users))


def first_slate(world, users=USERS):
    """The first candidates in order; they are as random as any."""
    return np.tile(np.arange(world.slate_size), (users, 1))


def one_step(**arguments):
    """State before, feedback, state after one step of the first candidates."""
    world, state = begin(**arguments)
    before = {"interests": state.interests.copy(), "budget": state.budget.copy(), "topic": state.topic.copy()}
    before["quality"] = state.quality.copy()
    feedback = world.step(state, first_slate(world))
    return world, before, feedback, state


def test_the_budget_falls_by_what_the_equation_says():
    _, before, feedback, state = one_step()
    position = feedback.clicks.argmax(axis=1)
    clicked = feedback.clicks.any(axis=1)
    quality = np.take_along_axis(before["quality"], position[:, None], axis=1)[:, 0]
    expected = np.where(clicked, 4 - ALPHA * 4 * quality, 0.5)
    np.testing.assert_allclose(before["budget"] - state.budget, expected, atol=5e-5)  # float32 at 200
    assert 10_000 < clicked.sum() < 30_000
    np.testing.assert_array_equal(feedback.engagement, 4.0 * feedback.clicks)
    assert not feedback.left.any()


@pytest.mark.parametrize(("budget", "earned"), [(4.5, 4.0), (4.0, 4.0), (1.5, 1.5)])
def test_a_click_earns_no_more_than_is_left(budget, earned):
    world, state = begin(slate_size=4, config={"time_budget": budget})
    slate, quality = first_slate(world), state.quality.copy()
    feedback = world.step(state, slate)
    clicked = feedback.clicks.any(axis=1)
    np.testing.assert_array_equal(feedback.reward(), np.where(clicked, earned, 0.0))
    quality = quality[np.arange(USERS), feedback.clicks.argmax(axis=1)]
    after = np.where(clicked, budget - earned + ALPHA * earned * quality, budget - 0.5)
    np.testing.assert_allclose(state.budget, after, atol=1e-5)
    np.testing.assert_array_equal(feedback.left, state.budget <= 0)
    np.testing.assert_array_equal(feedback.left, after <= 0)
    assert 100 < feedback.left.sum() < USERS - 100


def test_no_click_with_the_last_half_minute_spends_the_budget_exactly():
    world, state = begin(config={"time_budget": 0.5})
    feedback = world.step(state, first_slate(world))
    unclicked = ~feedback.clicks.any(axis=1)
    assert feedback.left[unclicked].all()
    assert (state.budget[unclicked] == 0).all()


def test_utility_weighs_interest_and_quality_by_their_factors():
    _, before, feedback, state = one_step(config={"user_quality_factor": 2.0, "document_quality_factor": 0.5})
    users = np.flatnonzero(feedback.clicks.any(axis=1))
    position = feedback.clicks.argmax(axis=1)[users]
    topic, quality = before["topic"][users, position], before["quality"][users, position]
    utility = 2.0 * before["interests"][users, topic] + 0.5 * quality  # the interest before it moves
    np.testing.assert_allclose(state.budget[users], 200 - 4 + ALPHA * 4 * utility, atol=5e-5)


@pytest.mark.parametrize("corrected", [False, True])
def test_only_the_clicked_interest_moves_and_by_the_right_step(corrected):
    _, before, feedback, state = one_step(corrected=corrected)
    users = np.flatnonzero(feedback.clicks.any(axis=1))
    topic = before["topic"][users, feedback.clicks.argmax(axis=1)[users]]
    moved = state.interests != before["interests"]
    old, new = before["interests"][users, topic], state.interests[users, topic]
    moved[users, topic] = False
    assert not moved.any()
    step = 0.3 * (1 - np.abs(old)) * (-old if corrected else 1 - old)
    up = np.isclose(new, old + step, atol=1e-6)
    assert (up | np.isclose(new, np.clip(old - step, -1, 1), atol=1e-6)).all()
    # With chance (u + 1) / 2 upwards; the bound is 4 standard errors. Seen to fail with a chance of 0.52 + 0.5 u.
    chance = (old.astype(float) + 1) / 2
    error = np.sqrt((chance * (1 - chance)).sum())
    clear = np.abs(step) > 1e-5
    assert abs((up & clear).sum() - (chance * clear).sum()) < 4 * error
    # and not only on average: likewise among those who like the topic
    fond = clear & (old > 0.5)
    error = np.sqrt((chance * (1 - chance) * fond).sum())
    assert abs((up & fond).sum() - (chance * fond).sum()) < 4 * error


def test_an_interest_moves_by_hand():
    """From u = 0.5 by 0.3 * 0.5 * 0.5 = 0.075; the paper's step is as long but goes to the other side."""
    for corrected, towards in ((False, 0.575), (True, 0.425)):
        world = InterestEvolutionWorld(corrected=corrected)
        moved = world._moved(np.array([0.5, 0.5], np.float32), np.array([0.7499, 0.7501], np.float32))
        np.testing.assert_allclose(moved, [towards, 1.0 - towards], atol=1e-6)


def test_positions_are_clicked_in_proportion_to_interest_plus_one():
    """Sums over users of click minus chance; bounds of 4 standard errors. Seen to fail with a no-click mass of 1.1."""
    _, before, feedback, _ = one_step(slate_size=3)
    weights = 1.0 + np.take_along_axis(before["interests"].astype(float), before["topic"][:, :3], axis=1)
    chance = weights / (weights.sum(axis=1, keepdims=True) + 2.0)
    error = np.sqrt((chance * (1 - chance)).sum(axis=0))
    assert (np.abs(feedback.clicks.sum(axis=0) - chance.sum(axis=0)) < 4 * error).all()
    some = chance.sum(axis=1)
    assert abs(feedback.clicks.sum() - some.sum()) < 4 * np.sqrt((some * (1 - some)).sum())
    keen = chance[:, 0] > 0.35
    error = np.sqrt((chance * (1 - chance))[keen, 0].sum())
    assert abs(feedback.clicks[keen, 0].sum() - chance[keen, 0].sum()) < 4 * error
    assert feedback.clicks.sum(axis=1).max() == 1


def test_a_repeat_in_a_slate_is_shown_twice():
    """A user clicks twice the same item with weight 2 (u + 1) beside 2; bound of 4 standard errors.

    Seen to fail with a no-click mass of 1.1.
    """
    world, state = begin()
    topic = state.topic[:, 0]
    weight = 2 * (1.0 + state.interests[np.arange(USERS), topic].astype(float))
    chance = weight / (weight + 2)
    feedback = world.step(state, np.zeros((USERS, 2), np.int64))
    error = np.sqrt((chance * (1 - chance)).sum())
    assert abs(feedback.clicks.sum() - chance.sum()) < 4 * error
    assert (feedback.clicks.sum(axis=0) > 1000).all()
    seen = world.observe(state)
    np.testing.assert_array_equal(seen["cluster"], np.repeat(topic[:, None], 2, axis=1))


def test_topics_are_uniform_and_qualities_normal_around_their_means():
    """Bounds of 4.5 standard errors. Seen to fail with a 21st topic's share and with means off by 0.01."""
    _, state = begin()
    topic, quality = state.topic.ravel(), state.quality.ravel().astype(float)
    count = np.bincount(topic, minlength=20)
    assert (np.abs(count - len(topic) / 20) < 4.5 * np.sqrt(len(topic) * 0.05 * 0.95)).all()
    means = np.bincount(topic, quality) / count
    assert (np.abs(means - MEANS) < 4.5 * 0.1 / np.sqrt(count)).all()
    residual = quality - MEANS[topic]
    assert abs(residual.std() - 0.1) < 4.5 * 0.1 / np.sqrt(2 * len(topic))
    assert abs(np.corrcoef(state.quality[:, :5].T)[0, 1:]).max() < 4.5 / np.sqrt(USERS)


def test_users_begin_with_uniform_interests_and_a_full_budget():
    """Moments within 4 standard errors. Seen to fail with interests in [-0.98, 1]."""
    _, state = begin()
    interests = state.interests.astype(float)
    assert -1 <= interests.min() < -0.999
    assert 0.999 < interests.max() <= 1
    assert abs(interests.mean()) < 4 * np.sqrt(1 / 3 / interests.size)
    assert abs((interests**2).mean() - 1 / 3) < 4 * np.sqrt(4 / 45 / interests.size)
    assert np.abs(np.corrcoef(interests.T) - np.eye(20)).max() < 5 / np.sqrt(USERS)
    assert (state.budget == 200).all()


def test_the_observation_shows_topics_and_the_response_but_no_quality_of_candidates():
    world, state = begin(users=50)
    before = world.observe(state)
    assert not before["clicked"].any()
    assert (before["cluster"] == -1).all()
    topic, quality = state.topic.copy(), state.quality.copy()
    slates = np.tile([7, 2], (50, 1))
    feedback = world.step(state, slates)
    seen = world.observe(state)
    assert list(seen) == ["user", "candidates", "clicked", "watch_time", "quality", "cluster"]
    np.testing.assert_array_equal(before["candidates"], np.eye(20)[topic])
    np.testing.assert_array_equal(seen["candidates"], np.eye(20)[state.topic])
    np.testing.assert_array_equal(seen["user"], state.interests)
    np.testing.assert_array_equal(seen["quality"], quality[:, [7, 2]])  # of both, clicked or not
    np.testing.assert_array_equal(seen["cluster"], topic[:, [7, 2]])
    np.testing.assert_array_equal(seen["clicked"], feedback.clicks)
    np.testing.assert_array_equal(seen["watch_time"], feedback.engagement)


def test_the_truth_is_revealed():
    world, state = begin(users=50)
    truth = world.reveal(state)
    np.testing.assert_allclose(np.linalg.norm(truth["interest"], axis=1), 1, atol=1e-6)
    cosine = (truth["interest"] * truth["interests"]).sum(axis=1) / np.linalg.norm(truth["interests"], axis=1)
    np.testing.assert_allclose(cosine, 1, atol=1e-6)
    np.testing.assert_array_equal(truth["budget"], state.budget)
    np.testing.assert_array_equal(truth["candidate_quality"], state.quality)


def test_the_appraisal_holds_the_weights_of_the_choice():
    world, state = begin(users=50, config={"time_budget": 3.0})
    view = world.appraise(state)
    affinity = np.take_along_axis(state.interests, state.topic, axis=1)
    np.testing.assert_array_equal(view.attraction, affinity + 1)
    assert view.no_click == 2.0
    np.testing.assert_array_equal(view.engagement, np.full((50, 10), 3.0))  # all that is left
    np.testing.assert_array_equal(view.positions, [1, 1])
    expected = (affinity + 1) / (affinity + 3) * 3
    np.testing.assert_allclose(world.expected_engagement(state), expected, rtol=1e-6)


def test_a_cascade_has_no_appraisal():
    world, state = begin(users=5, choice=ExponentialCascade())
    with pytest.raises(TypeError, match="ExponentialCascade has no weight for each item"):
        world.appraise(state)
    assert world.step(state, first_slate(world, 5)).clicks.shape == (5, 2)
    assert world.expected_engagement(state).max() <= 4.0 * 0.05 * np.e


def test_mean_qualities_are_two_ramps():
    np.testing.assert_allclose(InterestEvolutionConfig().topic_quality(), MEANS, atol=1e-6)
    np.testing.assert_allclose(
        InterestEvolutionConfig(num_topics=5, low_quality_topics=3, worst_quality=-2).topic_quality(), [-2, -1, 0, 0, 3]
    )


NEVER = ExponentialCascade(attention_prob=0.0)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"config": {"step_penalty": 0}},  # poor videos drain
        {"config": {"step_penalty": 0, "worst_quality": 0, "best_quality": 0, "quality_stddev": 0}},  # all do
        {"choice": ScoreLogit()},  # never declines
        {"choice": NEVER},  # never clicks, and pays for it
    ],
)
def test_worlds_whose_episodes_end_pass_and_their_episodes_do(arguments):
    world, state = begin(users=20, **arguments)
    world.check_ends()
    gone = np.zeros(20, bool)
    for _ in range(1000):
        gone |= world.step(state, first_slate(world, 20)).left
    assert gone.all()


@pytest.mark.parametrize("penalty", [0.0, 1e-6])  # the second is lost in the rounding of 200
@pytest.mark.parametrize("choice", [NEVER, ScoreLogit(no_click_mass=80.0)])
def test_a_world_whose_episodes_never_end_is_refused(choice, penalty):
    world, state = begin(users=200, choice=choice, config={"step_penalty": penalty})
    with pytest.raises(ValueError, match=r"No episode could ever end: horizon is None.* Set a horizon, a higher step_"):
        world.check_ends()
    for _ in range(50):
        world.step(state, first_slate(world, 200))
    assert (state.budget == 200).all()

"""What random slates and popularity promise beyond the contract; and the settings that any baseline refuses."""

import numpy as np
import pytest

from driftrec.agents.baselines import Content, EpsilonContent, LinUCB, Popular, Random


def test_random_shows_every_item_equally_often(make_context, nothing_yet):
    policy = Random(make_context())
    policy.reset(2000, 4)
    observation = nothing_yet(np.zeros(2000))
    slates = np.concatenate([policy.act(observation) for _ in range(6)])
    for position in slates.T:
        counts = np.bincount(position, minlength=60)  # binomial(12000, 1/60): sd 14.0
        assert abs(counts - 200).max() < 4.5 * 14.0  # 300 such counts: false alarm below 0.3 %


def test_popular_smooths_rates(make_context, nothing_yet):
    policy = Popular(make_context(slate_size=2, num_items=4), strength=2.0)
    assert policy.rates().tolist() == [0.0] * 4
    observation = nothing_yet(np.zeros(3))
    slates, clicks = np.array([[0, 1], [0, 2], [-1, -1]]), np.array([[1, 0], [1, 0], [0, 0]], bool)
    policy.update(observation, slates, clicks, clicks.astype(np.float32))
    # 2 clicks in 4 impressions; the user who was gone counts for nothing.
    np.testing.assert_allclose(policy.rates(), [3 / 4, 1 / 3, 1 / 3, 1 / 2])
    assert policy.act(nothing_yet([0])).tolist() == [[0, 3]]


def test_popular_starts_at_random(make_context, nothing_yet):
    policy = Popular(make_context())
    policy.reset(6000, 0)
    counts = np.bincount(policy.act(nothing_yet(np.zeros(6000)))[:, 0], minlength=60)
    assert abs(counts - 100).max() < 4.5 * 9.9  # binomial(6000, 1/60): sd 9.9


def test_popular_learns_what_is_popular(make_context, nothing_yet):
    policy = Popular(make_context())
    policy.reset(200, 0)
    generator, observation = np.random.default_rng(1), nothing_yet(np.zeros(200))
    for _ in range(30):
        slates = policy.act(observation)
        clicks = generator.random(slates.shape) < np.where(slates == 7, 0.6, 0.1)
        policy.update(observation, slates, clicks, clicks.astype(np.float32))
    assert (policy.act(observation)[:, 0] == 7).all()
    assert abs(policy.rates()[7] - 0.6) < 0.05  # 30 * 200 impressions: sd 0.006


@pytest.mark.parametrize(
    ("policy", "settings", "message"),
    [
        (Popular, {"strength": 0.0}, "strength is 0.0; it must be above 0"),
        (Content, {"half_life": -1.0}, "half_life is -1.0; it must be above 0"),
        (Content, {"persona_weight": float("nan")}, "persona_weight is nan; it must be 0 or more"),
        (EpsilonContent, {"epsilon": 1.5}, "epsilon is 1.5; it is a chance"),
        (EpsilonContent, {"half_life": 0.0}, "half_life is 0.0"),
        (LinUCB, {"alpha": -0.1}, "alpha is -0.1; it must be 0 or more"),
        (LinUCB, {"prior": float("inf")}, "prior is inf"),
        (LinUCB, {"ridge": 0.0}, "ridge is 0.0; it must be above 0"),
        (LinUCB, {"dims": 0}, "dims is 0; it must be above 0"),
    ],
)
def test_bad_settings_are_refused(policy, settings, message, make_context):
    with pytest.raises(ValueError, match=message):
        policy(make_context(), **settings)

"""Fitting: what comes after an item, planted and found again; the weight that serves best; clicks learned."""

import numpy as np
import pytest
import torch

from driftrec.agents.evaluation.mean_engagement import mean_engagement, tried
from driftrec.agents.ranker import feature_fitting as fitting
from driftrec.agents.ranker.choice import AnyClick
from driftrec.agents.ranker.feature_encoders import UserVector
from driftrec.agents.ranker.feature_fitting import FitSettings, engagement_to_come, fit, so_far, weigh
from driftrec.agents.ranker.feature_judge import BestSlates, Judge
from driftrec.agents.ranker.feature_logs import Logs, joined
from driftrec.agents.ranker.feature_ranker import FeatureRanker
from driftrec.agents.ranker.feature_training import make_items, make_ranker
from driftrec.agents.setup import WorldArgs
from driftrec.agents.worlds.published_setup import set_up_published


def quiet(line):
    """No report."""


def test_so_far_by_hand():
    engagement = np.array([[1.0, 2.0], [3.0, 0.0], [5.0, 4.0], [7.0, 1.0]])
    over = np.array([[False, False], [True, False], [False, False], [False, True]])
    steps, earned = np.moveaxis(so_far(engagement, over), 2, 0)
    assert steps.T.tolist() == [[0, 1, 0, 1], [0, 1, 2, 3]]  # a new episode after the end
    assert earned.T.tolist() == [[0, 1, 0, 5], [0, 2, 2, 6]]


EFFECT, GAMMA = np.array([0.0, 2.0, -1.0]), 0.9


def planted(steps=40, users=1500, episode=8, seed=0):
    """Logs in which an opened item of column c moves the engagement of the very next step by ``EFFECT[c]``.

    Whom it was opened by matters too: users of a high state earn more at every step, and open items of column 1.
    """
    rng = np.random.default_rng(seed)
    taste = np.repeat(rng.normal(size=(-(-steps // episode), users)), episode, axis=0)[:steps]
    first = (rng.random((steps, users)) < 1 / (1 + np.exp(-2 * taste))).astype(int)  # column of the first position
    columns = np.eye(3, dtype=np.float32)[np.stack([first, np.full_like(first, 2)], axis=2)]  # (steps, users, 2, 3)
    opened = rng.integers(-1, 2, (steps, users))  # position, -1 for none
    clicks = opened[..., None] == np.arange(2)
    moved = (columns * clicks[..., None]).sum(axis=2) @ EFFECT
    over = np.zeros((steps, users), bool)
    over[episode - 1 :: episode] = True
    earned = 3.0 + 2.0 * taste + clicks.any(axis=2) + rng.normal(size=taste.shape)  # a click earns 1 at once
    earned[1:] += np.where(over[:-1], 0.0, moved[:-1])
    engagement = np.stack([np.zeros_like(earned), earned], axis=2)
    return Logs(*map(torch.from_numpy, (taste[..., None].astype(np.float32), columns, clicks, engagement, over)))


def test_what_an_item_does_to_the_engagement_after_it_is_found():
    """Within 0.15 of gamma times the planted effect, 7/8 of it since what the last of eight steps does is not seen.

    Seeds 0 to 2 were 0.12 off at most. Tried: fails by 2 without the state among the regressors, by 0.4 with
    engagement counted across ends, and by 1 with that of the step itself.
    """
    found = engagement_to_come(planted(), GAMMA)
    np.testing.assert_allclose(found, GAMMA * 7 / 8 * EFFECT, atol=0.15)
    assert found.dtype == np.float32


def test_episodes_whose_end_was_not_seen_are_left_out():
    whole, begun = planted(steps=16), planted(steps=5, seed=1)
    begun.engagement[:] = 1e6
    assert engagement_to_come(joined([whole, begun]), GAMMA).tolist() == engagement_to_come(whole, GAMMA).tolist()


def test_where_no_end_was_seen_nothing_is_known():
    logs = planted(steps=5)
    logs.over[:] = False
    assert engagement_to_come(logs, GAMMA).tolist() == [0.0, 0.0, 0.0]


def evolution():
    """Interest evolution with small budgets, and an unfitted ranker for it."""
    setup = set_up_published(
        WorldArgs("driftrec/RecSim-InterestEvolution-v0", horizon=30, config='{"time_budget": 20}')
    )
    items = make_items(setup.world)
    return setup, Judge(make_ranker(setup.world, items, 0), items, farsighted=True)


@pytest.mark.parametrize(("earned", "best"), [((3.0, 9.0, 5.0), 2.0), ((4.0, 4.0, 1.0), 0.0)])
def test_the_weight_that_serves_best_is_kept_of_equals_the_first(earned, best, monkeypatch):
    setup, judge = evolution()
    to_come, met = np.arange(20, dtype=np.float32), []

    def serve(world, policy, users, horizon):
        met.append(policy.judge.ranker.future.clone())
        return earned[len(met) - 1], 100

    monkeypatch.setattr(fitting, "tried", serve)
    settings, lines = FitSettings(weights=(0.0, 2.0, 5.0)), []
    steps = weigh(setup.world, judge, to_come, np.arange(4, dtype=np.uint64), 30, settings, lines.append)
    assert steps == 300
    assert [future.tolist() for future in met] == [(weight * to_come).tolist() for weight in (0.0, 2.0, 5.0)]
    assert judge.ranker.future.tolist() == (best * to_come).tolist()
    assert lines[1] == f"Weight 2 of the engagement to come: {earned[1]:.2f} an episode"


def test_steps_of_users_who_left_are_not_counted():
    setup, judge = evolution()
    policy, users = BestSlates(judge, setup.slate_size), np.arange(50, dtype=np.uint64)
    engagement, steps = tried(setup.world, policy, users, 30)
    assert engagement == mean_engagement(setup.world, policy, users, 30)
    state, by_hand, here = setup.world.reset(users), 0, np.ones(50, bool)
    for _ in range(30):
        by_hand += here.sum()
        here &= ~setup.world.step(state, policy.act(setup.world.observe(state))).left
    assert 50 < steps == by_hand < 50 * 30


def tastes(users=4000, seed=0):
    """Logs of users who click each of two positions by an inner product with the item's column, and true chances."""
    rng = np.random.default_rng(seed)
    weights = np.random.default_rng(0).normal(0, 1.5, (3, 5))
    state, item = rng.normal(size=(users, 3)).astype(np.float32), rng.integers(5, size=(users, 2))
    chances = 1 / (1 + np.exp(-np.take_along_axis(state @ weights, item, axis=1)))
    clicks = rng.random((users, 2)) < chances
    columns = np.eye(5, dtype=np.float32)[item]
    engagement = (clicks * (10.0 + 5.0 * (item == 1))).astype(np.float32)
    over = np.zeros(users, bool)
    return Logs(*map(torch.from_numpy, (state, columns, clicks, engagement, over))), chances, item


SETTINGS = FitSettings(epochs=3, batch_size=128)


def fitted(seed=1):
    ranker = FeatureRanker(UserVector(3), 5, AnyClick(2), 0)
    fit(ranker, tastes()[0], SETTINGS, seed, quiet)
    return ranker


def test_clicks_and_engagement_are_learned():
    """On fresh users the chances are 0.02 off in the mean, and the engagement, 10 or 15, 0.3.

    Tried: the chances are 0.27 off with every click given to the next user.
    """
    logs, chances, item = tastes(seed=1)
    ranker = fitted()
    with torch.no_grad():
        scores = ranker(ranker.scaler(logs.state), logs.columns)
    assert not ranker.training
    assert np.abs(scores.appeal.sigmoid().numpy() - chances).mean() < 0.05
    assert np.abs(scores.engagement.numpy() - np.where(item == 1, 15.0, 10.0)).mean() < 1.0


def test_fitting_repeats_and_draws_on_its_own_seed_alone():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    first = fitted().state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(8)
    again, other = fitted().state_dict(), fitted(seed=2).state_dict()
    for name, value in first.items():
        assert torch.equal(value, again[name]), name
    assert not torch.equal(first["query.weight"], other["query.weight"])


def test_progress_is_told_a_pass():
    lines = []
    ranker = FeatureRanker(UserVector(3), 5, AnyClick(2), 0)
    fit(ranker, tastes(users=300)[0], FitSettings(epochs=3, batch_size=128), 0, lines.append)
    assert [line.split(":")[0] for line in lines] == [f"Ranker, pass {n} of 3 over 300 steps" for n in (1, 2, 3)]
    losses = [float(line.split()[-1]) for line in lines]
    assert losses[2] < losses[0]


def test_logs_without_a_click_can_be_fitted_to():
    logs = tastes(users=200)[0]
    logs.clicks[:], logs.engagement[:] = False, 0.0
    ranker = FeatureRanker(UserVector(3), 5, AnyClick(2), 0)
    fit(ranker, logs, FitSettings(epochs=2, batch_size=64), 0, quiet)
    assert ranker.unit == 1.0
    assert all(value.isfinite().all() for value in ranker.state_dict().values())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lanes": 0}, "FitSettings.lanes is 0; it must be between 1"),
        ({"batch_size": 1}, "FitSettings.batch_size is 1; it must be between 2"),
        ({"gamma": 1.0}, "FitSettings.gamma is 1.0; it must be between 0 and 0.9999"),
        ({"weights": ()}, "FitSettings.weights is empty; give at least one, such as 0"),
    ],
)
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        FitSettings(**changes)

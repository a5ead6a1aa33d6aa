"""Policies that remember, estimated from a log."""

import numpy as np
import pytest

from driftrec.agents.baselines import Random
from driftrec.agents.estimation.ranks import Gathered, Walked, estimated
from driftrec.agents.estimation.truth import true_slates
from driftrec.agents.fitting_worlds.lives import told_lives
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.logbook.logged_lives import LoggedLives
from driftrec.agents.realism.twin import twin_of, write_log
from driftrec.agents.realism.twin_policies import EIGHT
from driftrec.agents.setup import WorldArgs, set_up


class Told:
    """Shows item 0, and keeps what it is told."""

    def reset(self, num_users, seed):
        self.told = []

    def act(self, observation):
        return np.zeros((2, 1), np.int64)

    def update(self, observation, slates, clicks, engagement):
        self.told.append((slates.tolist(), clicks.tolist(), engagement.tolist()))


def test_a_policy_is_told_what_the_log_s_users_saw_and_did():
    """Before each of its slates, of the slate before. Failed with what it would have shown itself."""
    there = np.array([[True, True], [True, False]])
    items, engagement = np.array([[[3], [4]], [[5], [-1]]]), np.array([[[2.0], [0.0]], [[0.0], [0.0]]])
    nothing = np.zeros((2, 2))
    lives = LoggedLives("a", items, engagement > 0, engagement, there, nothing, nothing, None, None, None, ())
    policy = Told()
    walked = Walked(policy, lives)
    walked.reset(2, 0)
    for step in range(2):
        walked.act({})
        chances = walked.marginal({}, items[:, step])
        assert chances.tolist() == [[0.0], [0.0]]
    assert policy.told == [([[3], [5]], [[True], [False]], [[2.0], [0.0]])]
    assert walked.marginal({}, np.array([[0], [1]])).tolist() == [[1.0], [0.0]]


def piece(rng, users):
    """Lives of two steps and slates of two, and weights of single positions."""
    shape = (users, 2, 2)
    engagement, there = rng.random(shape), np.ones(shape[:2], np.bool_)
    lives = LoggedLives("a", np.zeros(shape, int), engagement > 0, engagement, there, *(None,) * 5, ())
    return rng.integers(0, 3, shape).astype(float), lives


def test_pieces_of_a_log_come_to_what_the_whole_does():
    """By the formulas of docs/logs.md. Failed with the last piece alone."""
    rng = np.random.default_rng(0)
    gathered, pieces = Gathered(2), [piece(rng, 40), piece(rng, 30)]
    for weight, lives in pieces:
        gathered.add(weight, lives)
    found = gathered.estimate(seed=1)
    weight = np.concatenate([weight for weight, _ in pieces]).reshape(-1, 2)
    engagement = np.concatenate([lives.engagement for _, lives in pieces]).reshape(-1, 2)
    assert found["estimate"] == pytest.approx(((weight * engagement).sum(axis=0) / weight.sum(axis=0)).sum())
    assert found["ess"] == pytest.approx((weight.sum(axis=0) ** 2 / (weight**2).sum(axis=0)).min())
    assert found["low"] < found["estimate"] < found["high"]
    few = Gathered(2)
    few.add(*piece(rng, 3))
    assert np.isnan(few.estimate(seed=1)["estimate"])


def test_estimates_are_of_random_slates_alone(tmp_path):
    setup = set_up(WorldArgs("driftrec/Video-v0", horizon=4))
    write_log(setup, tmp_path / "log.parquet", 600, 1)
    short = FitWorldSettings(dims=3, epochs=1, least_steps=1)
    lives = told_lives(read_log(tmp_path / "log.parquet"))
    twin = twin_of(setup, lives, short, 1, lambda line: None)
    table = estimated(setup, tmp_path / "log.parquet", twin, 1).set_index("policy")
    assert set(table.index) == set(EIGHT)
    random = read_log(tmp_path / "log.parquet").rows.query("policy == 'random'")
    mean = random.groupby(["version", "user", "step"]).engagement.sum().mean()
    assert table.estimate["random"] == pytest.approx(mean, rel=1e-6)
    assert table.estimate.drop("random").isna().all()  # a thousand items, and hundreds of slates
    assert (table.ess.drop("random") < 50).all()


class Tells(Told):
    """The same for any number of users, who must open something."""

    def act(self, observation):
        return np.zeros((observation["user"].shape[0], 3), np.int64) + np.arange(3)


def test_what_learns_beside_the_log_s_policy_is_told_of_its_slates():
    """Failed, with no word of them, before ``true_slates`` passed them on: a policy of memory had none."""
    setup = set_up(WorldArgs("driftrec/Fitted-v0", horizon=5, slate_size=3))
    policy = Tells()
    truth = true_slates(setup, Random(setup.context), {"told": policy}, steps=5, users=20, seed=1)
    assert truth["told"] > 0
    slates = np.array([slates for slates, _, _ in policy.told])
    assert slates.shape == (5, 20, 3)
    assert len(np.unique(slates)) > 20  # of the 40 items: random slates, and not its own

"""The oracles: the best next step there is, and a planner that never does worse than it where it was tuned."""

import dataclasses
from itertools import permutations

import numpy as np
import pytest

from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.oracles import MyopicOracle, Planner, PlannerWeights
from driftrec.agents.oracles.planner import tune_planner
from driftrec.envs.catalogues import packaged_catalogue
from driftrec.simulators.catalogue import Catalogue
from driftrec.simulators.news import NewsWorld
from driftrec.simulators.noise import user_seeds

USERS = 12
SEEDS = user_seeds(1, "test", USERS)


def small_world(items=7, slate_size=3):
    catalogue, personas = packaged_catalogue()
    columns = [field.name for field in dataclasses.fields(Catalogue) if field.name != "topic_names"]
    picked = np.arange(items) * 140
    few = {
        name: tuple(np.array(value)[picked].tolist()) if isinstance(value, tuple) else value[picked]
        for name in columns
        for value in [getattr(catalogue, name)]
    }
    return NewsWorld(dataclasses.replace(catalogue, **few), personas, slate_size=slate_size)


@pytest.fixture(scope="module")
def world():
    return small_world()


@pytest.fixture
def state(world):
    """Users who have lived a little."""
    state = world.reset(SEEDS)
    for step in range(6):
        world.step(state, np.tile((np.arange(3) + step) % world.num_items, (USERS, 1)))
    return state


def values(world, state, slate, gain):
    """Expected value of one slate for every user under the choice model, in float64."""
    view = world.appraise(state)
    weights = view.attraction[:, slate].astype(float) * world.config.choice.position_weights(len(slate))
    return (weights * gain[:, slate]).sum(axis=1) / (view.no_click + weights.sum(axis=1))


def best_of_all(world, state, gain):
    slates = [list(slate) for slate in permutations(range(world.num_items), 3)]
    return np.max([values(world, state, slate, gain) for slate in slates], axis=0)


def reached(world, state, slates, gain):
    return np.array([values(world, state, slate, gain)[user] for user, slate in enumerate(slates.tolist())])


def test_no_slate_earns_more_in_the_next_step(world, state):
    oracle = MyopicOracle(world)
    oracle.see(state)
    gain = world.appraise(state).engagement
    slates = oracle.act({})
    np.testing.assert_allclose(reached(world, state, slates, gain), best_of_all(world, state, gain), rtol=1e-4)


@pytest.mark.parametrize("lived", [0, 20], ids=["at the reset", "after 20 steps"])
def test_what_the_oracle_expects_is_what_happens(lived):
    """At the reset alone it could not be told whether the oracle knows what has been read."""
    world = small_world()
    state = world.reset(np.arange(6000, dtype=np.uint64))
    oracle = MyopicOracle(world)
    for _ in range(lived):
        oracle.see(state)
        world.step(state, oracle.act({}))
    oracle.see(state)
    slates, here = oracle.act({}), ~state.gone
    expected = values_by_row(world, state, slates)[here]
    got = world.step(state, slates).reward()[here]
    error = (got - expected).std() / np.sqrt(here.sum())
    assert abs(got.mean() - expected.mean()) < 4 * error


def values_by_row(world, state, slates):
    view = world.appraise(state)
    weights = np.take_along_axis(view.attraction, slates, axis=1) * world.config.choice.position_weights(3)
    earned = weights * np.take_along_axis(view.engagement, slates, axis=1)
    return earned.sum(axis=1) / (view.no_click + weights.sum(axis=1))


def test_a_planner_that_weighs_nothing_is_the_myopic_oracle(world, state):
    planner, oracle = Planner(world, PlannerWeights()), MyopicOracle(world)
    for policy in (planner, oracle):
        policy.reset(USERS, 0)
        policy.see(state)
    np.testing.assert_array_equal(planner.act({}), oracle.act({}))


def test_the_planners_value_is_the_stated_one(world, state):
    weights = PlannerWeights(satisfaction=6.0, opening=1.5, freshness=2.0, loyalty=3.0)
    planner = Planner(world, weights)
    planner.see(state)
    view = world.appraise(state)
    gain = (
        view.engagement
        + 1.5
        + 6.0 * (view.worth - state.satisfaction[:, None])
        - 2.0 * (1 - view.satiation)
        + 3.0 * state.home @ world.catalogue.latent.T
    )
    slates = planner.act({})
    np.testing.assert_allclose(reached(world, state, slates, gain), best_of_all(world, state, gain), rtol=1e-3)
    planner.weights = PlannerWeights()
    assert (planner.act({}) != slates).any()


@pytest.mark.parametrize("kind", [MyopicOracle, lambda world: Planner(world, PlannerWeights())])
def test_an_oracle_that_sees_nothing_says_so(world, kind):
    with pytest.raises(RuntimeError, match=r"act was called before see\(state\)"):
        kind(world).act({})


def test_mean_engagement_is_that_of_the_users(world):
    planner = Planner(world, PlannerWeights(satisfaction=2.0))
    state, total = world.reset(SEEDS), np.zeros(USERS)
    for _ in range(5):
        planner.see(state)
        total += world.step(state, planner.act({})).reward()
    assert mean_engagement(world, planner, SEEDS, horizon=5) == pytest.approx(total.mean(), rel=1e-6)


@pytest.fixture(scope="module")
def tuned(world):
    lines = []
    settings = {"seed": 4, "horizon": 12, "num_users": 24, "rounds": 3, "samples": 8}
    return tune_planner(world, **settings, report=lines.append), lines, settings


def test_tuning_never_ends_below_the_myopic_oracle(world, tuned):
    users = user_seeds(4, "planner", 24)
    myopic, planner = (mean_engagement(world, Planner(world, w), users, 12) for w in (PlannerWeights(), tuned[0]))
    assert planner >= myopic


def test_tuning_reports_every_round_and_never_falls_back(tuned):
    assert [line.split(":")[0] for line in tuned[1]] == [f"planner, round {i} of 3" for i in (1, 2, 3)]
    best = [float(line.split(": ")[1].split()[0]) for line in tuned[1]]
    assert best == sorted(best)


def test_tuning_repeats_for_the_same_seed_only(world, tuned):
    weights, _, settings = tuned
    assert tune_planner(world, **settings) == weights
    assert tune_planner(world, **{**settings, "seed": 5}) != weights


def test_the_search_closes_in_on_the_best_weights(world, monkeypatch):
    """A return that falls with the squared distance from known weights: every round starts nearer to them."""
    optimum, samples, rounds = np.array([5.0, -1.0, 1.5, 0.5]), 24, 10
    tried = []

    def measure(world, policy, users, horizon):
        tried.append(dataclasses.astuple(policy.weights))
        return 50.0 - np.square(tried[-1] - optimum).sum()

    monkeypatch.setattr("driftrec.agents.oracles.planner.mean_engagement", measure)
    best = tune_planner(world, seed=0, horizon=1, num_users=1, rounds=rounds, samples=samples)
    centres = np.array(tried)[::samples]  # each round tries its centre first
    distances = np.linalg.norm(centres - optimum, axis=1)
    assert (centres[0] == 0).all()
    assert len(centres) == rounds
    assert distances[-1] < 0.1 * distances[0]
    nearest = np.linalg.norm(np.array(tried) - optimum, axis=1).argmin()
    assert dataclasses.astuple(best) == tried[nearest]

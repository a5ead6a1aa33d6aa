"""What a figure is and how ours is measured beside it, whatever its source."""

import math

import gymnasium as gym
import numpy as np
import pytest

from driftrec.agents.figures import figures_recsim, figures_sardine
from driftrec.agents.figures.figures import Figure, Measurement, measure, of_seeds, returns, z_score
from driftrec.agents.oracles.recsim_oracles import nearest_clickbait
from driftrec.simulators.published.recsim_long_term_satisfaction import LongTermSatisfactionWorld
from driftrec.simulators.world import Feedback

TABLES = pytest.mark.parametrize("table", [figures_recsim, figures_sardine], ids=lambda table: table.__name__[-7:])
SATISFACTION = "driftrec/RecSim-LongTermSatisfaction-v0"


@TABLES
def test_figures_name_what_exists(table):
    for figure in table.FIGURES:
        assert figure.policy in table.POLICIES
        assert figure.world in gym.registry
        assert figure.episodes > 0
    keys = {(f.world, tuple(f.settings.items()), f.policy, f.source) for f in table.FIGURES}
    assert len(keys) == len(table.FIGURES)


@TABLES
def test_every_world_has_figures(table):
    source = table.__name__.partition("figures_")[2]
    worlds = {name for name in gym.registry if name.lower().startswith(f"driftrec/{source}-")}
    assert {figure.world for figure in table.FIGURES} == worlds


@pytest.mark.parametrize(
    ("standard_error", "mean", "own", "z"),
    [
        (0.3, 10.5, 0.4, 1.0),
        (0.0, 10.0, 0.0, 0.0),
        (0.0, 9.0, 0.0, -math.inf),
        (None, 11.0, 0.1, 1 / math.hypot(0.1, 0.2)),  # theirs: a quarter of the episodes, twice the error
    ],
)
def test_z_scores_by_hand(standard_error, mean, own, z):
    figure = Figure("", {}, "random", 100, 10.0, standard_error, "nowhere")
    assert z_score(figure, mean, own, 400) == pytest.approx(z)


def test_the_error_of_five_seeds_by_hand():
    assert of_seeds(2.0) == pytest.approx(2.0 / math.sqrt(5))
    assert of_seeds(2.0, seeds=4) == 1.0


class Certain:
    """A world in which every step earns what its number is; users leave after 2, 3, 4, 2, 3, ... steps."""

    num_items, slate_size = 100, 1

    def reset(self, seeds):
        return {"step": 0, "users": len(seeds)}

    def observe(self, state):
        return {"step": np.full(state["users"], state["step"])}

    def step(self, state, slates):
        state["step"] += 1
        here = np.arange(state["users"]) % 3 + 2 >= state["step"]
        nothing = np.zeros(state["users"])
        left = np.arange(state["users"]) % 3 + 2 == state["step"]
        return Feedback(slates > 0, (slates[:, :1] * here[:, None]).astype(np.float32), left, nothing, left)


class Counting:
    """Shows the number of the step, as it was told it."""

    def reset(self, num_users, seed):
        self.told = []

    def see(self, state):
        self.told.append(state["step"])

    def act(self, observation):
        return observation["step"][:, None] + 1


@pytest.mark.parametrize(("horizon", "earned"), [(None, [3, 6, 10, 3]), (3, [3, 6, 6, 3]), (1, [1, 1, 1, 1])])
def test_returns_end_with_the_users_or_the_horizon(horizon, earned):
    policy = Counting()
    assert returns(Certain(), policy, 4, horizon, seed=0).tolist() == earned
    assert policy.told == list(range(horizon or 4))  # an oracle is told before every choice


def test_a_measurement_is_mean_and_error_of_what_is_played():
    figure = Figure(SATISFACTION, {"corrected": True}, "kale", 600, 1000.0, 10.0, "nowhere")
    found = measure(figure, {"kale": lambda world: nearest_clickbait(world, 0.0)}, 50, seed=3)
    world = LongTermSatisfactionWorld(corrected=True)  # the settings reach the world
    earned = returns(world, nearest_clickbait(world, 0.0), 50, None, seed=3)
    assert found.episodes == 50
    assert found.mean == earned.mean()
    assert found.standard_error == pytest.approx(earned.std(ddof=1) / math.sqrt(50))
    assert found.z == pytest.approx((found.mean - 1000) / math.hypot(10, found.standard_error))


@pytest.mark.parametrize(("mean", "agrees"), [(10.0, True), (12.9, True), (13.1, False), (6.9, False)])
def test_three_errors_are_the_bound(mean, agrees):
    assert Measurement(100, mean, 1.0, mean - 10.0).agrees is agrees

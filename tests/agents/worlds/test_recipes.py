"""Recipes as data: one for every published world, each fit for it."""

import gymnasium as gym
import pytest

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.agents.ppo.settings import check_candidates
from driftrec.agents.ranker.feature_training import make_stage
from driftrec.agents.runs.published import unfitted
from driftrec.agents.setup import NEWS, WorldArgs
from driftrec.agents.worlds.published_setup import set_up_published
from driftrec.agents.worlds.recipes import RECIPES

WORLD = "driftrec/Sardine-SlateTopK-Bored-v0"


def test_every_published_world_has_a_recipe():
    assert set(RECIPES) == {name for name in gym.registry if name.startswith("driftrec/")} - {NEWS}
    assert len(RECIPES) == 11


@pytest.mark.parametrize("world", RECIPES)
def test_a_recipe_fits_its_world(world):
    setup, recipe = set_up_published(WorldArgs(world)), RECIPES[world]
    check_candidates(recipe.ppo, setup.slate_size)
    assert make_stage(setup.world, unfitted(setup), recipe.ppo.candidates).size >= setup.slate_size
    rollouts = -(-recipe.ppo.total_steps // (recipe.ppo.lanes * recipe.ppo.rollout))
    assert rollouts >= recipe.validations - 1  # measurements are all different


def test_at_most_half_a_million_steps_where_so_many_are_allowed():
    recipe = RECIPES[WORLD]
    whole_rollouts = -(-recipe.ppo.total_steps // (recipe.ppo.lanes * recipe.ppo.rollout))
    logged = recipe.fit.lanes * recipe.fit.log_steps * recipe.fit.rounds
    assert not any(recipe.fit.weights)  # no steps of weighing
    assert logged + whole_rollouts * recipe.ppo.lanes * recipe.ppo.rollout <= 500_000

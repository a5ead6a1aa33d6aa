"""Recipes as data: one for every published world, each fit for it, changed by JSON, mistakes refused."""

from dataclasses import asdict, replace

import gymnasium as gym
import pytest

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.agents.ppo.settings import check_candidates
from driftrec.agents.ranker.feature_training import make_stage
from driftrec.agents.runs.published import unfitted
from driftrec.agents.setup import NEWS, WorldArgs
from driftrec.agents.worlds.published_setup import set_up_published
from driftrec.agents.worlds.recipes import RECIPES, changed

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
    assert changed(RECIPES, world, "{}") == recipe


def test_at_most_half_a_million_steps_where_so_many_are_allowed():
    recipe = RECIPES[WORLD]
    whole_rollouts = -(-recipe.ppo.total_steps // (recipe.ppo.lanes * recipe.ppo.rollout))
    logged = recipe.fit.lanes * recipe.fit.log_steps * recipe.fit.rounds
    assert not any(recipe.fit.weights)  # no steps of weighing
    assert logged + whole_rollouts * recipe.ppo.lanes * recipe.ppo.rollout <= 500_000


def test_changes_change_what_they_name_and_nothing_else():
    text = '{"ppo": {"total_steps": 1000}, "fit": {"weights": [0, 1.5]}, "validations": 4}'
    recipe, found = RECIPES[WORLD], changed(RECIPES, WORLD, text)
    expected = replace(
        recipe,
        ppo=replace(recipe.ppo, total_steps=1000),
        fit=replace(recipe.fit, weights=(0.0, 1.5)),
        validations=4,
    )
    assert found == expected
    assert isinstance(found.ppo.total_steps, int)
    assert asdict(RECIPES[WORLD]) != asdict(found)  # the recipe itself stays


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("{", ValueError, r"--recipe is not JSON \(.*\); give an object such as \{\}: \{"),
        ("[]", ValueError, r"--recipe is \[\]; give a JSON object such as \{\}"),
        ("3", ValueError, "--recipe is 3; give a JSON object"),
        ('{"ppo": 3}', TypeError, "recipe.ppo is 3; it must be a mapping of settings to values"),
        ('{"pppo": {}}', ValueError, "recipe.pppo is not a setting. Did you mean 'ppo'"),
        ('{"ppo": {"total_step": 9}}', ValueError, "recipe.ppo.total_step is not a setting.*'total_steps'"),
        ('{"ppo": {"total_steps": 9.5}}', ValueError, "recipe.ppo.total_steps is 9.5; it must be a whole number"),
        ('{"ppo": {"iterative": 1}}', TypeError, "recipe.ppo.iterative is 1; it must be True or False"),
        ('{"ppo": {"gamma": NaN}}', ValueError, "recipe.ppo.gamma is nan; it must be finite"),
        ('{"ppo": {"clip": 0}}', ValueError, "PPOSettings.clip is 0.0; it must be between"),
        ('{"fit": {"weights": 2}}', TypeError, "recipe.fit.weights is 2; it must be a list of numbers"),
        ('{"fit": {"weights": ["a"]}}', TypeError, "recipe.fit.weights is 'a'; it must be a number"),
        ('{"fit": {"weights": []}}', ValueError, "FitSettings.weights is empty"),
        ('{"validations": 1}', ValueError, "PublishedSettings.validations is 1; it must be between 2"),
    ],
)
def test_mistakes_are_refused(text, error, message):
    with pytest.raises(error, match=message):
        changed(RECIPES, WORLD, text)

"""Personas in the episodes table: the right ones, their distance by hand, empty where a world has none."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.baselines import Random
from driftrec.agents.evaluation.episodes import check_episodes, distances, persona_columns
from driftrec.agents.evaluation.rollout import roll_out
from driftrec.agents.evaluation.summary import Results, read_results, summarise, write_results
from driftrec.agents.policy import Context
from driftrec.envs.news import news_world
from driftrec.simulators.noise import user_seeds

SEEDS = user_seeds(5, "test", 12)


def test_distances_by_hand():
    interest = np.array([[1, 0], [0, 1], [np.sqrt(0.5), np.sqrt(0.5)]], np.float32)  # the mean points to the third
    np.testing.assert_allclose(distances(interest), [1 - np.sqrt(0.5), 1 - np.sqrt(0.5), 0], atol=1e-7)


def test_opposites_have_no_mean_to_be_away_from():
    assert np.isnan(distances(np.array([[1, 0], [-1, 0]], np.float32))).all()


def test_a_rollout_says_of_which_persona_each_user_is():
    world = news_world(slate_size=3)
    items = np.eye(world.num_items, 8, dtype=np.float32)
    context = Context(3, items, items[: world.personas.num_personas], world.catalogue.minutes, world.catalogue.titles)
    episodes = roll_out(world, Random(context), context, SEEDS, horizon=2, seed=0).episodes
    state = world.reset(SEEDS)
    assert episodes.persona.tolist() == state.persona.tolist()
    mean = world.personas.interest.mean(axis=0)
    cosines = world.personas.interest[state.persona] @ mean / np.linalg.norm(mean)
    np.testing.assert_allclose(episodes.persona_distance, 1 - cosines, atol=1e-6)


def test_worlds_without_personas_leave_the_columns_empty():
    people = persona_columns(SimpleNamespace(personas=None), None)
    joined = pd.DataFrame({"user": range(3)}).join(people)
    assert joined.persona.isna().all()
    assert joined.persona_distance.isna().all()
    assert joined.persona.dtype == "Int64"


@pytest.mark.parametrize("empty", [False, True])
def test_the_columns_are_read_back_as_they_were(tmp_path, episodes, steps, journeys, shown, empty):
    if empty:
        episodes["persona"], episodes["persona_distance"] = pd.array([None] * len(episodes), "Int64"), np.nan
    summary = summarise(episodes, shown, world="test world", unit="minutes", baseline="content", seed=11)
    write_results(tmp_path, Results(episodes, steps, journeys, summary))
    back = read_results(tmp_path).episodes
    pd.testing.assert_series_equal(back.persona, episodes.persona)
    pd.testing.assert_series_equal(back.persona_distance, episodes.persona_distance)


def test_tables_from_before_the_columns_can_be_summarised(episodes, shown, summary):
    older = episodes.drop(columns=["persona", "persona_distance"])
    told = {key: summary[key] for key in ("world", "unit", "baseline")}
    again = summarise(older, shown, **told, seed=summary["seeds"]["evaluation"], oracles=["planner"])
    assert again["policies"] == summary["policies"]


def test_one_user_has_one_persona(episodes):
    episodes.loc[(episodes.policy == "ppo") & (episodes.user == 4), "persona"] = 6
    with pytest.raises(ValueError, match="User 4 has 2 different personas: policies met different users"):
        check_episodes(episodes)


def test_a_persona_is_known_under_every_policy_or_none(episodes):
    episodes.loc[(episodes.policy == "ppo") & (episodes.user == 4), "persona"] = pd.NA
    with pytest.raises(ValueError, match="User 4 has 2 different personas"):
        check_episodes(episodes)

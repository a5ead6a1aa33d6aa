"""Environments of one user tell in words what happened; unknown modes are refused."""

import copy
import pickle
import re
from types import SimpleNamespace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from stable_baselines3.common.env_util import make_vec_env

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.envs import NewsEnv
from driftrec.envs.rendering import describe
from driftrec.simulators.offers import items_of

IDS = [identifier for identifier in gym.registry if identifier.startswith("driftrec/")]
NEWS, EVOLUTION = "driftrec/News-v0", "driftrec/RecSim-InterestEvolution-v0"

every_world = pytest.mark.parametrize("name", IDS)


def told(name, steps, **settings):
    """The environment, and all that it says in up to ``steps`` steps."""
    env = gym.make(name, render_mode="ansi", **settings)
    seen, info = env.reset(seed=1)
    env.action_space.seed(1)
    pages = [(None, info, env.render())]
    for _ in range(steps):
        slate = env.action_space.sample()
        items = items_of({key: value[None] for key, value in seen.items()}, slate[None])[0]
        seen, _, terminated, truncated, info = env.step(slate)
        pages.append((items, info, env.render()))
        if terminated or truncated:
            break
    return env, pages


@every_world
@pytest.mark.filterwarnings("error")
def test_every_world_tells_the_step_the_slate_and_what_was_opened(name):
    env, pages = told(name, 9)
    opened = 0
    for step, (slate, info, words) in enumerate(pages):
        lines = words.splitlines()
        assert re.match(rf"Step {step}\b", lines[0])
        if slate is None:
            continue
        for position, item in enumerate(slate):
            line = lines[1 + position]
            assert re.search(rf"\b{item}\b", line)
            assert line.startswith(f"  {position + 1}. ")
            assert ("<- opened" in line) == bool(info["clicks"][position])
        opened += info["clicks"].sum()
    assert opened > 0 or "SingleItem" in name
    check_env(env.unwrapped)


def test_news_tells_titles_hours_and_changes():
    env, pages = told(NEWS, 60)
    catalogue = env.unwrapped.world.catalogue
    ended = left = 0
    for (slate, info, words), (_, before, _) in zip(pages[1:], pages[:-1], strict=True):
        lines = words.splitlines()
        for line, item in zip(lines[1:6], slate, strict=True):
            assert f"{catalogue.titles[item]} [{item}, {catalogue.topic_names[catalogue.topic[item]]}]" in line
        for position in np.flatnonzero(info["clicks"]):
            assert lines[1 + position].endswith(f"<- opened, {info['engagement'][position]:.3g} minutes")
        if abs(info["satisfaction"] - before["satisfaction"]) > 0.01:
            assert f"  satisfaction: {before['satisfaction']:.2f} -> {info['satisfaction']:.2f}" in lines
        for topic in np.flatnonzero(info["clicks"].any() * (info["satiation"] > before["satiation"] + 0.01)):
            was, now = before["satiation"][topic], info["satiation"][topic]
            assert f"  satiation, {catalogue.topic_names[topic]}: {was:.2f} -> {now:.2f}" in lines
        came_back = f"  the session ended; the user came back after {info['gap']:.1f} hours"
        assert (came_back in lines) == (info["ended"] and not info["left"])
        assert ("  the user left for good" in lines) == info["left"]
        ended, left = ended + info["ended"], left + info["left"]
    assert ended > left == 1
    assert re.match(r"Step \d+ of 200, hour \d+\.\d, session \d+$", pages[5][2].splitlines()[0])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (EVOLUTION, r"\d\. candidate \d+: topic \d+, quality -?\d\.\d\d"),
        ("driftrec/RecSim-InterestExploration-v0", r"\d\. candidate \d+: topic [01], quality \d\.\d\d"),
        ("driftrec/RecSim-LongTermSatisfaction-v0", r"\d\. candidate \d+: clickbait 0\.\d\d"),
        ("driftrec/Sardine-SlateTopK-Bored-v0", r"\d+\. item \d+: topic \d \d\.\d\d, topic \d \d\.\d\d"),
    ],
)
def test_items_without_titles_are_told_by_their_features(name, words):
    _, pages = told(name, 3)
    for slate, _, page in pages[1:]:
        assert len(re.findall(rf"  {words}", page)) == len(slate)


def test_features_are_those_that_were_shown_and_not_the_next():
    env = gym.make("driftrec/RecSim-LongTermSatisfaction-v0", render_mode="ansi")
    shown, _ = env.reset(seed=0)
    env.step(np.array([4, 7]))
    for item in (4, 7):
        assert f"candidate {item}: clickbait {shown['candidates'][item, 0]:.2f}" in env.render()
    assert "budget: 60 -> 59" in env.render()


def test_what_the_caller_does_to_observations_changes_no_words():
    env, twin = (gym.make(NEWS, render_mode="ansi") for _ in range(2))
    for each, spoil in ((env, True), (twin, False)):
        for part in each.reset(seed=3) if spoil else ():
            for value in part.values():
                if isinstance(value, np.ndarray):
                    value[...] = 1
        if not spoil:
            each.reset(seed=3)
        each.step(np.arange(5))
    assert env.render() == twin.render()


@every_world
def test_rendering_changes_no_trajectory(name):
    env, plain = gym.make(name, render_mode="ansi"), gym.make(name)
    env.reset(seed=5)
    plain.reset(seed=5)
    env.action_space.seed(0)
    for _ in range(8):
        slate = env.action_space.sample()
        one, other = env.step(slate), plain.step(slate)
        env.render()
        for name_, value in one[0].items():
            np.testing.assert_array_equal(value, other[0][name_])
        assert one[1:4] == other[1:4]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_copies_go_on_where_they_are(copied):
    env = NewsEnv(render_mode="ansi")
    env.reset(seed=0)
    env.step(np.arange(5))
    twin = copied(env)
    assert twin.render() == env.render()
    env.step(np.arange(5, 10))
    assert twin.render() != env.render()
    twin.step(np.arange(5, 10))
    assert twin.render() == env.render()


@pytest.mark.parametrize("lanes", [SyncVectorEnv, AsyncVectorEnv])
def test_gymnasiums_own_lanes_render_every_user(lanes):
    envs = lanes([lambda: gym.make(NEWS, render_mode="ansi") for _ in range(2)])
    envs.reset(seed=0)
    envs.step(np.arange(10).reshape(2, 5))
    pages = envs.call("render")
    assert [page.splitlines()[0] for page in pages] == ["Step 1 of 200, hour 0.0, session 1"] * 2
    assert pages[0] != pages[1]
    envs.close()


@pytest.mark.filterwarnings("ignore:.*not in the possible render_modes:UserWarning")  # gymnasium's, of "rgb_array"
@every_world
def test_stable_baselines3_makes_lanes_of_every_world(name):
    envs = make_vec_env(name, n_envs=2, seed=0)
    envs.reset()
    envs.step([envs.action_space.sample() for _ in range(2)])
    assert envs.num_envs == 2
    assert envs.render_mode is None


@pytest.mark.filterwarnings("ignore:.*not in the possible render_modes:UserWarning")
@pytest.mark.parametrize("mode", ["human", "rgb_array", "ANSI", ""])
@every_world
def test_an_unknown_mode_is_refused_with_the_known_ones(name, mode):
    with pytest.raises(TypeError, match=f"render_mode is '{mode}'; known: 'ansi', or None to render nothing"):
        gym.make(name, render_mode=mode)
    assert gym.make(name).metadata["render_modes"] == ["ansi"]
    assert gym.make(name, render_mode="ansi").render_mode == "ansi"


@pytest.mark.parametrize("mode", ["human", "ansi"])
@every_world
def test_many_users_at_once_render_nothing(name, mode):
    with pytest.raises(TypeError, match=rf"render_mode is '{mode}'; many users .* gymnasium\.make\("):
        gym.make_vec(name, render_mode=mode)
    assert gym.make_vec(name, render_mode=None).metadata["render_modes"] == []


def test_without_a_mode_there_is_nothing_to_say():
    env = NewsEnv()
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="make the environment with render_mode='ansi'"):
        assert env.render() is None
    with pytest.raises(gym.error.ResetNeeded, match="call reset"):
        NewsEnv(render_mode="ansi").render()


def test_an_item_of_a_world_that_registers_no_words_has_its_number_or_its_title():
    catalogue = SimpleNamespace(titles=("Tea", "Coffee"), topic=[1, 0], topic_names=("hot", "herbal"))
    assert describe(SimpleNamespace(catalogue=None), {}, 3) == "item 3"
    assert describe(SimpleNamespace(catalogue=catalogue), {}, 0) == "Tea [0, herbal]"

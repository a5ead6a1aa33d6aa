"""Mechanisms of the user's own in Video, Music and Shop: built from settings, tried before use, told in JSON."""

import sys
from dataclasses import fields

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.simulators.feed.boredom import TopicBoredom
from driftrec.simulators.feed.feed_config import VIDEO, MusicConfig, StreamConfig
from driftrec.simulators.mechanisms import contents
from driftrec.simulators.settings import updated
from driftrec.simulators.shop.config import ShopConfig
from driftrec.simulators.trial import try_out

OWN = '''
from dataclasses import dataclass

import numpy as np

from driftrec.simulators.feed.ageing import Breaking
from driftrec.simulators.feed.boredom import TopicBoredom
from driftrec.simulators.feed.habit import Habit
from driftrec.simulators.feed.mood import Streak
from driftrec.simulators.shop.visits import Visits
from driftrec.simulators.shop.wear import Wear


@dataclass(frozen=True)
class Forgiving(TopicBoredom):
    """Bores early and never annoys; a page without the topic brings some rest."""

    threshold: float = 2.0
    relief: float = 0.5

    def take(self, state, openings):
        before = state.satisfaction.copy()
        super().take(state, openings)
        state.satisfaction[:] = before

    def pass_time(self, state, hours, there):
        super().pass_time(state, hours, there)
        state.load *= np.float32(self.relief)


class Same(TopicBoredom):
    pass


class Daily(Habit):
    """Comes every day at the hour."""

    def gap(self, daily, draw):
        return np.full_like(draw, 24)


class Calm(Breaking):
    """Breaking topics put off."""

    def pull(self, heat):
        return -3 * heat


class Weekly(Visits):
    def days(self, satisfaction, often, exponential):
        return np.full_like(satisfaction, 7)


class Steady(Streak):
    pass


class Bare:
    """Does not build on the built-in class."""

    def born(self, normals):
        return tuple(np.ones_like(normals))

    def take(self, state, openings): ...
    def pass_time(self, state, hours, there): ...


class Bored(Same):
    def pass_time(self, state, hours, there):
        state.load -= 100


class Touches(Same):
    def take(self, state, openings):
        state.threshold[openings.users] = 1


class Two(Same):
    def born(self, normals):
        return super().born(normals)[:2]


class Doubles(Wear):
    def thresholds(self, normal):
        return super().thresholds(normal).astype(float)
'''
RULES = {
    f"{type(config).__name__}.{field.name}": (getattr(config, field.name), field.metadata["rule"])
    for config in (MusicConfig(), StreamConfig(), ShopConfig())
    for field in fields(config)
    if "rule" in field.metadata
}
VIDEO_0, MUSIC, STREAM, SHOP = (f"driftrec/{name}-v0" for name in ("Video", "Music", "NewsStream", "Shop"))
SWAPS = [
    (VIDEO_0, "boredom", {"kind": "own_scenes:Forgiving", "annoy": 0.1}),
    (MUSIC, "boredom", {"kind": "own_scenes:Forgiving"}),
    (VIDEO_0, "habit", {"kind": "own_scenes:Daily"}),
    (MUSIC, "streak", {"kind": "own_scenes:Steady", "hold": 20.0}),
    (STREAM, "breaking", {"kind": "own_scenes:Calm"}),
    (SHOP, "visits", {"kind": "own_scenes:Weekly"}),
]


@pytest.fixture(autouse=True)
def _own(tmp_path, monkeypatch):
    (tmp_path / "own_scenes.py").write_text(OWN)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("own_scenes", None)


def life(env, users=32, steps=12):
    """Clocks of users shown the same random pages, (steps, users, 4)."""
    world, rng = env.unwrapped.world, np.random.default_rng(0)
    state, told = world.reset(np.arange(users, dtype=np.uint64)), []
    for _ in range(steps):
        world.step(state, np.tile(rng.integers(world.num_items, size=world.slate_size), (users, 1)))
        told.append(state.clock.copy())
    return np.stack(told)


@pytest.mark.parametrize(("made", "rule"), RULES.values(), ids=RULES)
def test_built_in_mechanisms_keep_their_own_rules(made, rule):
    assert isinstance(made, rule)
    try_out(made, rule, "built in")


@pytest.mark.parametrize(("world", "name", "settings"), SWAPS)
def test_a_class_of_ones_own_lives_in_the_world_and_in_its_spec(world, name, settings):
    env = gym.make(world, config={name: settings})
    assert type(getattr(env.unwrapped.world.config, name)).__name__ == settings["kind"].partition(":")[2]
    env.reset(seed=0)
    env.step(env.action_space.sample())
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    np.testing.assert_array_equal(life(again), life(env))
    assert (life(env) != life(gym.make(world))).any()
    assert env.unwrapped.world.settled["config"][f"{name}.kind"] == settings["kind"].partition(":")[2]


def test_a_class_that_changes_nothing_changes_no_bit():
    own = gym.make(VIDEO_0, config={"boredom": {"kind": "own_scenes:Same"}})
    np.testing.assert_array_equal(life(own), life(gym.make(VIDEO_0)))
    named = gym.make(VIDEO_0, config={"boredom": {"kind": "TopicBoredom"}})
    assert named.unwrapped.world.config == VIDEO
    assert contents(own.unwrapped.world.config) != contents(VIDEO)  # weights tuned for one are not the other's


def test_an_own_rule_does_what_it_says():
    gaps = np.diff(life(gym.make(SHOP, config={"visits": {"kind": "own_scenes:Weekly"}}))[..., 0], axis=0)
    assert set(np.unique(gaps)) <= {0.0, 7.0}


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"kind": "Boredom"}, ValueError, r"config\.boredom\.kind is 'Boredom', which is no mechanism.*TopicBoredom"),
        (
            {"kind": "own_scenes:Bare"},
            TypeError,
            r"Bare lacks threshold and rest and keep and half_life and annoy and own; see "
            r"driftrec\.simulators\.feed\.boredom\.TopicBoredom",
        ),
        ({"kind": "own_scenes:Daily"}, TypeError, r"Daily lacks born\(\) and pass_time\(\) and take\(\) and threshold"),
        ({"kind": "own_scenes:Same", "treshold": 2}, ValueError, "treshold is not a parameter .*mean 'threshold'"),
        ({"kind": "own_scenes:Same", "rest": 2}, ValueError, "cannot be built with {'rest': 2}: ValueError: Same.rest"),
        ({"kind": "own_scenes:Bored"}, TypeError, r"pass_time with state .* left state\.load as -"),
        ({"kind": "own_scenes:Touches"}, TypeError, r"take with state .* raised ValueError: .*read-only"),
        ({"kind": "own_scenes:Two"}, TypeError, "born .* returned tuple; it must be a tuple of 3 arrays"),
    ],
)
def test_a_wrong_mechanism_is_refused(settings, error, message):
    with pytest.raises(error, match=message):
        updated(VIDEO, {"boredom": settings})


def test_a_wrong_result_is_refused_in_the_shop():
    with pytest.raises(TypeError, match=r"thresholds .* returned float64, .*; it must be float32, .categories, users"):
        updated(ShopConfig(), {"wear": {"kind": "own_scenes:Doubles"}})


def test_an_own_class_begins_with_its_own_numbers():
    own = gym.make(MUSIC, config={"boredom": {"kind": "own_scenes:Forgiving"}}).unwrapped.world.config.boredom
    assert (own.threshold, own.half_life) == (2.0, TopicBoredom().half_life)

"""docs/own-worlds.md: its examples, as printed, and its table."""

import importlib
import json
import re
import sys
from dataclasses import fields
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.agents.setup import WorldArgs, make_env
from driftrec.simulators.feed.feed_config import FeedConfig, MusicConfig
from driftrec.simulators.news_config import NewsConfig
from driftrec.simulators.shop.config import ShopConfig

PAGE = (Path(__file__).parents[1] / "docs" / "own-worlds.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
FILES = {"my_drift": "class Pull", "my_choice": "class Glance"}
CONFIGS = re.findall(r"--config '(\{.*\})'", PAGE)


@pytest.fixture
def printed(tmp_path, monkeypatch):
    """The page's modules in the current directory, forgotten after the test."""
    for name, sign in FILES.items():
        (code,) = [block for block in BLOCKS if sign in block]
        assert f"`{name}.py`" in PAGE
        assert len(code.splitlines()) < 40
        (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.chdir(tmp_path)
    yield
    for name in FILES:
        sys.modules.pop(name, None)


def clicks(env):
    """Of 64 users in ten steps, of one slate after another, (steps, users, positions)."""
    world = env.unwrapped.world
    state = world.reset(np.arange(64, dtype=np.uint64))
    return np.stack([world.step(state, np.tile(5 * t + np.arange(5), (64, 1))).clicks for t in range(10)])


def test_the_environment_runs_as_printed(printed):
    names = {}
    (code,) = [block for block in BLOCKS if "gym.make(" in block]
    exec(code, names)
    drift = names["env"].unwrapped.world.config.drift
    assert (type(drift).__name__, drift.strength) == ("Pull", 0.2)
    names["env"].reset(seed=0)
    assert names["env"].step(np.arange(5))[1] >= 0


@pytest.mark.parametrize("config", CONFIGS)
def test_settings_work_as_printed_and_survive_as_json(config, printed):
    env = make_env(WorldArgs(config=config, horizon=60))
    (name,) = json.loads(config)
    assert type(getattr(env.world.config, name)).__name__ == json.loads(config)[name]["kind"].partition(":")[2]
    again = gym.make(EnvSpec.from_json(gym.make("driftrec/News-v0", config=json.loads(config)).spec.to_json()))
    np.testing.assert_array_equal(clicks(again), clicks(env))
    assert (clicks(env) != clicks(gym.make("driftrec/News-v0"))).any()


def test_both_modules_are_among_the_settings():
    assert [re.search(r'"kind": "(\w+):', config)[1] for config in CONFIGS] == list(FILES)


def test_who_glances_opens_nothing_below(printed):
    config = {"choice": {"kind": "my_choice:Glance", "looks": 2, "no_click": 1.5}}
    glanced, usual = clicks(gym.make("driftrec/News-v0", config=config)), clicks(gym.make("driftrec/News-v0"))
    assert glanced.any(axis=(0, 1)).tolist() == [True, True, False, False, False]
    assert usual.any(axis=(0, 1)).all()


@pytest.mark.parametrize(
    ("worlds", "config"),
    [("News", NewsConfig), ("Video, Music", FeedConfig), ("(?:Video, )?Music", MusicConfig), ("Shop", ShopConfig)],
)
def test_every_mechanism_is_in_the_table(worlds, config):
    rows = dict(re.findall(rf"^\| {worlds} \| `config\.(\w+)` \| `([\w.]+)` \|", PAGE, re.MULTILINE))
    rules = {field.name: field.metadata["rule"] for field in fields(config) if "rule" in field.metadata}
    assert set(rows) == set(rules)
    for name, path in rows.items():
        module, _, rule = path.rpartition(".")
        assert getattr(importlib.import_module(f"driftrec.simulators.{module}"), rule) is rules[name]

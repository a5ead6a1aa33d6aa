"""From a world's arguments to a world with embeddings."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from driftrec.agents.catalogues.catalogue_folder import build_catalogue_folder
from driftrec.agents.setup import WorldArgs, make_env, registered, resolved, set_up
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.envs import catalogues
from driftrec.simulators.feed.stream_world import StreamWorld
from driftrec.simulators.wire.dated import dated
from tests.agents.conftest import build_setup

BORED = "driftrec/Sardine-SlateTopK-Bored-v0"

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def folder(csv: Path, tmp_path: Path, tiny_model: Path) -> str:
    build_catalogue_folder(csv, tmp_path / "items", TextEncoder(tiny_model), 7)
    return str(tmp_path / "items")


def test_everything_that_was_asked_for_arrives(folder):
    config = {"drift": {"towards": 0.2}, "memory": 3}
    args = WorldArgs(catalogue=folder, slate_size=4, history=9, horizon=17, config=json.dumps(config))
    setup = set_up(args)
    world, context, envs = setup.world, setup.context, setup.envs(6)
    assert (world.num_items, world.slate_size, world.history_length) == (12, 4, 9)
    assert (world.config.drift.towards, world.config.memory) == (0.2, 3)
    assert (context.num_items, context.slate_size) == (12, 4)
    assert context.titles == world.catalogue.titles
    assert context.texts == world.catalogue.texts
    assert [context.topic_names[topic] for topic in context.topics[:5]] == ["Animals"] * 3 + ["Sports"] * 2
    assert context.personas == world.personas.texts
    assert context.item_embeddings.shape == (12, 24)
    assert context.persona_embeddings.shape == (world.personas.num_personas, 24)
    np.testing.assert_array_equal(context.item_minutes, world.catalogue.minutes)
    assert (envs.num_envs, envs.horizon, envs.autoreset_mode) == (6, 17, AutoresetMode.SAME_STEP)
    assert envs.world is world


def test_a_folder_is_read_once(folder, monkeypatch):
    reads = []
    read = catalogues.load_catalogue
    monkeypatch.setattr(catalogues, "load_catalogue", lambda path: reads.append(path) or read(path))
    setup = set_up(WorldArgs(catalogue=folder))
    assert setup.envs(2).world.catalogue is setup.setting.catalogue is setup.world.catalogue
    assert reads == [folder]


def test_the_context_gives_no_hidden_column(folder):
    setup = set_up(WorldArgs(catalogue=folder))
    shown = [value for value in vars(setup.context).values() if isinstance(value, np.ndarray)]
    for hidden in (setup.world.catalogue.latent, setup.world.catalogue.quality, setup.world.catalogue.allure):
        assert not any(np.shares_memory(value, hidden) for value in shown)
        assert not any(value.shape == hidden.shape and (value == hidden).all() for value in shown)


def test_dates_are_known_where_observations_tell_the_hour():
    """Tried: told in every world; the news of today would be asked for a moment that it does not tell."""
    plain = build_setup(8)
    hours = np.linspace(0, 100, plain.world.num_items, dtype=np.float32)
    setting = replace(plain.setting, catalogue=dated(plain.setting.catalogue, hours))
    assert plain.context.hours is None
    assert replace(plain, setting=setting).context.hours is None
    stream = StreamWorld(setting.catalogue, setting.personas, 5)
    told = replace(plain, setting=setting, world=stream).context
    np.testing.assert_array_equal(told.hours, hours)
    assert told.period == stream.calendar.period == 120.0


def test_the_arguments_say_what_gymnasium_is_told():
    assert WorldArgs().kwargs() == {}  # the world's own defaults
    assert WorldArgs(history=9, config='{"memory": 3}', options='{"a": 1}').kwargs() == {
        "history": 9,
        "config": {"memory": 3},
        "a": 1,
    }


def test_sizes_that_were_left_to_the_world_are_written_down(folder):
    setup = set_up(WorldArgs(catalogue=folder, slate_size=4))
    assert (setup.args.slate_size, setup.args.history, setup.args.horizon) == (4, 50, 200)
    assert (setup.slate_size, setup.horizon) == (4, 200)


@pytest.mark.parametrize(
    ("args", "history", "options"),
    [
        (WorldArgs("driftrec/RecSim-InterestExploration-v0"), 1, {}),
        (WorldArgs("driftrec/RecSim-InterestEvolution-v0", options='{"corrected": true}'), None, {"corrected": True}),
        (WorldArgs(BORED, options='{"num_items": 50}'), None, {"num_items": 50, "embeddings": "generated"}),
        (WorldArgs(BORED, history=3, options='{"embeddings": "generated"}'), 3, {"embeddings": "generated"}),
        (WorldArgs(history=9, config='{"memory": 3}'), 9, {}),
    ],
)
def test_what_the_world_settled_is_written_down_and_changes_stay_changes(args, history, options):
    told = resolved(args, make_env(args))
    assert (told.history, json.loads(told.options), told.config) == (history, options, args.config)


def test_a_world_of_features_has_no_setting_and_its_horizon_at_most_a_thousand_steps():
    budget = set_up(WorldArgs("driftrec/RecSim-LongTermSatisfaction-v0"))  # ends by itself
    assert (budget.setting, budget.args.horizon, budget.horizon) == (None, None, 1000)
    bored = set_up(WorldArgs(BORED))
    assert (bored.setting, bored.args.horizon, bored.horizon) == (None, 100, 100)


def test_fingerprints_tell_items_and_observation_apart_and_no_parameter(folder):
    def told(**args):
        return set_up(WorldArgs(**{"world": BORED, **args})).fingerprints()

    usual = told()
    assert told(horizon=3, config='{"omega": 0.9}') == usual
    other = told(options='{"num_items": 50}')
    assert (other["items"] != usual["items"], other["world"] != usual["world"]) == (True, False)
    partial = told(options='{"observation": "partial"}')
    assert (partial["items"] != usual["items"], partial["world"] != usual["world"]) == (False, True)
    assert set(set_up(WorldArgs(catalogue=folder)).fingerprints()) == {"catalogue", "audience", "text encoder"}


OWN = """
import gymnasium

def make(horizon=5):
    return gymnasium.make("CartPole-v1")

gymnasium.register("mine/Poles-v0", make, disable_env_checker=True, order_enforce=False)
gymnasium.register("mine/Toy-v0", "driftrec.envs.recsim_interest_exploration:InterestExplorationEnv")
"""


@pytest.fixture
def own_worlds(tmp_path, monkeypatch):
    """A module in the current directory that registers two worlds; forgotten after the test."""
    (tmp_path / "setup_worlds.py").write_text(OWN)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("setup_worlds", None)
    for name in ("mine/Poles-v0", "mine/Toy-v0"):
        gym.registry.pop(name, None)


def test_a_users_world_is_registered_by_its_module(own_worlds):
    assert registered("setup_worlds:mine/Toy-v0") == "mine/Toy-v0"
    setup = set_up(WorldArgs("setup_worlds:mine/Toy-v0", slate_size=3, horizon=4))
    assert (setup.args.world, setup.slate_size, setup.horizon) == ("setup_worlds:mine/Toy-v0", 3, 4)


@pytest.mark.parametrize(
    ("world", "error", "message"),
    [
        ("setup_worlds:mine/Poles-v0", TypeError, "mine/Poles-v0 makes a .*, which is no driftrec.envs.single.Recomm"),
        ("setup_worlds:mine/Pole-v0", ValueError, "World 'setup_worlds:mine/Pole-v0' is unknown. Did you mean 'mine/P"),
        (
            "no_such_module:mine/Toy-v0",
            ImportError,
            "Cannot import world 'no_such_module:mine/Toy-v0': there is no module 'no_such_module'",
        ),
    ],
)
def test_a_users_world_that_is_none_is_refused(world, error, message, own_worlds):
    with pytest.raises(error, match=message):
        make_env(WorldArgs(world))


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ({"world": "driftrec/New-v0"}, ValueError, "World 'driftrec/New-v0' is unknown. Did you mean 'driftrec/News"),
        ({"world": "CartPole-v1"}, ValueError, "World 'CartPole-v1' is unknown.*Known: .*driftrec/News-v0"),
        ({"config": "{]"}, ValueError, r"--config is not JSON \(.*\); give an object such as \{\}: \{\]"),
        ({"config": "[1]"}, ValueError, r"--config is \[1\]; give a JSON object such as \{\}"),
        (
            {"options": '{"num_candidates": 3}'},
            ValueError,
            "driftrec/News-v0 takes no num_candidates.*Known: catalogue",
        ),
        ({"world": "driftrec/RecSim-LongTermSatisfaction-v0", "history": 3}, ValueError, "takes no history"),
        ({"options": "3"}, ValueError, r"--options is 3; give a JSON object such as \{\}"),
        ({"options": '{"slate_size": 3}'}, ValueError, "--options holds slate_size, which has a flag .* --slate-size"),
        (
            {"options": '{"config": {}}'},
            ValueError,
            "--options holds config, which has a flag of its own; use --config",
        ),
        (
            {"world": "driftrec/Sardine-SlateTopK-Bored-v0", "options": '{"world": "SingleItem-Static"}'},
            ValueError,
            "driftrec/Sardine-SlateTopK-Bored-v0 takes no world",  # the id says which
        ),
        (
            {"world": "driftrec/RecSim-InterestExploration-v0", "slate_size": 11},
            ValueError,
            "slate_size is 11, with 10 items to choose from. Lower it",
        ),
        ({"config": '{"drift": {"walks": 1}}'}, ValueError, r"config\.drift\.walks is not a setting.*'walk'"),
        ({"slate_size": 0}, ValueError, "slate_size is 0"),
        ({"horizon": 0}, ValueError, "horizon is 0"),
        ({"catalogue": "nowhere"}, FileNotFoundError, "nowhere is not a catalogue folder"),
    ],
)
def test_mistakes_are_found_before_a_text_is_encoded(args, error, message, monkeypatch):
    monkeypatch.setattr("driftrec.agents.setup.load_setting", None)
    with pytest.raises(error, match=message):
        set_up(WorldArgs(**args))

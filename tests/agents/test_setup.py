"""From a world's arguments to a world with embeddings."""

import json
from pathlib import Path

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from driftrec.agents.catalogues.catalogue_folder import build_catalogue_folder
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.agents.worlds.published_setup import set_up_published
from driftrec.envs import catalogues

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


def test_items_and_history_of_published_worlds_are_written_down():
    told = set_up_published(WorldArgs("driftrec/Sardine-SingleItem-Static-v0", options='{"embeddings": "generated"}'))
    assert json.loads(told.args.options) == {"embeddings": "generated"}
    assert told.note.startswith("Items are generated; published figures are of those in sardine-rec")
    left = set_up_published(WorldArgs("driftrec/Sardine-SingleItem-Static-v0"))
    assert json.loads(left.args.options) == {"embeddings": left.world.item_source}
    assert (left.note == "") == (left.world.item_source == "packaged")
    exploration = set_up_published(WorldArgs("driftrec/RecSim-InterestExploration-v0"))
    assert (exploration.args.history, exploration.args.options, exploration.note) == (1, "{}", "")


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ({"world": "driftrec/New-v0"}, ValueError, "World 'driftrec/New-v0' is unknown. Did you mean 'driftrec/News"),
        ({"world": "CartPole-v1"}, ValueError, "World 'CartPole-v1' is unknown.*Known: driftrec/News-v0"),
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
            {"world": "driftrec/RecSim-InterestExploration-v0"},
            ValueError,
            "has no texts, which this needs",
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

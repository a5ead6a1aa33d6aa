"""What is said of a world in titles, in configurations, and of the one that a policy was made in."""

from types import SimpleNamespace

import pytest

from driftrec.agents.runs.description import description, differences, recorded, settings
from driftrec.agents.setup import NEWS, WorldArgs, set_up
from driftrec.envs.catalogues import packaged_catalogue
from driftrec.simulators.catalogue import save_catalogue
from driftrec.simulators.published.sardine_items import PACKAGED, packaged_file

BORED = "driftrec/Sardine-SlateTopK-Bored-v0"
EXPLORATION = "driftrec/RecSim-InterestExploration-v0"

needs_items = pytest.mark.skipif(
    any(packaged_file(file) is None for file in PACKAGED.values()), reason="without sardine-rec all items are generated"
)


@needs_items
@pytest.mark.parametrize(
    ("args", "title"),
    [
        ({}, BORED),
        ({"slate_size": 10, "horizon": 100, "config": '{"omega": 1}', "options": '{"observation": "ideal"}'}, BORED),
        ({"options": '{"observation": "partial"}'}, f"{BORED}, observation partial"),
        (
            {"options": '{"observation": "partial"}', "history": 3},
            f"{BORED}, observation partial, history 3",
        ),
        ({"slate_size": 4, "horizon": 6}, f"{BORED}, slate_size 4, horizon 6"),
        ({"config": '{"omega": 0.9, "boredom_threshold": 5}'}, f"{BORED}, omega 0.9"),
        ({"options": '{"embeddings": "generated"}'}, f"{BORED}, embeddings generated"),
        ({"options": '{"num_items": 50}'}, f"{BORED}, num_items 50, embeddings generated"),
        ({"world": EXPLORATION}, EXPLORATION),
        ({"world": EXPLORATION, "history": 100}, f"{EXPLORATION}, history 100"),
        ({"world": EXPLORATION, "options": '{"num_candidates": 20}'}, f"{EXPLORATION}, num_candidates 20"),
    ],
)
def test_a_title_tells_what_differs_from_the_worlds_defaults(args, title):
    assert description(set_up(WorldArgs(**{"world": BORED, **args}))) == title


def test_a_title_tells_catalogue_and_mechanisms(make_setup, tmp_path):
    made = make_setup()
    args = WorldArgs(slate_size=5, history=50, horizon=100, config='{"drift": {"towards": 0.2}, "memory": 5}')
    setup = SimpleNamespace(args=args, world=made.world, slate_size=5, horizon=100)
    assert description(setup) == f"{NEWS}, horizon 100, drift.towards 0.2, memory 5"
    save_catalogue(tmp_path / "films", *packaged_catalogue(), {})
    setup.args = WorldArgs(catalogue=f"{tmp_path}/films/", slate_size=10)
    assert description(setup) == f"{NEWS}, catalogue films (1,000 items), slate_size 10"


OWN = '{"drift": {"kind": "driftrec.simulators.drift:InterestDrift", "towards": 0.2}}'


def test_a_title_tells_mechanisms_of_the_users_own(make_setup):
    made = make_setup()
    setup = SimpleNamespace(args=WorldArgs(slate_size=5, history=50, config=OWN), world=made.world)
    assert description(setup) == f"{NEWS}, drift.towards 0.2, drift.kind driftrec.simulators.drift:InterestDrift"
    setup.args = WorldArgs(slate_size=5, history=50, config='{"drift": {"kind": "InterestDrift"}}')
    assert description(setup) == NEWS


def test_a_world_that_is_not_registered_is_its_name():
    assert description(SimpleNamespace(args=WorldArgs("taste", slate_size=3))) == "taste"


@pytest.mark.parametrize(
    ("args", "sizes"),
    [
        ({"world": BORED}, (10, 10, 100, 1000)),
        ({"world": BORED, "horizon": 7, "history": 2}, (10, 2, 7, 1000)),
        ({"world": EXPLORATION}, (2, 1, 100, 10)),
        ({"world": "driftrec/RecSim-InterestEvolution-v0"}, (2, None, 1000, 10)),
        ({"world": "driftrec/Sardine-SlateRerank-Bored-v0"}, (10, 10, 10, 10)),
    ],
)
def test_sizes_are_recorded_as_they_are(args, sizes):
    told = recorded(set_up(WorldArgs(**args)))
    assert tuple(told[name] for name in ("slate_size", "history", "horizon", "items")) == sizes
    assert told["description"].startswith(args["world"])


@pytest.mark.parametrize(
    ("then", "here", "told"),
    [
        ({}, {}, []),
        ({}, {"slate_size": 5, "history": 50, "horizon": 200, "config": '{"drift": {"towards": 0.03}}'}, []),
        ({"catalogue": "a"}, {"catalogue": "b"}, []),  # by what they hold
        ({"horizon": 20}, {"horizon": 5}, ["horizon 20, not 5 as here"]),
        ({}, {"config": '{"drift": {"towards": 0.1}}'}, ["drift.towards 0.03, not 0.1 as here"]),
        (
            {"config": OWN},
            {},
            [
                "drift.towards 0.2, not 0.03 as here",
                "drift.kind driftrec.simulators.drift:InterestDrift, not InterestDrift as here",
            ],
        ),
        ({"slate_size": 3}, {}, ["slate_size 3, not 5 as here"]),
        ({"world": BORED, "slate_size": 4}, {"world": BORED}, ["slate_size 4, not 10 as here"]),
        (
            {"world": BORED},
            {"world": BORED, "options": '{"observation": "partial", "corrected": true}'},
            ["observation ideal, not partial as here", "corrected False, not True as here"],
        ),
        (
            {"world": BORED, "options": '{"embeddings": "generated"}'},
            {"world": BORED, "options": '{"embeddings": "packaged"}'},
            ["embeddings generated, not packaged as here"],
        ),
        (
            {"world": BORED},
            {"world": "driftrec/Sardine-SlateTopK-BoredInf-v0"},
            [
                f"world {BORED}, not driftrec/Sardine-SlateTopK-BoredInf-v0 as here",
                "omega 1.0, not 0.95 as here",
            ],
        ),
    ],
)
def test_every_difference_between_two_worlds_is_told(then, here, told):
    assert differences(WorldArgs(**then), WorldArgs(**here)) == told


def test_settings_hold_the_worlds_own_where_nothing_is_said():
    told = settings(WorldArgs(horizon=7, config='{"memory": 3}'))
    assert (told["slate_size"], told["history"], told["horizon"], told["memory"]) == (5, 50, 7, 3)
    assert settings(WorldArgs())["memory"] != 3  # what was kept is not written to

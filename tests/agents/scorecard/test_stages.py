"""Worlds that the battery asks for: changed settings, and items and people whom nobody has met."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from torch import nn

from driftrec.agents.comparison.entries import build_entries
from driftrec.agents.runs.checkpoint import FILE, load_checkpoint, save_checkpoint
from driftrec.agents.scorecard import stages as module
from driftrec.agents.scorecard.own_world import world_of
from driftrec.agents.scorecard.sitting import NotHereError
from driftrec.agents.scorecard.stages import Stage, Stages
from driftrec.agents.scorecard.waiting import waited
from driftrec.agents.setup import NEWS, WorldArgs, set_up
from tests.agents.conftest import build_setup

SHOP = "driftrec/Shop-v0"
BORED = "driftrec/Sardine-SlateTopK-Bored-v0"
OWN = "tests.agents.scorecard.toys:Pages"


def staged(setup, texts, folder=None):
    return Stages(Stage(setup, build_entries(setup, texts, seed=0)), texts, 0, folder)


def test_settings_change_and_policies_stay():
    setup = build_setup(horizon=200)
    setup = replace(setup, args=replace(setup.args, config='{"drift": {"walk": 0.5, "jump": 0.7}}'))
    stages = staged(setup, ("content", "myopic-oracle", "planner"))
    there = stages.at("other drift")
    drift = there.setup.world.config.drift
    assert (drift.walk, drift.jump, drift.jump_rate) == (0.02, 0.7, 0.006)  # its own, given, its own
    assert there.entries[0] is stages.here.entries[0]
    assert there.entries[1].policies[None].world is there.setup.world
    assert there.left_out == {"planner": "an oracle of the world as it is"}


@pytest.fixture
def made_up(monkeypatch):
    """Embeddings of another edition are made up: a language model would take a minute."""

    def set_up_quickly(args, device="cpu"):
        plain = build_setup(horizon=200)
        there = module_set_up(args)
        setting = replace(plain.setting, catalogue=there.world.catalogue, personas=there.world.personas)
        return replace(there, setting=setting)

    monkeypatch.setattr("driftrec.agents.setup.load_setting", lambda *told: None)
    module_set_up = module.set_up
    monkeypatch.setattr(module, "set_up", set_up_quickly)


class Net(nn.Module):
    """Weights of single items and people, and others."""

    def __init__(self):
        super().__init__()
        self.item = nn.Parameter(torch.arange(2000.0).reshape(1000, 2))
        self.persona = nn.Parameter(torch.arange(320.0))
        self.hidden = nn.Parameter(torch.arange(320.0))


@pytest.mark.parametrize("where", ["new items", "new people"])
def test_another_edition_has_as_many_and_none_the_same(where, made_up, tmp_path):
    setup = build_setup(horizon=200)
    there = staged(setup, ("content", "myopic-oracle", "planner", OWN), tmp_path).at(where)
    items, people = there.setup.world.catalogue, there.setup.world.personas
    same = items.titles == setup.world.catalogue.titles, people.texts == setup.world.personas.texts
    assert same == (where == "new people", where == "new items")
    assert (items.num_items, people.num_personas) == (1000, 320)
    assert [entry.label for entry in there.entries] == ["content", "myopic-oracle", OWN]
    assert there.left_out == {"planner": "an oracle of the world as it is"}
    assert there.setup.horizon == setup.horizon


def test_runs_serve_strangers_without_what_they_learned_of_single_items_and_people(made_up, tmp_path):
    setup = build_setup(horizon=200)
    save_checkpoint(tmp_path / "run" / FILE, {"net": Net()}, {"world": asdict(setup.args)}, setup)
    stages = Stages(Stage(setup, ()), (), 0, tmp_path)
    there = stages.at("new items").setup
    with pytest.raises(ValueError, match="differs in catalogue"):
        load_checkpoint(tmp_path / "run", there)
    text = stages._strangers("mine", [f"ppo:{tmp_path / 'run'}"], there)
    weights = load_checkpoint(text.removeprefix("ppo:"), there).weights
    assert torch.equal(weights["net.item"], torch.tensor([999.0, 1000.0]).expand(1000, 2))
    assert torch.equal(weights["net.persona"], torch.full((320,), 159.5))
    assert torch.equal(weights["net.hidden"], torch.arange(320.0))


def test_a_policy_that_cannot_be_made_there_is_left_out_with_the_reason(made_up, tmp_path):
    setup = build_setup(horizon=200)
    stages = Stages(Stage(setup, build_entries(setup, ["random"], seed=0)), ("random=ppo:nowhere",), 0, tmp_path)
    there = stages.at("new people")
    assert not there.entries
    assert "There is no checkpoint at nowhere" in there.left_out["random"]


@pytest.mark.parametrize(
    ("args", "where", "message"),
    [
        (WorldArgs(NEWS), "other prices", "its kit knows no other prices (Changes.price)"),
        (WorldArgs(SHOP), "other drift", "its kit knows no other drift (Changes.drift)"),
        (WorldArgs(BORED), "new items", "nothing writes other items and people of its kind (Changes.edition)"),
        (WorldArgs(NEWS, catalogue="mine"), "new people", "the catalogue is your own, and nothing writes another"),
    ],
)
def test_what_a_world_cannot_be_changed_into_is_said(args, where, message):
    setup = build_setup(horizon=200) if args.world == NEWS else None
    if setup is None:
        setup = set_up(args) if args.world == BORED else replace(build_setup(), args=args)
    stages = Stages(Stage(replace(setup, args=args), ()), (), 0, None)
    with pytest.raises(NotHereError) as caught:
        stages.at(where)
    assert message in str(caught.value)


@pytest.fixture
def runs(tmp_path):
    """Two runs in News, of which one has other sizes, and one in a world of SARDINE."""
    setup = build_setup(horizon=20)
    for name, args in {
        "news": setup.args,
        "small": replace(setup.args, slate_size=3),
        "bored": WorldArgs(BORED, horizon=7),
    }.items():
        save_checkpoint(tmp_path / name / FILE, {"net": Net()}, {"world": asdict(args)}, setup)
    return tmp_path


@pytest.mark.parametrize(
    ("policies", "given", "expected"),
    [
        (("random",), {}, {"world": NEWS, "horizon": None}),
        (("random", "ppo:{}/bored"), {}, {"world": BORED, "horizon": 7}),
        (("mine=ppo:{}/news",), {"horizon": 9}, {"world": NEWS, "horizon": 9, "slate_size": 5}),
        (("ppo:{}/news", "b=ppo:{}/small"), {}, {"world": NEWS, "slate_size": 5}),
        (("ppo:{}/bored",), {"world": NEWS}, {"world": NEWS, "horizon": None}),
    ],
)
def test_the_world_is_that_of_the_runs_unless_it_is_said(policies, given, expected, runs):
    there = world_of(WorldArgs(**{"world": "", **given}), [text.format(runs) for text in policies])
    assert {name: getattr(there, name) for name in expected} == expected


def test_runs_of_several_worlds_are_scored_apart(runs):
    with pytest.raises(ValueError, match=r"news in driftrec/News-v0 and .*bored in .*Score them apart, or say --world"):
        world_of(WorldArgs(""), [f"ppo:{runs}/news", f"b=ppo:{runs}/bored"])


def test_a_run_that_is_not_there_is_said():
    with pytest.raises(FileNotFoundError, match="There is no checkpoint at nowhere"):
        world_of(WorldArgs(""), ["ppo:nowhere"])


def test_policies_are_timed_and_oracles_are_not():
    setup = build_setup(horizon=200)
    timed = waited(setup, build_entries(setup, ["random", "myopic-oracle"], seed=0), seed=0, requests=5)
    assert list(timed["policies"]) == ["random"]
    told = timed["policies"]["random"]
    assert 0 < told["p50"] <= told["p99"]
    assert 0 <= told["score"]["low"] <= told["score"]["mean"] <= told["score"]["high"] <= 1
    assert np.isfinite(told["p99"])

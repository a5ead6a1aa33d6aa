"""A training on the ranker of another: that stays, prices and PPO alone are learned, and the run serves as any."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from driftrec.agents.runs.checkpoint import FILE, read_config
from driftrec.agents.runs.load import load_ppo, on_ranker, ranker_of
from driftrec.agents.runs.train import train
from tests.agents.every_world import made
from tests.agents.runs.toy_runs import WORLDS, served, settings, trained


@pytest.fixture(scope="module")
def first(one_thread, tmp_path_factory):
    """A finished training of InterestEvolution."""
    folder = tmp_path_factory.mktemp("first")
    trained("evolution", folder)
    return folder


def anew(first, folder, seed=6, **more):
    setup, told = made(WORLDS["evolution"]), settings("evolution", value_steps=0)
    lines = []
    train(setup, told, seed=seed, folder=folder, ranker=first, report=lines.append, **more)
    return setup, lines


def test_the_ranker_stays_and_ppo_is_another(first, tmp_path):
    setup, lines = anew(first, tmp_path / "second")
    one, other = (load_file(folder / FILE) for folder in (first, tmp_path / "second"))
    ranker = [name for name in one if name.startswith("ranker.")]
    assert ranker
    assert all(torch.equal(one[name], other[name]) for name in ranker)
    assert any(not torch.equal(one[name], other[name]) for name in one if name.startswith("ppo."))
    assert not any("Ranker" in line or "slates" in line for line in lines)
    config = read_config(tmp_path / "second")
    assert (config["seed"], config["ranker"]["seed"]) == (6, 5)
    assert served(setup, load_ppo(setup, str(tmp_path / "second"), greedy=True)) > 0
    anew(tmp_path / "second", tmp_path / "third")  # a ranker may be handed on
    assert ranker_of(setup, str(tmp_path / "third"))[1]["seed"] == 5


def test_what_made_the_ranker_is_as_it_was_there(first):
    usual, there = settings("evolution"), settings("evolution")
    asked = replace(usual, value_steps=7, fit=replace(usual.fit, epochs=9))
    with pytest.raises(ValueError, match=r"--settings\.fit is .*epochs=9.*was made with .*epochs=1.*without --ranker"):
        on_ranker(asked, usual, str(first))
    found = on_ranker(replace(usual, value_steps=7), usual, str(first))
    assert (found.fit, found.value_steps) == (there.fit, 7)

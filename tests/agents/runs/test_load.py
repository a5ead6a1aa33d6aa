"""Loading what earlier versions and other kinds of training wrote, and what is refused."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.runs.baselines import train_slateq
from driftrec.agents.runs.checkpoint import FILE, load_checkpoint, save_checkpoint
from driftrec.agents.runs.load import load_greedy, load_mmr, load_ppo, load_slateq, nothing_learned, open_run, ranker_of
from driftrec.agents.runs.train import train
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import settings_of
from driftrec.simulators.settings import updated

WORLD = WorldArgs("driftrec/Sardine-SlateTopK-Bored-v0", horizon=6, slate_size=4)
TOY = {
    "fit": {"lanes": 16, "log_steps": 6, "rounds": 1, "epochs": 1, "batch_size": 64},
    "ppo": {"total_steps": 128, "lanes": 16, "rollout": 8, "batch_size": 64, "candidates": 20, "epochs": 1},
    "validations": 2,
    "validation_users": 4,
}
SLATEQ: dict[str, Any] = {"slateq": {"total_steps": 64, "lanes": 16, "warm_up": 32, "batch_size": 16}}
SLATEQ |= {"validations": 2, "validation_users": 4}


@pytest.fixture(scope="module")
def setup():
    return set_up(WORLD)


@pytest.fixture(scope="module")
def run(setup, tmp_path_factory):
    """A training of this version."""
    folder = tmp_path_factory.mktemp("now")
    train(setup, updated(settings_of(WORLD.world), TOY), seed=1, folder=folder)
    return folder


@pytest.fixture(scope="module")
def slateq_run(setup, run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slateq")
    settings = updated(settings_of(WORLD.world, "slateq"), SLATEQ)
    train_slateq(setup, settings, ranker_run=run, seed=2, folder=folder)
    return folder


class Kept(nn.Module):
    """Holds weights under the names that a checkpoint has."""

    def __init__(self, weights, name):
        super().__init__()
        self.weights = {key.removeprefix(name): value for key, value in weights.items() if key.startswith(name)}

    def state_dict(self, *args, **told):
        return self.weights


def rewritten(setup, run, folder, change):
    """A copy of a run with another configuration."""
    found = load_checkpoint(run, setup)
    modules = {part: Kept(found.weights, f"{part}.") for part in {key.partition(".")[0] for key in found.weights}}
    save_checkpoint(folder / FILE, modules, change(found.config), setup)
    return str(folder)


def as_of_old(config):
    """The configuration that earlier versions wrote for trainings in worlds of features."""
    fit = {**config["settings"]["fit"], **config["settings"]["future"]}
    settings = {**{name: value for name, value in config["settings"].items() if name != "future"}, "fit": fit}
    return {**config, "kind": "published-ppo", "settings": settings}


def slates(setup, policy):
    policy.reset(30, 1)
    return policy.act(setup.world.observe(setup.world.reset(np.arange(30, dtype=np.uint64))))


def test_runs_of_earlier_versions_load(setup, run, tmp_path):
    old = rewritten(setup, run, tmp_path, as_of_old)
    assert load_checkpoint(old, setup).config["kind"] == "published-ppo"
    for load, told in ((load_ppo, True), (load_ppo, False), (load_greedy, True), (load_greedy, False)):
        now, then = (slates(setup, load(setup, str(folder), told)) for folder in (run, old))
        np.testing.assert_array_equal(now, then)


def test_slateq_of_earlier_versions_loads_in_worlds_of_features(setup, slateq_run, tmp_path):
    def old(config):
        told = {name: value for name, value in config.items() if name != "ranker"}
        return {**told, "kind": "published-slateq"}

    policies = [load_slateq(setup, name) for name in (str(slateq_run), rewritten(setup, slateq_run, tmp_path, old))]
    np.testing.assert_array_equal(*(slates(setup, policy) for policy in policies))


def test_slateq_of_earlier_versions_on_news_is_to_be_trained_anew(make_setup, tmp_path):
    news = make_setup()
    settings = {"representation": "text", "ranker_seed": 9, "slateq": {"unit": 10.0}}
    config = {"kind": "slateq", "world": {"slate_size": 5}, "settings": settings, "seed": 3}
    modules = {"ranker": TextRanker(news.context, "text", 9), "values": nn.Linear(3, 2)}  # other weights than today's
    save_checkpoint(tmp_path / FILE, modules, config, news)
    command = "Make one anew with: driftrec train-baseline slateq --ranker RUN$"
    with pytest.raises(ValueError, match=rf"weights 'values' do not fit: .* earlier version. {command}"):
        load_slateq(news, str(tmp_path))


@pytest.mark.parametrize("kind", ["other", "published-other"])
def test_a_run_of_another_kind_is_refused(setup, run, kind, tmp_path):
    folder = rewritten(setup, run, tmp_path, lambda config: {**config, "kind": kind})
    for load, told in ((load_ppo, True), (load_greedy, True), (load_mmr, 0.5)):
        with pytest.raises(ValueError, match="holds a run of kind other, not ppo; policies of it are called other:"):
            load(setup, folder, told)


def test_the_kind_may_be_left_out_as_the_first_versions_did(setup, run, tmp_path):
    def old(config):
        return {name: value for name, value in config.items() if name != "kind"}

    assert open_run(setup, rewritten(setup, run, tmp_path, old), "ppo").config["seed"] == 1


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"true_state": True}, "trained on the users' true state"),
        ({"told_encoder": True}, "trained to guess the users' true state"),
        ({"withheld": 0.1}, "trained with items withheld"),
    ],
)
def test_a_ranker_that_is_not_for_everybody_is_refused(make_setup, told, message, tmp_path):
    news = make_setup()
    config = {"kind": "ppo", "world": {"slate_size": 5}, "settings": {"representation": "text", **told}, "seed": 1}
    save_checkpoint(tmp_path / FILE, {"ranker": TextRanker(news.context, "text", 1)}, config, news)
    with pytest.raises(ValueError, match=message):
        ranker_of(news, str(tmp_path))


def test_slateq_looks_through_the_ranker_of_the_run_that_it_names(setup, run, slateq_run):
    judge, told = ranker_of(setup, str(run))
    assert load_checkpoint(slateq_run, setup).config["ranker"] == told
    assert told["seed"] == 1
    assert not judge.farsighted
    mine = load_slateq(setup, str(slateq_run)).judge.ranker.state_dict()
    assert all(torch.equal(mine[name], value) for name, value in judge.ranker.state_dict().items())


@pytest.mark.parametrize(("told", "notes"), [({"steps": 0}, 1), ({"steps": 512}, 0), ({}, 0)], ids=str)
def test_a_training_that_kept_its_start_is_noted(setup, tmp_path, told, notes):
    save_checkpoint(tmp_path / FILE, {}, {"kind": "ppo", "seed": 1, **told}, setup)
    found = nothing_learned(str(tmp_path))
    assert len(found) == notes
    assert all(f"{tmp_path} keeps the policy of before the first step" in note for note in found)

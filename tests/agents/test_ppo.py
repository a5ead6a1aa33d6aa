"""Training end to end at toy size: warm start, PPO, checkpoint, loading, comparison."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from driftrec.agents.checkpoint import FILE, load_checkpoint
from driftrec.agents.comparison import build_entries, chosen_baseline, compare
from driftrec.agents.learned_myopic import MyopicSettings
from driftrec.agents.ppo import PPOSettings, TrainSettings, load_ppo, train
from driftrec.agents.setting import Setting
from driftrec.agents.slate_head import SlateHead
from driftrec.agents.world_setup import WorldArgs, WorldSetup
from driftrec.envs.news import news_world

TOY = TrainSettings(
    myopic=MyopicSettings(lanes=16, log_steps=8, rounds=1, epochs=1, batch_size=64),
    ppo=PPOSettings(total_steps=128, lanes=16, rollout=4, batch_size=64, epochs=1, candidates=20),
)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def setup():
    world = news_world()
    rng = np.random.default_rng(0)
    items = unit(rng.standard_normal((world.num_items, 24)))
    people = unit(rng.standard_normal((world.personas.num_personas, 24)))
    setting = Setting(world.catalogue, world.personas, items, people, "made up")
    return WorldSetup(WorldArgs(horizon=20), world, setting)


@pytest.fixture(scope="module")
def run(setup, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    train(setup, TOY, seed=3, folder=folder)
    return folder


def test_checkpoint_is_small_and_loads_to_the_same_policy(setup, run):
    assert (run / FILE).stat().st_size < 5_000_000
    observation = setup.world.observe(setup.world.reset(np.arange(50, dtype=np.uint64)))
    slates = []
    for _ in range(2):
        policy = load_ppo(setup, str(run), greedy=True)
        policy.reset(50, 0)
        slates.append(policy.act(observation))
    np.testing.assert_array_equal(slates[0], slates[1])
    assert all(len(set(slate)) == 5 for slate in slates[0].tolist())


def test_same_seed_trains_the_same_policy(setup, run, tmp_path):
    train(setup, TOY, seed=3, folder=tmp_path)
    first, second = (load_checkpoint(folder, setup.setting).weights for folder in (run, tmp_path))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_checkpoint_of_another_catalogue_or_encoder_is_refused(setup, run):
    other = replace(setup.setting, encoder_fingerprint="another")
    with pytest.raises(ValueError, match="another text encoder"):
        load_checkpoint(run, other)
    items = replace(setup.setting.catalogue, quality=setup.setting.catalogue.quality + 1)
    with pytest.raises(ValueError, match="another catalogue"):
        load_checkpoint(run, replace(setup.setting, catalogue=items))


def test_missing_checkpoint_is_named(setup, tmp_path):
    with pytest.raises(FileNotFoundError, match="driftrec train"):
        load_checkpoint(tmp_path, setup.setting)


def test_compare_meets_the_same_users(setup, run):
    entries = build_entries(setup, ["random", f"ppo:{run}", f"again=ppo:{run}"], seed=0)
    summary = compare(setup, entries, users=12, seed=5, baseline="random").summary
    policies = summary["policies"]
    assert policies["ppo"]["engagement"] == policies["again"]["engagement"]
    assert policies["random"]["versus_baseline"]["difference"] == 0.0


def test_unknown_policy_offers_the_nearest(setup):
    with pytest.raises(ValueError, match="random"):
        build_entries(setup, ["randon"], seed=0)


def test_slate_head_draws_with_the_probability_it_reports():
    torch.manual_seed(0)
    head = SlateHead(state_dims=4, item_dims=3, slate_size=3, temper=1.0)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    state, features, scores = torch.randn(6, 4), torch.randn(6, 7, 3), torch.randn(6, 7)
    picks, drawn = head.pick(state, features, scores, greedy=False)
    stated, _ = head.log_probability(state, features, scores, picks)
    torch.testing.assert_close(drawn, stated, atol=1e-5, rtol=1e-4)
    assert all(len(set(row)) == 3 for row in picks.tolist())


def test_slate_probabilities_sum_to_one():
    torch.manual_seed(1)
    head = SlateHead(state_dims=2, item_dims=3, slate_size=2, temper=1.0)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    pairs = torch.tensor([[i, j] for i in range(4) for j in range(4) if i != j])
    n = len(pairs)
    state, features, scores = torch.randn(1, 2), torch.randn(1, 4, 3), torch.randn(1, 4)
    args = state.expand(n, -1), features.expand(n, -1, -1), scores.expand(n, -1)
    log_p, _ = head.log_probability(*args, pairs)
    assert log_p.sum(dim=1).exp().sum().item() == pytest.approx(1.0, abs=1e-5)


def test_a_scripts_arguments_leave_nothing_but_the_world_behind(setup, monkeypatch, tmp_path):
    from driftrec.agents import world_setup
    from driftrec.scripts.train import Args

    monkeypatch.setattr(world_setup, "load_setting", lambda *args: setup.setting)
    assert world_setup.set_up(Args(horizon=20, out=tmp_path)).args == WorldArgs(horizon=20)


@pytest.mark.parametrize(
    ("wanted", "labels", "chosen"),
    [(None, ["random", "myopic"], "myopic"), (None, ["ppo", "random"], "ppo"), ("ppo", ["random", "ppo"], "ppo")],
)
def test_baseline_is_the_one_wanted_or_myopic_or_the_first(wanted, labels, chosen):
    assert chosen_baseline(wanted, labels) == chosen


def test_unknown_baseline_offers_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'planner'"):
        chosen_baseline("planer", ["random", "planner"])


def test_policy_acts_the_same_before_reset_as_after_reset_with_seed_0(setup, run):
    observation = setup.world.observe(setup.world.reset(np.arange(9, dtype=np.uint64)))
    fresh, begun = (load_ppo(setup, str(run), greedy=False) for _ in range(2))
    begun.reset(9, 0)
    np.testing.assert_array_equal(fresh.act(observation), begun.act(observation))

"""Training end to end at toy size: warm start, PPO, checkpoint, loading, comparison."""

import errno
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from driftrec.agents.comparison.comparison import build_entries, chosen_baseline, compare
from driftrec.agents.evaluation.curve import Curve
from driftrec.agents.evaluation.keep_best import KeepBest, Measuring, check_measurements
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.ppo_settings import PPOSettings, build_ppo
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.ranker.fitting import MyopicSettings
from driftrec.agents.ranker.future import FutureSettings
from driftrec.agents.ranker.text_ranker import Ranker
from driftrec.agents.runs import train as training
from driftrec.agents.runs.checkpoint import FILE, load_checkpoint
from driftrec.agents.runs.load import load_greedy, load_ppo
from driftrec.agents.runs.train import TrainSettings, train
from driftrec.agents.setup import WorldArgs
from driftrec.simulators.noise import user_seeds

TOY = TrainSettings(
    myopic=MyopicSettings(lanes=16, log_steps=8, rounds=1, epochs=1, batch_size=64),
    future=FutureSettings(lanes=16, log_steps=20, weights=(1.0,), users=4),
    ppo=PPOSettings(total_steps=128, lanes=16, rollout=4, batch_size=64, epochs=1, candidates=20),
    validations=2,
    validation_users=4,
)


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup()


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


def test_the_runs_ranker_serves_with_and_without_the_minutes_to_come(setup, run, make_setup):
    near, far = (load_greedy(setup, str(run), farsighted) for farsighted in (False, True))
    saved = load_checkpoint(run, setup.setting).weights["ranker.future"].numpy()
    assert saved.any()
    np.testing.assert_array_equal(far.judge.future, saved)
    assert not near.judge.future.any()
    shorter = make_setup(slate_size=4)
    with pytest.raises(ValueError, match="was trained for slates of 5, not 4; use --slate-size"):
        load_greedy(shorter, str(run), farsighted=False)


def unfitted(setup, settings):
    """PPO as it begins, over a ranker that knows nothing."""
    stage = CandidateStage(Ranker(setup.context, "text", 0), settings.candidates)
    return build_ppo(setup.envs(settings.lanes), stage, settings, 0)


def test_the_step_size_falls_linearly_to_nothing(setup):
    model = unfitted(setup, replace(TOY.ppo, learning_rate=0.04))
    assert [model.lr_schedule(left) for left in (1.0, 0.5, 0.25, 0.0)] == pytest.approx([0.04, 0.02, 0.01, 0.0])
    assert model.lr_schedule(-0.1) == 0.0  # a last rollout goes beyond the steps asked for


@pytest.mark.parametrize("returns", [(9.0, 5.0, 7.0), (5.0, 9.0, 7.0), (5.0, 7.0, 9.0), (5.0, 9.0, 9.0)])
def test_the_best_of_the_measurements_is_put_back(setup, monkeypatch, returns):
    """Before the first step, in between and after the last; of equals the first.

    Four rollouts: stable-baselines3's last update of a schedule that falls to 0 has step size 0 and changes nothing.
    """
    settings = replace(TOY, validations=3, ppo=replace(TOY.ppo, total_steps=256))
    model = unfitted(setup, settings.ppo)
    measured, progress = [], []

    def measure(world, policy, users, horizon):
        assert (len(users), horizon, policy.greedy) == (4, 20, True)
        measured.append({name: value.clone() for name, value in policy.network.state_dict().items()})
        return returns[len(measured) - 1]

    monkeypatch.setattr("driftrec.agents.evaluation.curve.mean_engagement", measure)
    curve = Curve(setup.world, user_seeds(0, "validation", 4), 20)
    curve.env_steps = 1000  # of the warm start
    served = SlatePolicy(CandidateStage(Ranker(setup.context, "text", 0), 20), model.policy, greedy=True)
    keeper = KeepBest(curve, "ppo", served, model.policy)
    validation = Measuring(keeper, 128, lambda *told: progress.append(told))
    model.learn(settings.ppo.total_steps, callback=validation)
    keeper.restore()
    best = int(np.argmax(returns))
    assert curve.table().env_steps.tolist() == [1000, 1128, 1256]
    assert curve.table().mean_episode_engagement.tolist() == list(returns)
    assert keeper.best_at == 128 * best
    last = [(0, 0), (64, 0), (128, 1), (192, 1), (256, 2)]
    assert progress == [(steps, returns[index]) for steps, index in last]
    same = [
        all(torch.equal(weights[name], value) for name, value in model.policy.state_dict().items())
        for weights in measured
    ]
    assert same == [index == best for index in range(3)]


def test_same_seed_trains_the_same_policy(setup, run, tmp_path):
    train(setup, TOY, seed=3, folder=tmp_path)
    first, second = (load_checkpoint(folder, setup.setting).weights for folder in (run, tmp_path))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_checkpoint_of_another_catalogue_or_encoder_is_refused(setup, run):
    other = replace(setup.setting, encoder_fingerprint="another")
    with pytest.raises(ValueError, match="trained with differs in text encoder"):
        load_checkpoint(run, other)
    items = replace(setup.setting.catalogue, quality=setup.setting.catalogue.quality + 1)
    with pytest.raises(ValueError, match="differs in catalogue"):
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


def test_a_scripts_arguments_leave_nothing_but_the_world_behind(setup, monkeypatch, tmp_path):
    from driftrec.agents import setup as world_setup
    from driftrec.scripts.train import Args

    monkeypatch.setattr(world_setup, "load_setting", lambda *args: setup.setting)
    assert world_setup.set_up(Args(horizon=20, out=tmp_path)).args == WorldArgs(slate_size=5, history=50, horizon=20)


@pytest.mark.parametrize(
    ("wanted", "labels", "chosen"),
    [(None, ["random", "myopic"], "myopic"), (None, ["ppo", "random"], "ppo"), ("ppo", ["random", "ppo"], "ppo")],
)
def test_baseline_is_the_one_wanted_or_myopic_or_the_first(wanted, labels, chosen):
    assert chosen_baseline(wanted, labels) == chosen


@pytest.mark.parametrize("name", ["ppo", "ppo-sampled", "farsighted", "myopic", "mmr", "myopic-oracle"])
def test_a_users_slates_do_not_depend_on_how_many_are_served(setup, run, shown, name):
    text = name if name == "myopic-oracle" else f"{name}:{run}"
    (entry,) = build_entries(setup, [text], seed=0)
    (policy,) = entry.policies.values()
    few, many = (shown(setup.world, policy, users) for users in (5, 40))
    np.testing.assert_array_equal(few, many[:, :5])
    assert name != "ppo-sampled" or (few[0] != few[1]).any()


def test_unknown_baseline_offers_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'planner'"):
        chosen_baseline("planer", ["random", "planner"])


def test_policy_acts_the_same_before_reset_as_after_reset_with_seed_0(setup, run):
    observation = setup.world.observe(setup.world.reset(np.arange(9, dtype=np.uint64)))
    fresh, begun = (load_ppo(setup, str(run), greedy=False) for _ in range(2))
    begun.reset(9, 0)
    np.testing.assert_array_equal(fresh.act(observation), begun.act(observation))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"candidates": 0}, "PPOSettings.candidates is 0; it must be between 1"),
        ({"lanes": 0}, "PPOSettings.lanes is 0"),
        ({"gamma": 1.5}, "PPOSettings.gamma is 1.5"),
        ({"clip": 0.0}, "PPOSettings.clip is 0.0"),
        ({"temper": -1.0}, "PPOSettings.temper is -1.0"),
        ({"learning_rate": float("nan")}, "PPOSettings.learning_rate is nan"),
        ({"lanes": 1, "rollout": 1}, "PPOSettings.lanes and rollout are 1; an update needs at least 2 steps"),
    ],
)
def test_settings_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        PPOSettings(**changes)


def test_too_few_candidates_are_found_before_any_work(setup, tmp_path):
    settings = replace(TOY, ppo=replace(TOY.ppo, candidates=4))
    with pytest.raises(ValueError, match=r"candidates is 4; a slate needs at least 5"):
        train(setup, settings, seed=0, folder=tmp_path, report=lambda line: pytest.fail(line))


def test_more_measurements_than_rollouts_are_refused_before_any_work(setup, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "warm_start", lambda *args, **kwargs: pytest.fail("work was begun"))
    with pytest.raises(ValueError, match="validations is 6, but 128 steps, taken 64 at a time, have room for 3"):
        train(setup, replace(TOY, validations=6), seed=0, folder=tmp_path)


@pytest.mark.parametrize(("rollouts", "wanted"), [(1, 2), (2, 3), (3, 4), (5, 4), (5, 6), (7, 5)])
def test_as_many_measurements_are_made_as_were_asked_for(rollouts, wanted):
    check_measurements(wanted, 100 * rollouts - 30, 100)
    keeper = KeepBest(Counted(), "ppo", None, torch.nn.Linear(1, 1))
    for steps in range(0, 100 * rollouts, 100):
        keeper.measure_every((100 * rollouts - 30) / (wanted - 1), steps)
    keeper.measure_last(100 * rollouts)
    assert len(keeper.measured) == wanted


class Counted:
    """A curve whose measurements rise."""

    env_steps = 0

    def measure(self, stage, policy):
        return float(self.env_steps)


def test_what_diverged_is_named(setup, tmp_path, monkeypatch):
    keeper = KeepBest(Counted(), "sb3-sac", None, network := torch.nn.Linear(1, 1))
    keeper.measure(0)
    network.weight.data[:] = float("nan")
    with pytest.raises(ValueError, match=r"sb3-sac diverged: its weights are not finite after 640 steps\. Lower"):
        keeper.measure(640)
    monkeypatch.setattr(Ranker, "loss", lambda self, *args: self.own.sum() * float("nan"))
    with pytest.raises(ValueError, match=r"The ranker diverged in pass 1: its loss is nan\. Lower MyopicSettings"):
        train(setup, TOY, seed=0, folder=tmp_path)


@pytest.mark.parametrize("what", ["checkpoint", "curve"])
def test_a_full_disk_costs_the_folder_and_not_the_training(setup, tmp_path, monkeypatch, what):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    name = {"checkpoint": "save_checkpoint", "curve": "write_table"}[what]
    save = getattr(training, name)

    def full(*args):
        if any(isinstance(arg, Path) and arg.parent == tmp_path / "run" for arg in args):
            raise OSError(errno.ENOSPC, "No space left on device")
        save(*args)

    monkeypatch.setattr(training, name, full)
    (tmp_path / "run").mkdir()
    with pytest.raises(OSError, match=r"run cannot be written \(.*No space left.*\)\. What was computed is") as caught:
        train(setup, TOY, seed=3, folder=tmp_path / "run")
    kept = Path(str(caught.value).rpartition(" kept in ")[2].rstrip("."))
    assert load_ppo(setup, str(kept), greedy=True)
    assert (kept / "curve.csv").is_file()


def test_a_policy_trained_on_the_truth_is_served_with_it_and_marked(setup, tmp_path):
    train(setup, replace(TOY, true_state=True), seed=5, folder=tmp_path)
    entries = build_entries(
        setup, ["random", *(f"{name}:{tmp_path}" for name in ("myopic", "farsighted", "ppo"))], seed=0
    )
    assert [entry.oracle for entry in entries] == [False, True, True, True]
    results = compare(setup, entries, users=6, seed=0, baseline="random")
    assert results.summary["policies"]["ppo"]["oracle"] is True


@pytest.mark.parametrize("iterative", [True, False])
def test_picks_move_with_those_before_them_only_where_they_may(setup, tmp_path, monkeypatch, iterative):
    settings = replace(TOY, ppo=replace(TOY.ppo, iterative=iterative))
    monkeypatch.setattr(KeepBest, "restore", lambda self: None)  # the last weights, not the best
    path = train(setup, settings, seed=4, folder=tmp_path)
    checkpoint = load_checkpoint(path, setup.setting)
    assert bool(checkpoint.weights["ppo.head.partial.weight"].any()) is iterative
    assert checkpoint.weights["ppo.head.bias"].any()

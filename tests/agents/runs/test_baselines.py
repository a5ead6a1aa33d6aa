"""Learning baselines end to end at toy size: training, checkpoint, loading, comparison."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from driftrec.agents.baselines.common import top_k
from driftrec.agents.comparison.comparison import compare
from driftrec.agents.comparison.entries import build_entries
from driftrec.agents.runs import baselines as baseline_runs
from driftrec.agents.runs.baselines import train_slateq, train_stock
from driftrec.agents.runs.checkpoint import CHECKSUM, FILE, load_checkpoint
from driftrec.agents.runs.load import load_slateq, load_stock
from driftrec.agents.slateq.slateq_settings import SlateQSettings, SlateQTraining
from driftrec.agents.slateq.slateq_training import Learner
from driftrec.agents.stock.stock_training import StockPPOSettings, StockSACSettings
from tests.agents.runs.toy_baselines import KINDS, SETTINGS, SLATEQ, STOCK, ranker_in, train


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup()


@pytest.fixture(scope="module")
def ranker_run(setup, tmp_path_factory):
    return ranker_in(tmp_path_factory.mktemp("train"), setup)


@pytest.fixture(scope="module")
def train_kind(setup, ranker_run):
    def train_it(kind, folder, seed=3):
        train(setup, kind, SETTINGS[kind], ranker_run, seed=seed, folder=folder)
        return folder

    return train_it


@pytest.fixture(scope="module")
def runs(train_kind, tmp_path_factory):
    return {kind: train_kind(kind, tmp_path_factory.mktemp(kind)) for kind in KINDS}


def load(setup, kind, run):
    return load_slateq(setup, str(run)) if kind == "slateq" else load_stock(setup, str(run), kind)


def slates_of(policy, setup):
    """Those of 50 users over some steps, so that histories count."""
    state = setup.world.reset(np.arange(50, dtype=np.uint64))
    policy.reset(50, 1)
    shown = []
    for _ in range(4):
        shown.append(policy.act(setup.world.observe(state)))
        setup.world.step(state, shown[-1])
    return np.stack(shown)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_loads_to_the_policy_that_was_measured_best(setup, runs, kind):
    from driftrec.agents.evaluation.play import mean_engagement
    from driftrec.simulators.noise import user_seeds

    curve = pd.read_csv(runs[kind] / "curve.csv")
    policy = load(setup, kind, runs[kind])
    engagement = mean_engagement(setup.world, policy, user_seeds(3, "validation", 4), 20)
    # Measured before and after the trip to the disk, on the same users and draws: not near, but equal.
    assert engagement == curve.mean_episode_engagement.max()
    assert curve.env_steps.iloc[-1] - curve.env_steps.iloc[0] == 128
    assert curve.env_steps.iloc[0] == (60 if kind == "slateq" else 0)  # those that its ranker took
    assert set(curve.training_seed) == {3}
    slates = slates_of(policy, setup)
    np.testing.assert_array_equal(slates, slates_of(load(setup, kind, runs[kind]), setup))
    assert all(len(set(slate)) == 5 for slate in slates.reshape(-1, 5).tolist())


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_from_before_measurements_were_settings_loads(setup, runs, kind, tmp_path):
    with safe_open(runs[kind] / FILE, framework="pt") as opened:
        (key,) = opened.metadata()
        told = json.loads(opened.metadata()[key])
    settings = told["config"]["settings"]
    of_kind = settings if kind == "slateq" else settings[kind]
    assert (of_kind.pop("validations"), of_kind.pop("validation_users")) == (4 if kind == "sb3-ppo" else 6, 4)
    del told[CHECKSUM]  # nor was there one then
    save_file(load_file(runs[kind] / FILE), tmp_path / FILE, {key: json.dumps(told)})
    before, now = (slates_of(load(setup, kind, run), setup) for run in (tmp_path, runs[kind]))
    np.testing.assert_array_equal(before, now)


@pytest.mark.parametrize("kind", KINDS)
def test_a_users_slates_do_not_depend_on_how_many_are_served(setup, runs, shown, kind):
    few, many = (shown(setup.world, load(setup, kind, runs[kind]), users) for users in (5, 40))
    np.testing.assert_array_equal(few, many[:, :5])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_trains_the_same_and_another_seed_does_not(setup, runs, train_kind, tmp_path, kind):
    torch.manual_seed(123)  # what went on before in the process must not count
    again, other = train_kind(kind, tmp_path / "again"), train_kind(kind, tmp_path / "other", seed=4)
    assert (again / FILE).read_bytes() == (runs[kind] / FILE).read_bytes()
    columns = ["env_steps", "mean_episode_engagement"]
    curves = [pd.read_csv(run / "curve.csv")[columns] for run in (runs[kind], again, other)]
    pd.testing.assert_frame_equal(curves[0], curves[1])
    assert not curves[0].equals(curves[2])


@pytest.mark.parametrize("kind", KINDS)
def test_training_moves_the_weights(setup, runs, train_kind, monkeypatch, tmp_path, kind):
    from driftrec.agents.evaluation.keep_best import KeepBest

    monkeypatch.setattr(KeepBest, "restore", lambda keeper: None)  # else the start may have been best
    last = load_checkpoint(train_kind(kind, tmp_path), setup.setting).weights
    monkeypatch.setattr(KeepBest, "restore", lambda keeper: keeper._network.load_state_dict(first[0]))
    first = []
    measure = KeepBest.measure

    def keep_first(keeper, steps):
        first.extend([] if first else [{k: v.clone() for k, v in keeper._network.state_dict().items()}])
        measure(keeper, steps)

    monkeypatch.setattr(KeepBest, "measure", keep_first)
    start = load_checkpoint(train_kind(kind, tmp_path / "start"), setup.setting).weights
    moved = [name for name in last if not torch.equal(last[name], start[name])]
    assert moved
    assert not any(name.startswith("ranker.") for name in moved)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_of_another_catalogue_or_slate_is_refused(setup, runs, kind, make_setup):
    items = replace(setup.setting.catalogue, quality=setup.setting.catalogue.quality + 1)
    elsewhere = replace(setup, setting=replace(setup.setting, catalogue=items))
    with pytest.raises(ValueError, match="was trained with differs in catalogue"):
        load(elsewhere, kind, runs[kind])
    with pytest.raises(ValueError, match="was trained for slates of 5, not 3; use --slate-size"):
        load(make_setup(slate_size=3), kind, runs[kind])


@pytest.mark.parametrize(("name", "found"), [("ppo", "slateq"), ("slateq", "sb3-ppo"), ("sb3-sac", "sb3-ppo")])
def test_a_run_of_another_kind_is_refused(setup, runs, name, found):
    message = f"holds a run of kind {found}, not {name}; policies of it are called {found}:"
    with pytest.raises(ValueError, match=message):
        build_entries(setup, [f"{name}:{runs[found]}"], seed=0)


def test_slateq_needs_a_ranker_that_fits(setup, runs, tmp_path):
    for run, error in ((runs["sb3-ppo"], ValueError), (tmp_path / "none", FileNotFoundError)):
        with pytest.raises(error, match=str(run)):
            train_slateq(setup, SLATEQ, ranker_run=run, seed=0, folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_several_seeds_of_each_take_part_in_a_comparison(setup, runs, train_kind, tmp_path):
    second = train_kind("slateq", tmp_path, seed=4)
    names = ["random", f"slateq:{runs['slateq']},{second}", *(f"{kind}:{runs[kind]}" for kind in KINDS[1:])]
    summary = compare(setup, build_entries(setup, names, seed=0), users=6, seed=5, baseline="random").summary
    told = {name: policy["training_seeds"] for name, policy in summary["policies"].items()}
    assert told == {"random": [], "slateq": [3, 4], "sb3-ppo": [3], "sb3-sac": [3]}


def test_an_interrupt_leaves_the_best_so_far(setup, ranker_run, tmp_path):
    def stop(steps, engagement):
        if steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_slateq(setup, SLATEQ, ranker_run=ranker_run, seed=3, folder=tmp_path / "q", progress=stop)
    with pytest.raises(KeyboardInterrupt):
        train_stock(setup, "sb3-sac", STOCK["sb3-sac"], seed=3, folder=tmp_path / "sac", progress=stop)
    assert len(slates_of(load_slateq(setup, str(tmp_path / "q")), setup)) == 4
    assert len(slates_of(load_stock(setup, str(tmp_path / "sac"), "sb3-sac"), setup)) == 4


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (
            "slateq",
            SlateQTraining(SlateQSettings(total_steps=64, lanes=16), validations=6),
            "validations is 6, but 64 steps, taken 16 at a time, have room for 5",
        ),
        (
            "sb3-ppo",
            StockPPOSettings(total_steps=256, lanes=8, rollout=16),
            "256 steps, taken 128 at a time, have room for 3",
        ),
        ("sb3-sac", StockSACSettings(total_steps=64, lanes=16), "64 steps, taken 16 at a time, have room for 5"),
    ],
)
def test_more_measurements_than_there_is_room_for_are_refused_before_any_work(
    setup, ranker_run, tmp_path, monkeypatch, kind, settings, message
):
    monkeypatch.setattr(baseline_runs, "_curve", lambda *args: pytest.fail("work was begun"))
    with pytest.raises(ValueError, match=message):
        train(setup, kind, settings, ranker_run, seed=3, folder=tmp_path)


@pytest.mark.parametrize(("kind", "measurements"), [("slateq", 6), ("sb3-ppo", 4), ("sb3-sac", 6)])
def test_as_many_measurements_are_made_as_told(runs, kind, measurements):
    assert len(pd.read_csv(runs[kind] / "curve.csv")) == measurements


def test_actions_that_torch_cannot_draw_end_in_one_line(setup, tmp_path):
    diverging = StockSACSettings(
        total_steps=640,
        lanes=16,
        memory=200,
        warm_up=32,
        batch_size=16,
        gradients=8,
        learning_rate=10.0,
        validation_users=4,
    )
    with pytest.raises(
        ValueError, match=r"sb3-sac diverged: its (weights|actions) are not finite after \d+ steps"
    ) as it:
        train_stock(setup, "sb3-sac", diverging, seed=3, folder=tmp_path)
    assert "\n" not in str(it.value)


def test_weights_too_large_for_torch_end_in_one_line(setup, tmp_path, monkeypatch):
    def learn(model, steps, **told):
        with torch.no_grad():
            for weights in model.policy.parameters():
                weights.fill_(3e38)
        model.policy.get_distribution(torch.ones(2, *model.observation_space.shape))

    monkeypatch.setattr(baseline_runs.build_stock(setup, STOCK["sb3-ppo"], 0).__class__, "learn", learn)
    message = r"sb3-ppo diverged: its actions are not finite after 0 steps\. Lower StockPPOSettings\.learning_rate"
    with pytest.raises(ValueError, match=message) as caught:
        train_stock(setup, "sb3-ppo", STOCK["sb3-ppo"], seed=3, folder=tmp_path)
    assert "\n" not in str(caught.value)


def test_values_that_cannot_be_ranked_name_slateq(setup, ranker_run, tmp_path, monkeypatch):
    def learn(*args, **told):
        top_k(np.array([[1.0, np.nan]]), 1)

    monkeypatch.setattr(Learner, "run", learn)
    with pytest.raises(
        ValueError, match=r"slateq diverged\. The score at \[0, 1\].* Lower SlateQSettings\.learning_rate"
    ):
        train_slateq(setup, SLATEQ, ranker_run=ranker_run, seed=3, folder=tmp_path)

"""Training at toy size: what a run leaves behind, that it repeats, and how it ends early."""

import errno
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from driftrec.agents.evaluation.keep_best import KeepBest
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.runs import train as training
from driftrec.agents.runs.baselines import train_slateq
from driftrec.agents.runs.checkpoint import FILE, load_checkpoint
from driftrec.agents.runs.load import judge_of, load_ppo
from driftrec.agents.runs.train import KIND, train
from driftrec.agents.setup import WorldArgs
from driftrec.agents.worlds.kits import settings_of
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.simulators.settings import updated
from tests.agents.every_world import made
from tests.agents.runs.toy_runs import FITTED, LOGGED, MORE, PILOT, TOY, WORLDS, served, settings, trained


@pytest.mark.parametrize("name", WORLDS)
def test_a_run_holds_checkpoint_and_curve(name, runs):
    setup, folder, lines = runs[name]
    assert {path.name for path in folder.iterdir()} == {FILE, "curve.csv"}
    assert (folder / FILE).stat().st_size < 5_000_000
    config = load_checkpoint(folder, setup).config
    assert (config["kind"], config["seed"]) == (KIND, 5)
    assert config["settings"]["ppo"]["total_steps"] == 512
    assert WorldArgs(**config["world"]) == setup.args
    assert (setup.args.slate_size, setup.args.horizon) == (setup.slate_size, WORLDS[name].horizon)
    assert sum(line.startswith("Ranker, pass 1 of 1 over ") for line in lines) == (3 if name == "texts" else 2)
    assert sum(line.startswith("Weight ") for line in lines) == (6 if name in MORE else 0)


@pytest.mark.parametrize("name", WORLDS)
def test_the_curve_tells_stages_and_steps(name, runs):
    setup, folder, _ = runs[name]
    curve = pd.read_csv(folder / "curve.csv")
    assert curve.stage.tolist() == [*FITTED[name], "ppo", "ppo", "ppo"]
    assert set(curve.training_seed) == {5}
    steps, before = curve.env_steps.tolist(), 2 * LOGGED if name == "texts" else LOGGED
    first, *middle, last = steps[:-3]
    assert first == before + PILOT.get(name, 0)
    for far in middle:  # three weights on four users, who may leave before the end; what precedes them in texts
        apart = far - first - (16 * 20 if name == "texts" else 0)
        assert 0 < apart <= 3 * 4 * setup.horizon
        assert 0 < last - far - LOGGED <= 3 * 4 * setup.horizon
    assert middle or last == first + LOGGED
    start = last + (256 if name == "evolution" else 0)  # the whole rollouts in which values alone are learned
    assert steps[-3:] == [start, start + 256, start + 512]
    config = load_checkpoint(folder, setup).config
    measured = curve[curve.stage == "ppo"].mean_episode_engagement.tolist()
    assert config["steps"] == [0, 256, 512][int(np.argmax(measured))]


def test_the_average_user_is_learned_and_kept(runs):
    """Users like quality, with a weight of 1; 800 slates find it between 0.5 and 1.7 (standard error 0.2)."""
    setup, folder, _ = runs["responses"]
    encoder = judge_of(setup, load_checkpoint(folder, setup), farsighted=False).ranker.encoder
    assert encoder.weights[2].item() == pytest.approx(1.1, abs=0.6)


@pytest.mark.parametrize("name", ["responses"])
def test_slateq_counts_the_steps_that_its_ranker_took(name, runs, tmp_path):
    setup, folder, _ = runs[name]
    tiny = {"slateq": {"total_steps": 64, "lanes": 16}, "validations": 2, "validation_users": 4}
    recipe = updated(settings_of(setup.args.world, "slateq"), tiny)
    train_slateq(setup, recipe, ranker_run=folder, seed=0, folder=tmp_path)
    ranker = pd.read_csv(folder / "curve.csv").set_index("stage").env_steps
    assert pd.read_csv(tmp_path / "curve.csv").env_steps[0] == ranker["refitted"]


@pytest.mark.parametrize("name", WORLDS)
def test_the_same_seed_gives_the_same_bytes(name, runs, tmp_path):
    torch.manual_seed(77)  # whatever went before
    np.random.seed(77)  # noqa: NPY002
    trained(name, tmp_path)
    assert (tmp_path / FILE).read_bytes() == (runs[name][1] / FILE).read_bytes()


def test_another_seed_gives_other_weights(runs, tmp_path):
    setup, folder, _ = runs["blind"]
    _, other = trained("blind", tmp_path, seed=6)
    weights = [load_checkpoint(path, setup).weights["ranker.query.weight"] for path in (folder, other)]
    assert not torch.equal(*weights)


def test_several_threads_give_the_same_bytes_every_time(tmp_path):
    """Batches are large enough for the work to be shared out.

    Too weak to meet every wrong order of sums; test_repeatable_gradients.py looks at the graph. By hand, at lengths of
    real batches, six trainings each on four threads of SlateTopK-Bored, ideal and partial, and of InterestEvolution
    were all alike.
    """
    threads, setup = torch.get_num_threads(), made(WORLDS["ideal"])
    large = {"fit": {**TOY["fit"], "lanes": 128, "batch_size": 512}, "validations": 2}
    large["ppo"] = {**TOY["ppo"], "total_steps": 1024, "lanes": 128, "batch_size": 1024}
    try:
        torch.set_num_threads(4)
        files = [train(setup, settings("ideal", **large), seed=1, folder=tmp_path / str(n)) for n in range(3)]
    finally:
        torch.set_num_threads(threads)
    assert len({file.read_bytes() for file in files}) == 1


@pytest.mark.parametrize("name", ["texts", "ideal"])
def test_an_interrupt_keeps_the_best_so_far(name, tmp_path):
    told = []

    def press(steps, engagement):
        told.append(steps)
        if steps >= 256:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(name, tmp_path, progress=press)
    assert told == [0, 128, 256]
    setup, curve = made(WORLDS[name]), pd.read_csv(tmp_path / "curve.csv")
    assert curve.stage.tolist() == [*FITTED[name], "ppo", "ppo"]
    best = curve[curve.stage == "ppo"].mean_episode_engagement.max()
    assert served(setup, load_ppo(setup, str(tmp_path), greedy=True)) == pytest.approx(best, rel=1e-12)


def test_an_interrupt_before_ppo_leaves_nothing(tmp_path):
    def press(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained("ideal", tmp_path, report=press)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "candidates", "message"),
    [
        ("texts", 4, "candidates is 4; a slate needs at least 5"),
        ("ideal", 9, "candidates is 9, of which 0 are kept"),
        ("evolution", 1, "candidates is 1; a slate needs at least 2"),
    ],
)
def test_too_few_candidates_are_refused_before_any_work(name, candidates, message, tmp_path):
    few = settings(name, ppo={**TOY["ppo"], "candidates": candidates})
    with pytest.raises(ValueError, match=message):
        train(made(WORLDS[name]), few, seed=1, folder=tmp_path, report=lambda line: pytest.fail(line))


def test_more_measurements_than_rollouts_are_refused_before_any_work(tmp_path):
    many = settings("texts", validations=6)
    with pytest.raises(ValueError, match="validations is 6, but 512 steps, taken 128 at a time, have room for 5"):
        train(made(WORLDS["texts"]), many, seed=0, folder=tmp_path, report=lambda line: pytest.fail(line))


def test_what_diverged_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(TextRanker, "loss", lambda self, logs: self.own.sum() * float("nan"))
    with pytest.raises(ValueError, match=r"The ranker diverged in pass 1: its loss is nan\. Lower FitSettings"):
        trained("texts", tmp_path)


@pytest.mark.parametrize("what", ["checkpoint", "curve"])
def test_a_full_disk_costs_the_folder_and_not_the_training(tmp_path, monkeypatch, what):
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
        trained("blind", tmp_path / "run")
    kept = Path(str(caught.value).rpartition(" kept in ")[2].rstrip("."))
    assert load_ppo(made(WORLDS["blind"]), str(kept), greedy=True)
    assert (kept / "curve.csv").is_file()


@pytest.mark.parametrize("iterative", [True, False])
def test_picks_move_with_those_before_them_only_where_they_may(tmp_path, monkeypatch, iterative):
    monkeypatch.setattr(KeepBest, "restore", lambda self: None)  # the last weights, not the best
    setup, how = made(WORLDS["texts"]), settings("texts", ppo={**TOY["ppo"], "iterative": iterative})
    checkpoint = load_checkpoint(train(setup, how, seed=4, folder=tmp_path), setup)
    assert bool(checkpoint.weights["ppo.head.effect.weight"].any()) is iterative
    assert bool(checkpoint.weights["ppo.head.position"].any()) is iterative
    assert checkpoint.weights["ppo.head.out.weight"].any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"validations": 1}, "TrainSettings.validations is 1; it must be between 2"),
        ({"value_steps": -1}, "TrainSettings.value_steps is -1; it must be between 0"),
        ({"validation_users": 0}, "TrainSettings.validation_users is 0; it must be between 1"),
    ],
)
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        TrainSettings(**changes)

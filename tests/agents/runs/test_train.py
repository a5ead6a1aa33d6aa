"""Training at toy size: what a run leaves behind, that it repeats, that loading gives the same policies back."""

import errno
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from driftrec.agents.comparison.comparison import build_entries, compare
from driftrec.agents.evaluation.keep_best import KeepBest
from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.runs import train as training
from driftrec.agents.runs.baselines import train_slateq
from driftrec.agents.runs.checkpoint import FILE, load_checkpoint, save_checkpoint
from driftrec.agents.runs.load import judge_of, load_greedy, load_ppo
from driftrec.agents.runs.train import KIND, train
from driftrec.agents.setup import NEWS, WorldArgs, set_up
from driftrec.agents.worlds.kits import settings_of
from driftrec.agents.worlds.settings import TrainSettings
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.settings import updated
from tests.agents.every_world import made

TOY: dict[str, Any] = {
    "fit": {"lanes": 16, "log_steps": 12, "rounds": 2, "epochs": 1, "batch_size": 64},
    "future": {"weights": [0], "users": 4},
    "ppo": {"total_steps": 512, "lanes": 16, "rollout": 8, "batch_size": 64, "candidates": 20, "epochs": 2},
    "value_steps": 0,
    "validations": 3,
    "validation_users": 8,
}
BUDGET = '{"time_budget": 20}'  # so that users leave
WORLDS = {
    "texts": WorldArgs(NEWS, horizon=12, slate_size=5, history=50),
    "evolution": WorldArgs("driftrec/RecSim-InterestEvolution-v0", horizon=10, config=BUDGET),
    "responses": WorldArgs("driftrec/RecSim-InterestExploration-v0", horizon=8, history=8),
    "blind": WorldArgs("driftrec/RecSim-LongTermSatisfaction-v0", horizon=8),
    "ideal": WorldArgs("driftrec/Sardine-SlateTopK-BoredInf-v0", horizon=6, slate_size=4),
    "partial": WorldArgs(
        "driftrec/Sardine-SlateTopK-Bored-v0", horizon=6, slate_size=4, options='{"observation": "partial"}'
    ),
    "single": WorldArgs("driftrec/Sardine-SingleItem-BoredInf-v0", horizon=6),
}
AHEAD = {"weights": [0, 1, 2], "users": 4}
MORE: dict[str, Any] = {  # elsewhere nothing is to come
    "texts": {"future": {**AHEAD, "lanes": 16, "log_steps": 20}, "refits": 1},
    "evolution": {"future": AHEAD, "value_steps": 200},
}
NEAR, FAR = ["myopic", "refitted"], ["myopic", "farsighted", "refitted"]
FITTED = {name: FAR if name in MORE else NEAR for name in WORLDS}
LOGGED, PILOT = 16 * 12, {"responses": 16 * 50}  # the average user is fitted to a pilot


def settings(name, **changes):
    return updated(settings_of(WORLDS[name].world), {**TOY, **MORE.get(name, {}), **changes})


def trained(name, folder, seed=5, **told):
    setup = made(WORLDS[name])
    return setup, train(setup, settings(name), seed=seed, folder=folder, **told)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Setup, run folder and reported lines of a training in every world above."""
    done = {}
    for name in WORLDS:
        folder, lines = tmp_path_factory.mktemp(name), []
        setup, path = trained(name, folder, report=lines.append)
        assert path == folder / FILE
        done[name] = setup, folder, lines
    return done


def served(setup, policy):
    """Its engagement on the users that trainings are measured on."""
    return mean_engagement(setup.world, policy, user_seeds(5, "validation", 8), setup.horizon)


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


@pytest.mark.parametrize("name", WORLDS)
def test_loading_gives_the_policies_back(name, runs):
    setup, folder, _ = runs[name]
    curve = pd.read_csv(folder / "curve.csv").set_index("stage").mean_episode_engagement
    assert served(setup, load_ppo(setup, str(folder), greedy=True)) == pytest.approx(curve["ppo"].max(), rel=1e-12)
    refitted = served(setup, load_greedy(setup, str(folder), farsighted=True))
    assert refitted == pytest.approx(curve["refitted"], rel=1e-12)


@pytest.mark.parametrize("name", WORLDS)
def test_a_users_slates_do_not_depend_on_how_many_are_served(name, runs, shown):
    setup, folder, _ = runs[name]
    policies = [load_ppo(setup, str(folder), greedy) for greedy in (True, False)]
    policies += [load_greedy(setup, str(folder), farsighted) for farsighted in (True, False)]
    if name == "texts":
        for entry in build_entries(setup, [f"mmr:{folder}", "myopic-oracle"], seed=0):
            policies += entry.policies.values()
    for policy in policies:
        few, many = (shown(setup.world, policy, users) for users in (5, 40))
        np.testing.assert_array_equal(few, many[:, :5])


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


@pytest.mark.parametrize("name", MORE)
def test_the_myopic_policy_leaves_out_what_comes_after(name, runs):
    setup, folder, _ = runs[name]
    near, far = (load_greedy(setup, str(folder), farsighted).judge for farsighted in (False, True))
    saved = load_checkpoint(folder, setup).weights["ranker.future"]
    for judge in (near, far):
        assert torch.equal(judge.ranker.future, saved)
        judge.ranker.future.copy_(1000.0 * torch.randn(len(saved), generator=torch.Generator().manual_seed(0)))
    seen = setup.world.observe(setup.world.reset(np.arange(30, dtype=np.uint64)))
    view = near.view(seen)
    np.testing.assert_array_equal(view.value, view.engagement)
    assert not np.array_equal(far.view(seen).gains, view.gains)


def test_sampled_slates_are_drawn_from_the_seed(runs):
    setup, folder, _ = runs["ideal"]
    policy = load_ppo(setup, str(folder), greedy=False)
    seen, slates = setup.world.observe(setup.world.reset(np.arange(30, dtype=np.uint64))), []
    for seed in (0, 1, 1, 2):
        slates.append(policy.act(seen))  # before any reset as after one with seed 0
        policy.reset(30, seed)
    slates.append(policy.act(seen))
    assert np.array_equal(slates[0], slates[1])
    assert np.array_equal(slates[2], slates[3])
    assert not np.array_equal(slates[2], slates[4])
    assert all(len(set(slate)) == 4 for slate in slates[0].tolist())


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


def test_a_policy_trained_on_the_truth_is_served_with_it_and_marked(tmp_path):
    setup = made(WORLDS["texts"])
    train(setup, settings("texts", true_state=True), seed=5, folder=tmp_path)
    runs = [f"{name}:{tmp_path}" for name in ("myopic", "farsighted", "ppo")]
    entries = build_entries(setup, ["random", *runs], seed=0)
    assert [entry.oracle for entry in entries] == [False, True, True, True]
    results = compare(setup, entries, users=6, seed=0, baseline="random")
    assert results.summary["policies"]["ppo"]["oracle"] is True


@pytest.mark.parametrize("iterative", [True, False])
def test_picks_move_with_those_before_them_only_where_they_may(tmp_path, monkeypatch, iterative):
    monkeypatch.setattr(KeepBest, "restore", lambda self: None)  # the last weights, not the best
    setup, how = made(WORLDS["texts"]), settings("texts", ppo={**TOY["ppo"], "iterative": iterative})
    checkpoint = load_checkpoint(train(setup, how, seed=4, folder=tmp_path), setup)
    assert bool(checkpoint.weights["ppo.head.partial.weight"].any()) is iterative
    assert checkpoint.weights["ppo.head.bias"].any()


def test_policies_of_a_run_meet_the_same_users_as_others(runs):
    setup, folder, _ = runs["texts"]
    entries = build_entries(setup, ["random", f"ppo:{folder}", f"again=ppo:{folder}"], seed=0)
    policies = compare(setup, entries, users=12, seed=5, baseline="random").summary["policies"]
    assert policies["ppo"]["engagement"] == policies["again"]["engagement"]
    assert policies["random"]["versus_baseline"]["difference"] == 0.0


def texts(setup, **changes):
    return replace(setup, setting=replace(setup.setting, **changes))


def other_texts(setup):
    catalogue = setup.setting.catalogue
    return texts(setup, catalogue=replace(catalogue, quality=catalogue.quality + 1))


BORED_INF = "driftrec/Sardine-SlateTopK-BoredInf-v0"
GENERATED = WorldArgs(BORED_INF, slate_size=4, options='{"embeddings": "generated"}')
ELSEWHERE = {
    "encoder": ("texts", lambda setup: texts(setup, encoder_fingerprint="x"), "with differs in text encoder"),
    "catalogue": ("texts", other_texts, "differs in catalogue"),
    "size": ("texts", lambda _: made(replace(WORLDS["texts"], slate_size=4)), "slates of 5, not 4; use --slate-size"),
    "world": (
        "ideal",
        lambda _: set_up(WorldArgs("driftrec/Sardine-SlateTopK-Bored-v0", slate_size=4)),
        "differs in world .* train anew",
    ),
    "slates": ("ideal", lambda _: set_up(WorldArgs(BORED_INF, slate_size=5)), "slates of 4, not 5; use --slate-size"),
    "items": ("ideal", lambda _: set_up(GENERATED), "differs in items .* train anew"),
    "observation": (
        "ideal",
        lambda _: set_up(WorldArgs(BORED_INF, slate_size=4, options='{"observation": "partial"}')),
        "differs in world",
    ),
    "kind of world": (
        "texts",
        lambda _: made(WORLDS["ideal"]),
        f"in {NEWS}, another kind of world. Give --world {NEWS}",
    ),
    "kind of world too": ("ideal", lambda _: made(WORLDS["texts"]), f"in {BORED_INF}, another kind of world"),
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_what_was_trained_elsewhere_is_refused(case, runs):
    name, change, message = ELSEWHERE[case]
    trained_in, folder, _ = runs[name]
    if case == "items" and trained_in.world.item_source == "generated":
        pytest.skip("without sardine-rec all items are generated")
    for load in (load_ppo, load_greedy):
        with pytest.raises(ValueError, match=message):
            load(change(trained_in), str(folder), True)


def test_another_horizon_is_no_other_world(runs):
    setup = set_up(WorldArgs(BORED_INF, slate_size=4, horizon=3))
    assert load_ppo(setup, str(runs["ideal"][1]), greedy=True)


def test_a_run_of_another_kind_is_refused(runs, tmp_path):
    setup = runs["ideal"][0]
    save_checkpoint(tmp_path / FILE, {}, {"kind": "other", "seed": 1, "world": asdict(setup.args)}, setup)
    for load in (load_ppo, load_greedy):
        with pytest.raises(ValueError, match=f"holds a run of kind other, not {KIND}"):
            load(setup, str(tmp_path), True)


def test_a_missing_checkpoint_is_named(runs, tmp_path):
    with pytest.raises(FileNotFoundError, match="driftrec train"):
        load_ppo(runs["texts"][0], str(tmp_path), greedy=True)


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

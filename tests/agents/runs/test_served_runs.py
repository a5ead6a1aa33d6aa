"""What is served of a run: the policies that were trained, to whom they belong, and what is refused."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import torch

from driftrec.agents.comparison.comparison import compare
from driftrec.agents.comparison.entries import build_entries
from driftrec.agents.runs.checkpoint import FILE, load_checkpoint, save_checkpoint
from driftrec.agents.runs.load import load_greedy, load_ppo
from driftrec.agents.runs.train import KIND, train
from driftrec.agents.setup import NEWS, WorldArgs, set_up
from tests.agents.every_world import made
from tests.agents.runs.toy_runs import MORE, WORLDS, served, settings


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


def test_a_policy_trained_on_the_truth_is_served_with_it_and_marked(tmp_path):
    setup = made(WORLDS["texts"])
    train(setup, settings("texts", true_state=True), seed=5, folder=tmp_path)
    runs = [f"{name}:{tmp_path}" for name in ("myopic", "farsighted", "myopic-joint", "ppo")]
    entries = build_entries(setup, ["random", *runs], seed=0)
    assert [entry.oracle for entry in entries] == [False, True, True, True, True]
    results = compare(setup, entries, users=6, seed=0, baseline="random")
    assert results.summary["policies"]["ppo"]["oracle"] is True


@pytest.mark.slow
@pytest.mark.parametrize(("encoder", "told"), [("recurrent", True), ("transformer", False)])
def test_encoders_come_back_and_those_told_the_truth_are_marked(encoder, told, tmp_path, shown):
    setup = made(WORLDS["texts"])
    train(setup, settings("texts", encoder=encoder, told_encoder=told), seed=5, folder=tmp_path)
    curve = pd.read_csv(tmp_path / "curve.csv").set_index("stage").mean_episode_engagement
    policy = load_greedy(setup, str(tmp_path), farsighted=True)
    assert served(setup, policy) == pytest.approx(curve["refitted"], rel=1e-6)
    few, many = (shown(setup.world, policy, users, steps=12) for users in (5, 20))  # beyond a window of 10 pages
    np.testing.assert_array_equal(few, many[:, :5])
    entries = build_entries(setup, ["random", f"farsighted:{tmp_path}", f"ppo:{tmp_path}"], seed=0)
    results = compare(setup, entries, users=6, seed=0, baseline="random")
    assert [results.summary["policies"][name]["oracle"] for name in ("random", "farsighted", "ppo")] == [
        False,
        told,
        told,
    ]


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

"""Feeds: their names, their planner, and the full gap table."""

import json

import numpy as np
import pandas as pd
import pytest
import tyro

from driftrec.agents.comparison.full_gap import full_gap
from driftrec.agents.oracles.planner_weights import world_key
from driftrec.agents.policy import Oracle
from driftrec.agents.registry import builders
from driftrec.agents.scenarios import feed_pages, feed_rivals
from driftrec.agents.scenarios.feed_kept import kept_pages
from driftrec.agents.scenarios.feed_pages import FeedPages, FeedWeights
from driftrec.agents.scenarios.feed_rivals import BEST_CONSTANTS, PLANNER, RIVALS
from driftrec.agents.setup import Setup, WorldArgs, make_env
from driftrec.agents.worlds.feeds import FeedKit
from driftrec.agents.worlds.kit import Effort
from driftrec.agents.worlds.kits import kit_of
from driftrec.envs.news_stream import news_stream_world
from driftrec.scripts import gap
from tests.agents.conftest import build_setup

VIDEO = "driftrec/Video-v0"
LITTLE = Effort(users=6, rounds=1)


@pytest.fixture
def setup(own_cache):
    """Video with made-up embeddings, of few pages."""
    args = WorldArgs(VIDEO, horizon=6)
    env = make_env(args)
    setting = build_setup(8, slate_size=3, history=10, horizon=5).setting
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=(count, 8)).astype(np.float32) for count in (env.world.num_items, 320)]
    items, people = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in rows)
    own = type(setting)(env.world.catalogue, env.world.personas, items, people, "made up")
    return Setup(args, env.world, env.horizon, own)


def test_a_feed_keeps_its_own_names(setup):
    kit = kit_of(setup)
    assert isinstance(kit, FeedKit)
    assert kit.tunes_planner
    assert set(kit.baselines) <= set(builders(setup).policies)
    oracle = builders(setup).policies["myopic-oracle"](setup.context)
    assert isinstance(oracle, FeedPages)
    assert isinstance(oracle, Oracle)


def test_tuned_weights_are_kept_and_damaged_ones_made_anew(setup, own_cache):
    lines = []
    first = kept_pages(setup.world, RIVALS, (PLANNER,), 6, 6, 1, report=lines.append)[PLANNER]
    assert "Tuning planner: 1 rounds of 6 users each" in lines[0]
    again = kept_pages(setup.world, RIVALS, (PLANNER,), 6, 6, 1, report=lambda line: pytest.fail(line))[PLANNER]
    assert again.weights == first.weights
    (file,) = own_cache.glob("feed-*.json")
    file.write_text("[1")
    with pytest.warns(UserWarning, match=r"cannot be read .*; tuning again"):
        assert kept_pages(setup.world, RIVALS, (PLANNER,), 6, 6, 1)[PLANNER].weights == first.weights
    file.unlink()


def test_the_full_gap_has_every_row_and_is_written(setup, tmp_path):
    kit = FeedKit()
    told = full_gap(setup, kit, users=8, seed=1, effort=LITTLE, report=lambda line: None)
    names = ["random", "myopic top-k", "myopic joint", "index from logs", "index refitted", "Q1", "Q2", *RIVALS]
    assert told.rows.policy.tolist() == [*names, "planner, usual thresholds", "planner on the persona alone"]
    assert (told.rows.low <= told.rows.engagement).all()
    assert len(told.ratios) == 5
    assert told.ablations.without.tolist() == list(kit.ablations)
    told.write(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        "gap.md",
        "gap.json",
        "rows.csv",
        "ratios.csv",
        "ablations.csv",
    }
    assert json.loads((tmp_path / "gap.json").read_text())["rows"] == told.rows.to_dict("records")
    assert pd.read_csv(tmp_path / "ratios.csv").ratio.tolist() == told.ratios.ratio.tolist()


def test_a_world_without_rivals_has_no_full_gap(make_setup):
    setup = make_setup(8, slate_size=3, history=10, horizon=5)
    with pytest.raises(ValueError, match=r"News-v0 has no full gap table; its kit names no rivals. Leave --full out"):
        full_gap(setup, kit_of(setup), users=4, seed=0, effort=LITTLE)


def test_the_full_gap_tries_to_improve_the_planner(setup):
    told = full_gap(
        setup, FeedKit(), users=4, seed=1, effort=LITTLE, ablate=False, rollouts=3, report=lambda line: None
    )
    assert len(told.ratios) == 6
    name, ratio = told.ratios.iloc[-1][["ratio", "mean"]]
    assert name == "planner improved by rollouts / planner (3 users)"
    assert 0.3 < ratio < 3


def test_weights_are_those_of_the_size_of_the_offer():
    few, many = (world_key(news_stream_world(num_candidates=n), 100) for n in (20, 320))
    assert few != many


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (("--rollouts", "8"), "--rollouts is 8, which is for the full tables; add --full"),
        (("--full", "--rollouts", "-3"), "--rollouts is -3; intervals need at least 2"),
    ],
)
def test_rollouts_that_cannot_be_are_told_at_once(flags, complaint):
    with pytest.raises(ValueError, match=complaint):
        gap.main(tyro.cli(gap.Args, args=["--world", VIDEO, "--users", "4", *flags]))


@pytest.mark.parametrize("users", [1, 30])
def test_news_streams_are_planned_among_what_is_on_offer(users):
    world = news_stream_world(num_candidates=40)
    state = world.reset(np.arange(users, dtype=np.uint64))
    for policy in (FeedPages(world), FeedPages(world, joint=False)):
        policy.see(state)
        slates = policy.act({})
        assert slates.shape == (users, world.slate_size)
        assert slates.max() < 40
        assert all(len(set(slate)) == world.slate_size for slate in slates.tolist())
    expected = np.take_along_axis(world.expected_engagement(state), slates, axis=1)
    best = np.sort(world.expected_engagement(state), axis=1)[:, ::-1][:, : world.slate_size]
    np.testing.assert_allclose(np.sort(expected, axis=1)[:, ::-1], best, rtol=1e-5)


@pytest.mark.slow  # for the filled pool
def test_a_pool_of_the_best_is_enough_to_fill_pages(monkeypatch):
    """Pages filled from all that is on offer are the same for nearly all users."""
    world = news_stream_world()
    state = world.reset(np.arange(300, dtype=np.uint64))
    policy = FeedPages(world, FeedWeights(bar=5.0, annoyance=5.0))
    policy.see(state)
    few = policy.act({})
    monkeypatch.setattr(feed_pages, "POOL", world.num_items)
    assert (few == policy.act({})).all(axis=1).mean() > 0.98


def test_a_planner_starts_from_what_earns_most(setup, monkeypatch):
    monkeypatch.setattr(feed_rivals, "tune_rival", lambda world, rival, start, **rest: rival.pages(world, start))
    good, bad = FeedWeights(worth=1.0, bar=1.0), FeedWeights(opening=-50.0, bar=1.0)
    sizes = {"horizon": 6, "users": 20, "rounds": 1}
    near = {BEST_CONSTANTS: FeedWeights(), PLANNER: bad}
    found = feed_rivals.tune_rivals(setup.world, RIVALS, (BEST_CONSTANTS, PLANNER), near=near, **sizes)
    assert found[PLANNER].weights == found[BEST_CONSTANTS].weights
    found = feed_rivals.tune_rivals(setup.world, RIVALS, (PLANNER,), near=near, others={PLANNER: good}, **sizes)
    assert found[PLANNER].weights == good

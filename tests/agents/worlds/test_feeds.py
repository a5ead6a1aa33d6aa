"""Feeds: their names, their planner, and the full gap table."""

import json

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.comparison.full_gap import full_gap
from driftrec.agents.policy import Oracle
from driftrec.agents.registry import builders
from driftrec.agents.scenarios.feed_kept import kept_pages
from driftrec.agents.scenarios.feed_pages import FeedPages
from driftrec.agents.scenarios.feed_rivals import PLANNER, RIVALS
from driftrec.agents.setup import Setup, WorldArgs, make_env
from driftrec.agents.worlds.feeds import FeedKit
from driftrec.agents.worlds.kit import Effort
from driftrec.agents.worlds.kits import kit_of
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
    gap = full_gap(setup, kit, users=8, seed=1, effort=LITTLE, report=lambda line: None)
    names = ["random", "myopic top-k", "myopic joint", "index from logs", "index refitted", "Q1", "Q2", *RIVALS]
    assert gap.rows.policy.tolist() == [*names, "planner, usual thresholds", "planner on the persona alone"]
    assert (gap.rows.low <= gap.rows.engagement).all()
    assert len(gap.ratios) == 5
    assert gap.ablations.without.tolist() == list(kit.ablations)
    gap.write(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        "gap.md",
        "gap.json",
        "rows.csv",
        "ratios.csv",
        "ablations.csv",
    }
    assert json.loads((tmp_path / "gap.json").read_text())["rows"] == gap.rows.to_dict("records")
    assert pd.read_csv(tmp_path / "ratios.csv").ratio.tolist() == gap.ratios.ratio.tolist()


def test_a_world_without_rivals_has_no_full_gap(make_setup):
    setup = make_setup(8, slate_size=3, history=10, horizon=5)
    with pytest.raises(ValueError, match=r"News-v0 has no full gap table; its kit names no rivals. Leave --full out"):
        full_gap(setup, kit_of(setup), users=4, seed=0, effort=LITTLE)

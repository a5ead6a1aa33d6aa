"""Comparisons packed as Parquet are the same comparisons; those that are shipped can be drawn again."""

import json
from pathlib import Path

import pandas as pd
import pytest

from driftrec.agents.evaluation.summary import read_results, write_results
from driftrec.agents.report.packed import pack
from tests.agents.evaluation.conftest import episodes, journeys, results, shown, steps, summary  # noqa: F401

ROOT = Path(__file__).parents[3]
SHIPPED = sorted(file.parent for file in (ROOT / "results").rglob("episodes.parquet"))


@pytest.fixture
def run(results, tmp_path):  # noqa: F811
    """A run folder whose names look like numbers and like nothing."""
    folder = tmp_path / "run"
    renamed = {"content": "007", "ppo": "NA"}
    write_results(folder, results)
    for name in ("episodes", "steps", "journeys"):
        table = getattr(results, name)
        table.assign(policy=table.policy.replace(renamed)).to_csv(folder / f"{name}.csv", index=False)
    (folder / "config.json").write_text(json.dumps({"seed": 11}))
    return folder


def test_what_is_packed_comes_back(run, tmp_path):
    before = read_results(run)
    written = pack(before, run, tmp_path / "out")
    assert {file.name for file in written} == {file.name for file in (tmp_path / "out").iterdir()}
    assert not list((tmp_path / "out").glob("*.csv"))
    after = read_results(tmp_path / "out")
    for name in ("episodes", "steps", "journeys"):
        pd.testing.assert_frame_equal(getattr(after, name), getattr(before, name))
    assert {"007", "NA"} <= set(after.episodes.policy)
    assert after.summary == before.summary
    assert json.loads((tmp_path / "out" / "config.json").read_text()) == {"seed": 11}


def test_tables_of_a_comparison_that_is_made_again_win_over_packed_ones(run, tmp_path):
    before = read_results(run)
    pack(before, run, tmp_path / "out")
    before.episodes.assign(engagement=1.0).to_csv(tmp_path / "out" / "episodes.csv", index=False)
    assert set(read_results(tmp_path / "out").episodes.engagement) == {1.0}


def test_some_are_shipped_and_small():
    assert SHIPPED
    assert sum(file.stat().st_size for folder in SHIPPED for file in folder.glob("*.parquet")) < 1_000_000


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_shipped_tables_are_those_of_the_summary(folder):
    shipped = read_results(folder)
    means = shipped.episodes.groupby("policy").engagement.mean()
    told = {name: policy["engagement"]["mean"] for name, policy in shipped.summary["policies"].items()}
    assert means.to_dict() == pytest.approx(told)

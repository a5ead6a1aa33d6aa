"""Deployments of several seeds as one table."""

import json

import numpy as np
import pandas as pd

from driftrec.agents.studies.rounds_overview import rounds_overview
from driftrec.agents.studies.rounds_study import ROUNDS
from driftrec.scripts import rounds
from driftrec.scripts.arguments import parse

PLACES = 40


def kept(folder, seed, gain):
    """What is kept of a deployment in which the second arm earns ``gain`` more of every place."""
    totals = np.random.default_rng(seed).gamma(2.0, 20.0, PLACES)
    shown = {"fresh_share": 0.1, "fresh_engagement": 2.0, "engagement_per_impression": 1.5}
    arms = {
        "frozen": {"totals": totals.tolist(), "recovery": {"4": None}, **shown},
        "refit": {"totals": (totals + gain).tolist(), "recovery": {"4": 1}, **shown, "fresh_engagement": None},
    }
    told = {"unit": "minutes", "users": PLACES, "seed": seed, "rounds": [0, 1], "baseline": "frozen", "arms": arms}
    folder.mkdir()
    (folder / "summary.json").write_text(json.dumps(told))
    made = {"version": ["first-text", "refit-0000"], "arm": [None, "refit"], "env_steps": [900, 0]}
    pd.DataFrame({**made, "cpu_seconds": [60.0, 3.0 + seed]}).to_csv(folder / "versions.csv", index=False)
    return folder


def test_seeds_are_joined_in_pairs(tmp_path):
    """Places differ by tens of minutes: unpaired, a gain of 4 would not be told from none."""
    folders = {f"Video-{seed}": kept(tmp_path / str(seed), seed, 3.0 + seed) for seed in (1, 2)}
    lines = rounds_overview({**folders, "Music-shock-1": kept(tmp_path / "music", 1, 0.0)}).splitlines()
    assert [line for line in lines if line.startswith("## ")] == ["## Video", "## Music-shock"]
    assert "2 rounds, 40 places, seeds 1, 2, minutes." in lines
    row = next(line for line in lines if line.startswith("| refit"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2] == "+4.5 [+4.0, +5.0]"
    assert cells[4:] == ["1, 1", "10.0%", "", "1.500", "0", "4"]
    assert "| never, never |" in next(line for line in lines if line.startswith("| frozen"))
    assert next(line for line in lines if line.startswith("| first")).endswith("| 900 | 60 |")


def test_the_study_is_what_the_command_takes():
    """All seeds of a world differ by the seed alone, and every plan is one."""
    plans = {}
    for name, (verb, *words) in ROUNDS.probes.items():
        assert verb == "rounds"
        plans[name] = rounds._plan(parse(verb, rounds.Args, words))
    assert {plan.rounds for plan in plans.values()} == {8}
    assert {plan.seed for plan in plans.values()} == {1, 2, 3}
    assert plans["Video-shock-1"].moves.shocks
    assert not plans["NewsStream-3"].moves.shocks

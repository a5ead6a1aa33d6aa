"""The loop: what it leaves in the folder, and that a kill at any moment changes no number."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from driftrec.agents.fitting_worlds.lives import told_lives
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.rounds.arms import arms_of
from driftrec.agents.rounds.folder import RoundsFolder
from driftrec.agents.rounds.joined_log import join_logs
from driftrec.agents.rounds.plan import Deployment
from driftrec.agents.rounds.rounds_table import recovery
from tests.agents.rounds.toy_rounds import played, toy_plan, toy_setup

ARMS = ("frozen", "refit", "refit-prices", "ppo", "refit-ppo")
ROUNDS = 2
KILLS = 10


@pytest.fixture(scope="module")
def whole(
    one_thread: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, pd.DataFrame, dict[str, Any], float]:
    """A deployment that nobody killed, and the seconds of computing that it took."""
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])  # the first one imports for seconds
    root, begun = tmp_path_factory.mktemp("whole"), time.process_time()
    table, told = played(root, arms=ARMS, rounds=ROUNDS)
    return root, table, told, time.process_time() - begun


def test_every_round_of_every_arm_is_there_with_its_lineage(whole):
    root, table, told, _ = whole
    assert [tuple(row) for row in table[["round", "arm"]].to_numpy()] == [
        (r, arm) for r in range(ROUNDS) for arm in ARMS
    ]
    for row in table.itertuples():
        assert row.version == "first-text" if row.round == 0 else True
        assert row.next == (row.candidate if row.gate_promoted else row.version)
        if isinstance(row.candidate, str):
            made = json.loads((root / "versions" / row.candidate / "made.json").read_text())
            assert (made["parent"], made["arm"], made["round"]) == (row.version, row.arm, row.round)
    assert told["arms"]["frozen"]["ahead"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert set(table[table.arm == "frozen"].version) == {"first-text"}


def test_the_version_that_passed_serves_next(whole):
    _, table, _, _ = whole
    for arm in ARMS:
        rows = table[table.arm == arm]
        assert list(rows.version[1:]) == list(rows.next[:-1])


def test_arms_meet_the_same_users(whole):
    folder = RoundsFolder(whole[0])
    served = [pd.read_csv(folder.round(arm, 0) / "served.csv", dtype={"user_seed": "uint64"}) for arm in arms_of(ARMS)]
    for one, arm in zip(served, ARMS, strict=True):
        pd.testing.assert_series_equal(one.user_seed, served[0].user_seed)
        if not arm.startswith("refit") or arm == "refit-ppo":  # all but those that serve the ranker begin alike
            pd.testing.assert_frame_equal(one, served[0])


def test_a_refit_keeps_prices_that_only_a_search_changes(whole):
    """Weights are equal to the last bit: no search began. With the search for both, on purpose, they were not."""
    folder = RoundsFolder(whole[0])

    def prices(version):
        return load_file(folder.version(version) / "checkpoint.safetensors")["pace.numbers"]

    assert torch.equal(prices("refit-0000"), prices("first-text"))
    made = json.loads((folder.version("refit-prices-0000") / "made.json").read_text())
    assert made["env_steps"] > 0
    assert json.loads((folder.version("refit-0000") / "made.json").read_text())["env_steps"] == 0


def test_a_summary_tells_every_place_and_what_new_items_brought(whole):
    _, table, told, _ = whole
    for arm in ARMS:
        found, rows = told["arms"][arm], table[(table.arm == arm) & (table["round"] > 0)]
        assert sum(found["totals"]) / len(found["totals"]) == pytest.approx(found["engagement"]["mean"], abs=1e-3)
        assert found["fresh_share"] == pytest.approx(
            (rows.fresh_share * rows.impressions).sum() / rows.impressions.sum()
        )
    assert len(pd.read_csv(whole[0] / "versions.csv")) == 1 + (len(ARMS) - 1) * ROUNDS


def test_the_log_holds_what_was_served(whole):
    root, table, _, _ = whole
    row = table[(table.arm == "ppo") & (table["round"] == 1)].iloc[0]
    log = pd.read_parquet(root / "arms" / "ppo" / "round-0001" / "log.parquet")
    assert len(log) == row.impressions
    assert set(log.version) == {row.version}
    assert log.engagement.sum() == pytest.approx(row.engagement_per_impression * row.impressions, rel=1e-5)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_the_logs_of_all_rounds_are_one_log(whole, tmp_path, suffix):
    """Which is read without a repair. With slates not numbered on, on purpose, it was refused."""
    root, table, _, _ = whole
    file = tmp_path / f"all{suffix}"
    with LogWriter(file) as log:
        join_logs(Deployment(toy_plan(arms=ARMS, rounds=ROUNDS), toy_setup()), RoundsFolder(root), log)
    read = read_log(file)
    assert len(read.rows) == table.impressions.sum()
    assert set(read.policies) == {(row.arm, f"{row.round}:{row.version}") for row in table.itertuples()}
    assert read.rows["user_seed"].isna().all()
    of_arm = read.rows.groupby("policy").engagement.sum()
    expected = (table.engagement_per_impression * table.impressions).groupby(table.arm).sum()
    assert of_arm.to_dict() == pytest.approx(expected.to_dict(), rel=1e-4)
    stayed = read.rows[read.rows.policy == "frozen"].groupby("user").version.nunique()
    assert (stayed == ROUNDS).any()  # who stays has one name
    assert not [note for note in read.notes if "one slate" not in note]
    assert told_lives(read).items


def killed(root: Path, after: float) -> bool:
    """Play in a process that the system kills after so many seconds of computing; False where it was done before.

    SIGPROF, as Python leaves it, ends a process on the spot: nothing is caught, closed or flushed.
    """
    child = os.fork()
    if not child:
        signal.setitimer(signal.ITIMER_PROF, after)
        played(root, arms=ARMS, rounds=ROUNDS)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.slow
def test_a_deployment_killed_at_random_comes_to_the_same_numbers(whole, tmp_path):
    """Ten kills. With rounds written in place, not beside and renamed, on purpose, the next process failed."""
    _, table, told, seconds = whole
    kills = [killed(tmp_path, after) for after in np.random.default_rng(3).uniform(0.01, 0.2, KILLS) * seconds]
    assert sum(kills) >= KILLS - 3
    again, told_again = played(tmp_path, arms=ARMS, rounds=ROUNDS)
    pd.testing.assert_frame_equal(again, table, check_exact=True)
    assert told_again == told
    assert not list(tmp_path.rglob("*.part"))


def test_a_damaged_record_is_told(whole, tmp_path):
    (arm,) = arms_of(["ppo"])
    folder = RoundsFolder(tmp_path)
    folder.round(arm, 0).mkdir(parents=True)
    with pytest.raises(ValueError, match=r"record\.json is damaged .* remove its folder, and resume"):
        folder.record(arm, 0)
    (folder.round(arm, 0) / "record.json").write_text('{"arm": "refit", "round": 0}')
    with pytest.raises(ValueError, match="is of arm 'refit', round 0; remove its folder"):
        folder.record(arm, 0)


def test_what_is_missing_is_told(tmp_path):
    (arm,) = arms_of(["ppo"])
    folder = RoundsFolder(tmp_path)
    with pytest.raises(ValueError, match=r"round-0002/users\.npz is missing; remove its folder, and resume"):
        folder.kept(arm, 2, "users.npz")
    with pytest.raises(ValueError, match=r"versions/ppo-0001 is missing or not whole, .* round 2 of arm 'ppo'"):
        folder.served_by(arm, 2, "ppo-0001")


def test_recovery_counts_rounds_until_engagement_is_back():
    rows = pd.DataFrame({"round": range(6), "engagement": [10.0, 10.0, 7.0, 9.0, 9.6, 4.0]})
    assert recovery(rows, [2, 5, 9]) == {"2": 2, "5": None}
    assert recovery(rows, [1]) == {"1": 0}

"""The log of impressions: what stands in it adds up to the tables of the comparison."""

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.comparison.comparison import compare
from driftrec.agents.comparison.comparison_log import ComparisonLog
from driftrec.agents.comparison.entries import build_entries
from driftrec.agents.logbook import log_writer
from driftrec.agents.logbook.log_table import LOG_SCHEMA
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.setup import WorldArgs, set_up

SMALL = WorldArgs("driftrec/Sardine-SlateTopK-Bored-v0", slate_size=3, horizon=6, options='{"embeddings": "generated"}')
READERS = {
    ".csv": lambda file: pd.read_csv(file, dtype={"item": str, "user": str, "version": str}),
    ".parquet": pd.read_parquet,
}


def logged(setup, file, users=12, policies=("random", "myopic-oracle")):
    entries = build_entries(setup, policies, seed=1)
    with ComparisonLog(file, file.with_suffix(".parts")) as log:
        results = compare(setup, entries, users=users, seed=1, baseline="random", log=log)
    return results, READERS[file.suffix](file)


@pytest.mark.parametrize("suffix", READERS)
def test_clicks_and_engagement_add_up_to_the_episodes(make_setup, tmp_path, suffix):
    setup = make_setup(40)
    results, log = logged(setup, tmp_path / f"log{suffix}", policies=("random", "content"))
    log = log.assign(user=log.user.astype(int))
    of_user = log.groupby(["policy", "user"])
    episodes = results.episodes.set_index(["policy", "user"])
    pd.testing.assert_series_equal(
        of_user.engagement.sum(), episodes.engagement, check_dtype=False, check_like=True, rtol=1e-5
    )
    pd.testing.assert_series_equal(of_user.step.nunique(), episodes.steps, check_names=False, check_like=True)
    pd.testing.assert_series_equal(of_user.session.max(), episodes.sessions, check_names=False, check_like=True)
    slates = log[log.clicked].groupby(["policy", "user"]).step.nunique()
    clicks = episodes.clicks[episodes.clicks > 0]
    pd.testing.assert_series_equal(slates, clicks, check_names=False, check_like=True)
    assert (log.groupby(["policy", "user", "step"]).position.max() == setup.slate_size - 1).all()
    assert set(log.item) <= set(setup.world.catalogue.ids)
    assert (log.groupby(["policy", "user", "session"]).time.nunique() == 1).all()  # nobody is away in a session
    assert (log.groupby(["policy", "user"]).time.min() == 0).all()
    assert log.version.isna().all()
    assert (log.groupby("slate").size() == setup.slate_size).all()
    assert log.slate.is_monotonic_increasing
    assert (log.groupby("user").user_seed.nunique() == 1).all()


def test_both_formats_and_any_size_of_a_chunk_hold_the_same(tmp_path, monkeypatch):
    setup = set_up(SMALL)
    _, whole = logged(setup, tmp_path / "whole.parquet")
    monkeypatch.setattr(log_writer, "AT_A_TIME", 50)
    for suffix in READERS:
        _, log = logged(setup, tmp_path / f"parts{suffix}")
        same = {"candidates": [None] * len(log)}  # Parquet's nothing is None, CSV's NaN
        pd.testing.assert_frame_equal(log.assign(**same), whole.assign(**same), check_dtype=False)
    assert len(whole) == 2 * 12 * 6 * 3
    assert set(whole.item) <= set(map(str, range(setup.world.num_items)))


def test_nothing_is_written_over_and_the_suffix_is_known(tmp_path):
    (tmp_path / "log.csv").touch()
    with pytest.raises(FileExistsError, match=r"log\.csv is there already; give a new file"):
        LogWriter(tmp_path / "log.csv")
    with pytest.raises(ValueError, match=r"log\.xlsx' must end in \.csv or \.parquet"):
        LogWriter(tmp_path / "log.xlsx")


class Failing:
    """Fails at the third slate."""

    def __init__(self, context):
        self.steps = 0

    def reset(self, num_users, seed):
        self.shape = (num_users, 3)

    def act(self, observation):
        self.steps += 1
        if self.steps == 3:
            raise RuntimeError("no more")
        return np.tile(np.arange(3), (self.shape[0], 1))


def test_what_was_served_before_a_failure_is_there(tmp_path):
    setup = set_up(SMALL)
    entries = build_entries(setup, ["random", f"own={__name__}:Failing"], seed=1)
    with ComparisonLog(tmp_path / "log.parquet", tmp_path / "parts") as log:
        results = compare(setup, entries, users=5, seed=1, baseline="random", log=log)
    assert "own" in results.summary["failed"]
    rows = pd.read_parquet(tmp_path / "log.parquet")
    assert rows[rows.policy == "own"].step.max() == 1
    assert rows[rows.policy == "random"].step.max() == 5


@pytest.mark.parametrize("suffix", READERS)
def test_a_full_disk_costs_the_log_alone(tmp_path, monkeypatch, suffix):
    def full(*args, **told):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    monkeypatch.setattr(log_writer.pq, "ParquetWriter", full)
    monkeypatch.setattr(log_writer, "AT_A_TIME", 50)
    setup, file = set_up(SMALL), tmp_path / f"log{suffix}"
    entries = build_entries(setup, ["random", "myopic-oracle"], seed=1)
    with ComparisonLog(file, file.with_suffix(".parts")) as log:
        results = compare(setup, entries, users=5, seed=1, baseline="random", log=log)
    assert not results.summary["failed"]
    assert log.fault == f"The log {file} could not be written (No space left on device)."
    assert not file.exists()


@pytest.mark.parametrize("suffix", READERS)
def test_propensities_are_those_of_the_policy_and_multiply(make_setup, tmp_path, suffix):
    _, log = logged(make_setup(8), tmp_path / f"log{suffix}", policies=("random", "content", "epsilon:0.4:content"))
    assert list(log) == LOG_SCHEMA.names
    items = 1000
    of = dict(iter(log.groupby("policy")))
    assert np.allclose(of["random"].propensity, 1 / (items - of["random"].position))
    assert np.allclose(of["random"].marginal, 1 / items)
    assert of["content"][["propensity", "marginal", "slate_propensity"]].isna().all(axis=None)  # cannot say
    mixed = of["epsilon:0.4:content"]
    wholes = mixed.groupby("slate").agg(product=("propensity", "prod"), whole=("slate_propensity", "first"))
    assert np.allclose(wholes["product"], wholes.whole, rtol=1e-9, atol=0)
    drawn = wholes.whole < 0.5
    assert np.allclose(wholes.whole[~drawn], 0.6, atol=1e-9)
    assert abs(drawn.mean() - 0.4) < 4 * np.sqrt(0.24 / len(drawn))  # four standard errors


class Boastful:
    """Fails to say its propensity."""

    def __init__(self, context):
        self.reset(0, 0)

    def reset(self, num_users, seed):
        self.shape = (num_users, 3)

    def act(self, observation):
        return np.tile(np.arange(3), (self.shape[0], 1))

    def propensity(self, observation, slates):
        raise RuntimeError("no idea")


def test_an_error_in_a_policys_propensity_is_its_own(tmp_path):
    setup = set_up(SMALL)
    entries = build_entries(setup, ["random", f"own={__name__}:Boastful"], seed=1)
    with ComparisonLog(tmp_path / "log.parquet", tmp_path / "parts") as log:
        results = compare(setup, entries, users=5, seed=1, baseline="random", log=log)
    assert results.summary["failed"]["own"].startswith("Policy 'own' failed in propensity()")

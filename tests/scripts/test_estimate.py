"""``driftrec estimate``: from a log of a comparison to a table, files and the truth beside them."""

import json

import pandas as pd
import pytest

BORED = ("--world", "driftrec/Sardine-SlateTopK-Bored-v0", "--options", '{"embeddings": "generated"}')
SMALL = (*BORED, "--slate-size", "2", "--horizon", "4")


@pytest.fixture
def logged(driftrec):
    """A log of random slates."""
    flags = ("--policies", "random", "--users", "120", "--seed", "1", "--log", "log.parquet", "--out", "cmp")
    assert driftrec("compare", *SMALL, *flags).status == 0
    return "log.parquet"


def test_a_table_files_and_the_truth(driftrec, tmp_path, logged):
    flags = ("--policies", "random", "half=epsilon:0.5:random", "--seed", "2", "--out", "est", "--steps", "2")
    truth = ("--truth", "--truth-users", "400", "--repeats", "2")
    done = driftrec("estimate", *SMALL, "--log", logged, *flags, *truth)
    assert done.status == 0, done.err
    folder = tmp_path / "est"
    assert {path.name for path in folder.iterdir()} == {
        "config.json",
        "estimates.csv",
        "estimates.json",
        "coverage.csv",
    }
    told = json.loads((folder / "estimates.json").read_text())
    table = pd.read_csv(folder / "estimates.csv")
    assert len(table) == len(told["estimates"]) == 2 * 2 * 3 * 3
    assert set(table.policy) == {"random", "half"}
    assert table.truth.notna().all()
    assert "propensities: those in the log" in told["notes"]
    assert "clicks a slate" in done.out
    assert "intervals hold the truth" in done.out
    assert "Over 2 logs:" in done.out
    assert (pd.read_csv(folder / "coverage.csv").given == 2).all()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--log", "no.csv"), "There is no log no.csv; driftrec compare --log FILE writes one."),
        (("--log", "log.parquet", "--steps", "9"), "--steps is 9; log.parquet has users of up to 4 slates: 1 to that."),
        (("--log", "log.parquet", "--logged-by", "ppo"), "log.parquet: it holds no 'ppo'; say --logged-by with one of"),
        (("--log", "log.parquet", "--columns", "usr=a"), "--columns has 'usr', which is no column of a log."),
        (("--log", "log.parquet", "--repeats", "3"), "--repeats is 3; it must not be negative, and needs --truth."),
        (("--log", "log.parquet", "--policies", "epsilon:2:random"), "epsilon:2:random is no epsilon:SHARE:POLICY"),
        (("--log", "log.parquet", "--policies", "myopic-oracle"), "is told the users' true state, which no log holds"),
    ],
)
def test_mistakes_end_in_one_line(driftrec, logged, words, message):
    done = driftrec("estimate", *SMALL, *words, "--seed", "1", "--out", "est")
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1

"""Logs that are read: what is refused and with which words, what is mended and counted, what others' files become."""

import time

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.logbook.log_files import parse_columns
from driftrec.agents.logbook.log_reader import read_log

ITEMS = [f"n{number}" for number in range(9)]


def good():
    """Two users, the one with two slates of two positions, the other with one."""
    return pd.DataFrame(
        {
            "policy": "random",
            "user": ["a", "a", "a", "a", "b", "b"],
            "step": [0, 0, 1, 1, 0, 0],
            "time": [0.0, 0.0, 2.0, 2.0, 0.0, 0.0],
            "session": [1, 1, 2, 2, 1, 1],
            "slate": [0, 0, 2, 2, 1, 1],
            "position": [0, 1, 0, 1, 0, 1],
            "item": ["n0", "n1", "n2", "n3", "n4", "n5"],
            "clicked": [True, False, False, False, False, True],
            "engagement": [1.5, 0.0, 0.0, 0.0, 0.0, 2.0],
            "propensity": [0.5, 0.25, 0.5, 0.25, 0.5, 0.25],
            "slate_propensity": [0.125] * 6,
        }
    )


def read(tmp_path, table, suffix=".csv", **told):
    file = tmp_path / f"log{suffix}"
    table.to_csv(file, index=False) if suffix == ".csv" else table.to_parquet(file, index=False)
    return read_log(file, **told)


@pytest.mark.parametrize("value", [None, 0.5, 1e300])
@pytest.mark.parametrize("column", ["session", "slate", "position"])
def test_what_counts_must_be_whole(tmp_path, column, value):
    table = good().astype({column: float})
    table.loc[3, column] = np.nan if value is None else value
    with pytest.raises(ValueError, match=rf"log\.csv, row 4: {column} is .*; every row needs a whole number"):
        read(tmp_path, table)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_good_log_is_read_as_it_is(tmp_path, suffix):
    log = read(tmp_path, good(), suffix, items=ITEMS)
    assert log.slate_size == 2
    assert log.policies == [("random", "")]
    assert log.notes == ("1 users with one slate: nothing follows from it for them",)
    columns = ["user", "step", "time", "position", "item", "clicked", "engagement", "propensity"]
    pd.testing.assert_frame_equal(log.rows[columns], good()[columns], check_dtype=False)


def changed(column, row, value):
    """The good log with one cell changed."""

    def change(table):
        cells = table[column].astype(object).tolist()
        cells[row] = value
        return table.assign(**{column: cells})

    return change


LATER = time.time() + 1e7

REFUSED = [
    (lambda t: t.drop(columns="time"), r"log\.csv has no column 'time'; it has policy, .*--columns time=NAME"),
    (
        lambda t: t.drop(columns=["user", "item"]),
        r"has no column 'user' and none 'item'.*--columns user=NAME,item=NAME\.",
    ),
    (
        lambda t: t.drop(columns=["clicked", "engagement"]),
        r"neither clicked nor engagement, and no rating.* Say which",
    ),
    (lambda t: t[:0], r"log\.csv holds no rows\. Log some traffic"),
    (changed("user", 2, None), r"row 3: user is nan; every row needs one"),
    (changed("time", 1, "soon"), r"row 2: time is 'soon'; it must be a finite number"),
    (changed("time", 2, -1.0), r"row 3: time is -1\.0; times are hours or Unix stamps, not below 0"),
    (changed("time", 2, 2e6), r"row 3: time is 2000000\.0; more than 1,000,000 hours, and no Unix stamp"),
    (changed("time", 2, 1.6e9), r"row 1: time is 0\.0 \(and 4 more\); other rows hold Unix stamps"),
    (lambda t: t.assign(time=LATER), r"row 1: time is .* \(and 5 more\); it lies in the future"),
    (changed("clicked", 3, "perhaps"), r"row 4: clicked is 'perhaps'; write true or false"),
    (changed("engagement", 3, None), r"row 4: engagement is nan; every row needs one"),
    (changed("propensity", 3, 0.0), r"row 4: propensity is 0\.0; a chance of what was shown is above 0 and at most 1"),
    (changed("propensity", 3, 1.5), r"row 4: propensity is 1\.5; a chance"),
    (changed("slate_propensity", 0, 0.5), r"row 1: slate_propensity is 0\.5; the product of its propensities"),
    (changed("position", 3, 2), r"row 4: position is 2; positions of a slate are 0, 1, 2, \.\.\. without a gap"),
    (changed("position", 3, 0), r"row 4: position is 0; positions of a slate are"),
    (lambda t: t.assign(step=2 * t.step), r"row 3: step is 2\.0; slates of this user are missing before it"),
    (changed("user", 1, "c"), r"row 2: user is 'c'; other rows of its slate have another"),
    (changed("time", 3, 5.0), r"row 4: time is 5\.0; other rows of its slate have another"),
    (lambda t: t[:5], r"slate is 1; it has not 2 positions, as the first"),
    (lambda t: t.assign(item="x" + t.item), r"row 1: item is 'xn0' .*the catalogue has no such item.*--catalogue"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_is_named_with_row_value_and_remedy(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, change(good()), items=ITEMS)


MENDED = [
    (lambda t: pd.concat([t, t[2:4]]), "2 rows left out: each says the same as one before"),
    (lambda t: t.iloc[[2, 3, 0, 1, 4, 5]], "1 places at which rows were out of order"),
    (lambda t: t.assign(position=t.position + 1), "6 positions counted from 1: moved down by one"),
    (lambda t: t.assign(slate=t.slate.map({0: "R9", 1: "12e4", 2: "a-7"})), "3 slates of names, numbered"),
    (lambda t: t.drop(columns="session"), "3 sessions worked out of the times"),
    (lambda t: t.drop(columns="position"), "3 slates in the file's order of positions"),
    (lambda t: t.drop(columns="clicked"), "6 clicks worked out: engagement above 0"),
    (lambda t: t.assign(time=t.time * 3600 + 1.6e9), ""),
    (lambda t: t.assign(time=[1.6e9, 1.6e9, 1.6e12 + 7.2e6, 1.6e12 + 7.2e6, 1.6e9, 1.6e9]), "2 times taken for millis"),
]


@pytest.mark.parametrize(("change", "note"), MENDED, ids=range(len(MENDED)))
def test_what_is_mended_is_counted_and_gives_the_same_log(tmp_path, change, note):
    log = read(tmp_path, change(good()), items=ITEMS)
    assert not note or any(said.startswith(note) for said in log.notes), log.notes
    columns = ["user", "step", "time", "position", "item", "clicked", "engagement", "session"]
    pd.testing.assert_frame_equal(log.rows[columns], good()[columns], check_dtype=False)


def test_slates_of_unknown_items_are_left_out_whole(tmp_path):
    log = read(tmp_path, changed("item", 3, "gone")(good()), items=ITEMS)
    assert log.rows.item.tolist() == ["n0", "n1", "n4", "n5"]
    assert log.notes[0] == "1 slates left out: the catalogue lacks an item of theirs"


def test_equal_times_keep_the_order_of_the_file(tmp_path):
    ratings = pd.DataFrame({"u": [1] * 4, "i": [3, 1, 2, 1], "t": [5e8, 5e8, 5e8, 4e8], "r": [5.0] * 4})
    log = read(tmp_path, ratings, columns=parse_columns("user=u,item=i,time=t,engagement=r"))
    assert log.rows.item.tolist() == ["1", "3", "1", "2"]
    assert log.rows.step.tolist() == [0, 1, 2, 3]
    assert any(note.startswith("4 rows with one and the same engagement, 5") for note in log.notes)


RATINGS = [(7, 31, 2.5, 1_260_759_144), (7, 10, 4.0, 1_260_759_000), (8, 31, 3.0, 1_260_800_000)]


@pytest.mark.parametrize("name", ["ratings.csv", "ratings.dat"])
def test_movielens_folders(tmp_path, name):
    rows = [",".join(map(str, row)) for row in RATINGS]
    text = "\n".join(["userId,movieId,rating,timestamp", *rows] if name.endswith("csv") else rows) + "\n"
    (tmp_path / name).write_text(text if name.endswith("csv") else text.replace(",", "::"))
    log = read_log(tmp_path)
    assert log.rows[["user", "item", "engagement"]].to_numpy().tolist() == [
        ["7", "10", 4.0],
        ["7", "31", 2.5],
        ["8", "31", 3.0],
    ]
    assert np.allclose(log.rows.time, [0.0, 144 / 3600, 0.0])
    assert log.slate_size == 1


def test_one_policy_of_several(tmp_path):
    others = [good().assign(policy="b", version=str(n), slate=10 * n + good().slate) for n in (1, 2)]
    log = read(tmp_path, pd.concat([good(), *others]))
    assert len(log.only("random").rows) == len(log.only("b@2").rows) == 6
    for wrong, message in (("", "several"), ("b", "several"), ("c", "it holds no 'c'")):
        with pytest.raises(ValueError, match=rf"{message}.*--logged-by with one of random, b@1, b@2"):
            log.only(wrong)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user", "--columns has 'user'; write OURS=THEIRS"),
        ("usr=a", r"--columns has 'usr', which is no column of a log\. .*user"),
        ("user=a,user=b", "--columns says 'user' twice"),
    ],
)
def test_maps_of_columns_are_checked(text, message):
    with pytest.raises(ValueError, match=message):
        parse_columns(text)


def test_files_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no log"):
        read_log(tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError, match=r"holds no ratings\.csv and no ratings\.dat"):
        read_log(tmp_path)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ValueError, match=r"empty\.csv is empty: not even a heading"):
        read_log(tmp_path / "empty.csv")
    (tmp_path / "bad.parquet").write_text("no")
    with pytest.raises(ValueError, match=r"bad\.parquet cannot be read as \.parquet"):
        read_log(tmp_path / "bad.parquet")
    with pytest.raises(ValueError, match="has no column 'userId', which --columns names"):
        read(tmp_path, good(), columns={"user": "userId"})


DATES = ["2026-01-05T18:00:00", "2026-01-05 20:00:00", "2026-01-06T18:00:00Z", "2026-01-06T19:30:00+01:00"]


@pytest.mark.parametrize("kind", ["texts", "texts as parquet", "datetime64"])
def test_times_that_are_dates_are_read(tmp_path, kind):
    """They were "no finite number", or lay in the future."""
    times = pd.to_datetime(DATES, utc=True, format="ISO8601").tz_localize(None) if kind == "datetime64" else DATES
    table = pd.DataFrame({"user": "a", "item": list("xyxz"), "time": times, "engagement": 1.0})
    log = read(tmp_path, table, ".csv" if kind == "texts" else ".parquet")
    assert sorted(log.rows.time) == [0.0, 2.0, 24.0, 24.5]
    assert log.rows.start.iloc[0] == pytest.approx(pd.Timestamp(DATES[0]).timestamp() / 3600)
    assert "4 times read as dates, in UTC where they name no zone" in log.notes


def test_what_is_no_date_among_dates_is_named(tmp_path):
    table = pd.DataFrame({"user": "a", "item": "x", "time": [*DATES, "yesterday"], "engagement": 1.0})
    with pytest.raises(ValueError, match=r"row 5: time is 'yesterday'; other rows hold dates such as 2026-11-30T18"):
        read(tmp_path, table)


ODD_DATES = {
    "9999-01-05T10:00:00": "time is '9999-01-05T10:00:00'; it lies in the future. Mend the row.",
    "1971-01-05T10:00:00": "time is '1971-01-05T10:00:00'; dates are of 1973 and later. Count hours instead.",
    "2190-01-05T10:00:00": "time is '2190-01-05T10:00:00'; it lies in the future. Mend the row.",
}


@pytest.mark.parametrize("date", ODD_DATES)
def test_dates_of_no_log_are_named_as_they_stand(tmp_path, date):
    table = pd.DataFrame({"user": "a", "item": "x", "time": [*DATES, date], "engagement": 1.0})
    with pytest.raises(ValueError, match=f"row 5: {ODD_DATES[date]}"):
        read(tmp_path, table)


def test_columns_of_movielens_are_known(tmp_path):
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,2,3,1000000000\n")
    with pytest.raises(ValueError, match=r"is a folder of MovieLens, whose columns are known\. Leave --columns out"):
        read_log(tmp_path, {"engagement": "nonsense"})

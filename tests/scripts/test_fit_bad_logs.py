"""``driftrec fit`` of logs as they should not be: a line that says what is wrong, or a count of what was mended."""

import numpy as np
import pandas as pd
import pytest

from driftrec.simulators.fitted.folder import load_world

FAST = (
    *("--fitting.epochs", "1", "--fitting.least-steps", "1", "--fitting.dims", "2", "--fitting.topics", "3"),
    *("--bootstrap", "2", "--seed", "1", "--out", "world"),
)
SECOND = 1_500_000_000


def ratings(users=20, events=12):
    """A log of ratings, a day between any two of a user's."""
    rng = np.random.default_rng(1)
    when = [(user, event) for user in range(users) for event in range(events)]
    rows = [(f"u{user}", f"n{rng.integers(9)}", SECOND + 86_400 * event, 1.0 + event % 5) for user, event in when]
    return pd.DataFrame(rows, columns=["user", "item", "time", "engagement"])


def cell(column, row, value):
    """The log with one cell changed."""

    def change(table):
        cells = table[column].astype(object).tolist()
        cells[row] = value
        return table.assign(**{column: cells})

    return change


REFUSED = [
    (lambda t: t[:0], "log.csv holds no rows"),
    (cell("time", 3, -5), "log.csv, row 4: time is -5"),
    (cell("time", 3, 4e9), "log.csv, row 4: time is 4000000000.0; it lies in the future"),
    (lambda t: t.assign(propensity=0.0), "log.csv, row 1: propensity is 0.0 (and 239 more); a chance"),
    (lambda t: t.assign(propensity=1.5), "log.csv, row 1: propensity is 1.5 (and 239 more); a chance"),
    (
        lambda t: t.groupby("user").head(1).assign(item=["n0", "n1"] * 10),
        "None of the 20 users has so many slates that some can be held back",
    ),
    (lambda t: t[:4], "log.csv holds 0 items and 0 users; a fit needs 2 of each at least. 4 events left out: of items"),
    (cell("engagement", 3, -5), "log.csv: engagement is -5 (1 rows below 0); in a fitted world it is 0 or more."),
    (lambda t: t.assign(item="n0"), "log.csv holds 1 items and 20 users; a fit needs 2 of each at least."),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_mended_ends_in_one_line(driftrec, tmp_path, change, message):
    change(ratings()).to_csv(tmp_path / "log.csv", index=False)
    done = driftrec("fit", "--log", "log.csv", *FAST)
    assert (done.status, message in done.err) == (2, True), done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "world").exists()


def odd(table):
    """Rows twice and out of order, seconds and milliseconds, a user of one event, and one rating everywhere."""
    mixed = table.assign(time=table.time.where(table.index % 2 == 0, 1000 * table.time), engagement=3.0)
    return pd.concat([mixed[::-1], mixed[:3], mixed[:1].assign(user="once")])


MENDED = [
    (
        odd,
        (
            "3 rows left out: each says the same as one before",
            "places at which rows were out of order",
            "120 times taken for milliseconds among seconds",
            "1 users with one slate: nothing follows from it for them",
            "241 rows with one and the same engagement, 3",
        ),
    ),
    (lambda t: t.assign(time=SECOND), ("20 sessions worked out of the times",)),
]


@pytest.mark.parametrize(("change", "notes"), MENDED, ids=["odd", "one time"])
def test_what_is_mended_is_counted_and_fitted(driftrec, tmp_path, change, notes):
    change(ratings()).to_csv(tmp_path / "log.csv", index=False)
    done = driftrec("fit", "--log", "log.csv", *FAST)
    assert done.status == 0, done.err
    assert not [note for note in notes if note not in done.out]
    assert np.isfinite(list(load_world(tmp_path / "world").numbers().values())).all()


def test_items_that_the_catalogue_lacks_are_left_out_and_counted(driftrec, tmp_path, rows, tiny_model):
    """Refused whole before, of however many rows. Where most are strange the catalogue is another's: refused."""
    (tmp_path / "items.csv").write_text(rows)
    ids = [line.split(",")[0] for line in rows.splitlines()[1:]]
    assert driftrec("encode", "--catalogue", "items.csv", "--out", "items", "--model", tiny_model).status == 0
    log = ratings()
    log = log.assign(item=[ids[int(item[1:])] for item in log.item])
    cell("item", 7, "gone")(log).to_csv(tmp_path / "log.csv", index=False)
    done = driftrec("fit", "--log", "log.csv", "--catalogue", "items", *FAST)
    assert done.status == 0, done.err
    assert "1 slates left out: the catalogue lacks an item of theirs" in done.out
    ratings().to_csv(tmp_path / "log.csv", index=False)
    done = driftrec("fit", "--log", "log.csv", "--catalogue", "items", *FAST[:-1], "other")
    assert (done.status, "the catalogue has no such item" in done.err) == (2, True), done.err

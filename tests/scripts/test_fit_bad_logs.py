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
    (lambda t: t.groupby("user").head(1), "None of the 20 users has so many slates that some can be held back"),
    (lambda t: t.assign(item="n0"), "log.csv holds 1 items and 20 users; a fit needs 2 of each at least."),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_mended_ends_in_one_line(driftrec, tmp_path, change, message):
    change(ratings()).to_csv(tmp_path / "log.csv", index=False)
    done = driftrec("fit", "--log", "log.csv", *FAST)
    assert (done.status, message in done.err) == (2, True), done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "world").exists()


MENDED = [
    (lambda t: pd.concat([t, t[:3]]), "3 rows left out: each says the same as one before"),
    (lambda t: t[::-1], "places at which rows were out of order"),
    (lambda t: t.assign(time=SECOND), ""),
    (lambda t: t.assign(time=t.time.where(t.index % 2 == 0, 1000 * t.time)), "120 times taken for milliseconds"),
    (lambda t: pd.concat([t, t[:1].assign(user="once")]), "1 users with one slate: nothing follows from it for them"),
    (lambda t: t.assign(engagement=3.0), "240 rows with one and the same engagement, 3"),
]


@pytest.mark.parametrize(("change", "note"), MENDED, ids=range(len(MENDED)))
def test_what_is_mended_is_counted_and_fitted(driftrec, tmp_path, change, note):
    change(ratings()).to_csv(tmp_path / "log.csv", index=False)
    done = driftrec("fit", "--log", "log.csv", *FAST)
    assert done.status == 0, done.err
    assert note in done.out
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

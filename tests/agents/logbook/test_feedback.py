"""Logs with several kinds of feedback: what counts as engagement, and what is refused."""

import pandas as pd
import pytest

from driftrec.agents.logbook.log_files import parse_columns
from driftrec.agents.logbook.log_reader import read_log


def shop(**changed):
    """Three users who looked, spent time, bought or did not."""
    told = {
        "user": ["a", "a", "b", "c"],
        "item": ["n0", "n1", "n0", "n2"],
        "time": [0.0, 1.0, 0.0, 0.0],
        "rating": [4.0, None, 2.0, None],
        "minutes": [1.5, 0.0, 2.0, None],
        "purchase": [True, False, False, None],
    }
    return pd.DataFrame({**told, **changed})


def read(tmp_path, table, columns="", suffix=".csv"):
    file = tmp_path / f"log{suffix}"
    table.to_csv(file, index=False) if suffix == ".csv" else table.to_parquet(file, index=False)
    return read_log(file, parse_columns(columns))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("formula", "engagement", "said"),
    [
        ("minutes+20*purchase", [21.5, 0.0, 2.0, 0.0], "minutes + 20 * purchase"),
        ("0.5*rating + minutes + purchase", [4.5, 0.0, 3.0, 0.0], "0.5 * rating + minutes + purchase"),
        ("3*minutes", [4.5, 0.0, 6.0, 0.0], "3 * minutes"),
    ],
)
def test_kinds_of_feedback_are_added_up_by_their_weights(tmp_path, suffix, formula, engagement, said):
    """Empty cells bring nothing, and what brought nothing was not opened. Failed with weights of 1."""
    log = read(tmp_path, shop(), f"engagement={formula}", suffix)
    assert log.rows.engagement.tolist() == engagement
    assert log.rows.clicked.tolist() == [value > 0 for value in engagement]
    assert log.notes[:2] == (
        f"4 numbers of engagement worked out: {said}",
        "4 clicks worked out: engagement above 0",
    )


@pytest.mark.parametrize("kind", ["rating", "minutes", "purchase"])
def test_the_one_kind_that_there_is_counts(tmp_path, kind):
    """Without a word; a column of ours, empty where there was none."""
    others = {"rating", "minutes", "purchase"} - {kind}
    log = read(tmp_path, shop().drop(columns=list(others)))
    assert log.rows.engagement.tolist() == shop()[kind].astype(float).fillna(0.0).tolist()
    assert log.notes[0] == f"4 numbers of engagement worked out: {kind}"


def test_engagement_of_its_own_is_taken_as_it_is(tmp_path):
    log = read(tmp_path, shop(engagement=[1.0, 2.0, 3.0, 4.0]))
    assert log.rows.engagement.tolist() == [1.0, 2.0, 3.0, 4.0]
    odd = shop().rename(columns={"minutes": "2*minutes+x"})
    log = read(tmp_path, odd.assign(**{"2*minutes+x": [1.0, 0.0, 0.0, 0.0]}), "engagement=2*minutes+x")
    assert log.rows.engagement.tolist() == [1.0, 0.0, 0.0, 0.0]


def test_a_column_may_count_and_stand_for_another_too(tmp_path):
    log = read(tmp_path, shop(clicked=[1, 1, 0, 0]), "engagement=2*clicked+minutes")
    assert log.rows.engagement.tolist() == [3.5, 2.0, 2.0, 0.0]
    assert log.rows.clicked.tolist() == [True, True, False, False]


REFUSED = [
    (
        {},
        "",
        r"log\.csv has rating and minutes and purchase, and no engagement\. Say .*=rating\+20\*minutes",
    ),
    ({}, "engagement=minutes+20*bought", r"log\.csv has no column 'bought', which --columns names\. Known: item,"),
    (
        {},
        "engagement=minutes+0*purchase",
        r"=minutes\+0\*purchase; '0\*purchase' is neither COLUMN nor WEIGHT",
    ),
    ({}, "engagement=minutes+-1*purchase", r"'-1\*purchase' is neither"),
    ({}, "engagement=much*minutes", r"'much\*minutes' is neither"),
    ({}, "engagement=inf*minutes", r"'inf\*minutes' is neither"),
    ({}, "engagement=minutes+", r"'' is neither COLUMN nor"),
    ({}, "engagement=2*", r"'2\*' is neither"),
    ({}, "engagement=minutes+2*minutes", r"with 'minutes' twice; give it one weight"),
    ({"minutes": [1.0, -2.0, 0.0, 0.0]}, "engagement=minutes+purchase", r"row 2: minutes is -2\.0; .* counts from 0"),
    ({"minutes": [1.0, "long", 0.0, 0.0]}, "engagement=2*minutes", r"row 2: minutes is 'long'; it must be a finite"),
    (
        {"purchase": ["true", "false", "maybe", ""]},
        "engagement=2*purchase",
        r"row 3: purchase is 'maybe'; it must",
    ),
    ({"minutes": [1.0, float("inf"), 0.0, 0.0]}, "engagement=2*minutes", r"row 2: minutes is inf; it must be"),
]


@pytest.mark.parametrize(("change", "columns", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_does_not_add_up_is_refused(tmp_path, change, columns, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, shop(**change), columns)

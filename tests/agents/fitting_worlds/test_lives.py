"""LoggedUsers from logs: what is left of a log, its parts, its shuffle, and logs that cannot be fitted."""

import numpy as np
import pytest

from driftrec.agents.fitting_worlds.lives import (
    LATER,
    NOTHING,
    TEST,
    TRAIN,
    VALIDATION,
    shuffled,
    some_of,
    told_lives,
)
from driftrec.agents.fitting_worlds.segments import ABSENT, CONTEXT, LENGTH, OpenedBefore, segments
from driftrec.agents.logbook.log_reader import read_log


def read(tmp_path, text, **settings):
    (tmp_path / "log.csv").write_text(text)
    return told_lives(read_log(tmp_path / "log.csv"), **settings)


def ratings(users=3, events=20):
    times = [0.1 * event + 5 * (event // 5) for event in range(events)]  # sessions of five
    rows = [f"u{u},i{(u + e) % 25},{hour},{1 + e % 5}" for u in range(users) for e, hour in enumerate(times)]
    return "user,item,time,engagement\n" + "\n".join(rows)


SLATES = """user,time,slate,position,item,clicked,engagement
a,0,0,0,x,false,0
a,0,0,1,y,true,2
a,1,1,0,y,false,0
a,1,1,1,z,false,0
b,0,2,0,x,true,3
b,0,2,1,z,false,0
"""


def test_slates_with_what_was_passed_over(tmp_path):
    lives = read(tmp_path, SLATES)
    assert lives.items == ("x", "y", "z")
    assert lives.shown.tolist() == [[0, 1], [1, 2], [0, 2]]
    assert lives.opened.tolist() == [1, NOTHING, 0]
    assert lives.engagement.tolist() == [2, 0, 3]
    assert lives.unseen.tolist() == [0, np.inf]  # b has fewer slates than a, so left


def test_ratings_tell_what_was_consumed_alone(tmp_path):
    lives = read(tmp_path, ratings())
    assert lives.shown is None
    assert (lives.opened != NOTHING).all()
    thin = read(tmp_path, ratings(), min_events=3)
    assert set(thin.items) == {item for item in lives.items if np.sum(lives.opened == lives.items.index(item)) >= 3}
    assert any("events left out: of items with fewer than 3" in note for note in thin.notes)


def test_some_ratings_of_zero_make_no_log_of_what_was_passed_over(tmp_path):
    """One of 601 turned a log of ratings into slates of one with another model, without a word."""
    text = ratings() + "\nu1,i3,99,0"
    lives = read(tmp_path, text)
    assert (lives.shown is None, len(lives.user)) == (True, 60)
    assert [note for note in lives.notes if note.startswith("1 events left out: their engagement is 0")]
    told = text.replace("engagement", "engagement,clicked", 1).replace("\n", ",true\n")
    lives = read(tmp_path, told.replace("engagement,clicked,true", "engagement,clicked") + ",false")
    assert (lives.shown is not None, len(lives.user)) == (True, 61)  # a log that says what was opened is believed
    halves = "user,item,time,engagement\n" + "\n".join(f"u{n % 3},i{n % 5},{n},{n % 2}" for n in range(30))
    lives = read(tmp_path, halves)
    assert lives.shown is not None
    assert "15 events of engagement 0 taken for what was shown and passed over" in lives.notes
    offered = text.replace("engagement", "engagement,propensity", 1).replace("\n", ",0.5\n") + ",0.5"
    offered = offered.replace("propensity,0.5", "propensity")
    assert read(tmp_path, offered).shown is not None  # what has a chance to be shown was shown


def test_what_does_not_count_and_who_counts_twice_is_said(tmp_path):
    lives = read(tmp_path, SLATES.replace("a,1,1,1,z,false,0", "a,1,1,1,z,false,7"))
    assert "1 rows whose engagement does not count: nothing was opened" in lives.notes
    assert lives.engagement.sum() == 5
    assert read(tmp_path, SLATES.replace("a,1,1,1,z,false,0", "a,1,1,1,z,false,-1")).engagement.sum() == 5
    with pytest.raises(ValueError, match=r"log\.csv: engagement is -2 \(1 rows below 0\)"):
        read(tmp_path, SLATES.replace("a,0,0,1,y,true,2", "a,0,0,1,y,true,-2"))
    versions = "user,item,time,engagement,version\n" + "\n".join(f"u{n % 3},i{n % 5},{n},1,{n % 2}" for n in range(30))
    notes = read(tmp_path, versions).notes
    assert "3 lives of users whom several policies or versions served: each counts as a user's" in notes


def test_with_stamps_the_end_of_the_log_tells_how_long_users_were_not_seen(tmp_path):
    day = 86_400
    rows = [("a", "x", 0), ("a", "y", 1), ("b", "x", 3), ("b", "y", 10)]
    text = "user,item,time,engagement\n" + "\n".join(f"{u},{i},{1_000_000_000 + d * day},3" for u, i, d in rows)
    assert read(tmp_path, text).unseen.tolist() == [9 * 24, 0]


def test_a_slate_of_several_clicks_has_a_row_an_opening(tmp_path):
    """Failed when the part of a slate was told of all its rows, which counts them in visits and in likelihoods."""
    lives = read(tmp_path, SLATES.replace("x,false,0", "x,true,1"))
    assert lives.opened.tolist() == [0, 1, NOTHING, 0]
    assert lives.part.tolist() == [TRAIN, LATER, lives.part[2], TRAIN]
    assert lives.clicks.tolist() == [[True, True], [True, True], [False, False], [True, False]]
    assert lives.engagement.tolist() == [1, 2, 0, 3]
    assert lives.of_slates(lives.engagement).tolist() == [3, 0, 3]
    assert any(note.startswith("1 slates have several clicks") for note in lives.notes)


def test_slates_of_several_clicks_are_shuffled_whole(tmp_path):
    rows = [
        f"u,{e / 100},{e},{p},i{(3 * e + p) % 7},{str((e + p) % 3 != 0).lower()},{e + p / 10}"
        for e in range(20)
        for p in range(2)
    ]
    rows += [f"v,0,20,{p},i{p},false,0" for p in range(2)]
    lives = read(tmp_path, "user,time,slate,position,item,clicked,engagement\n" + "\n".join(rows))
    mixed = shuffled(lives, 1)
    for some in (lives, mixed):
        assert np.array_equal(some.of_slates((some.opened != NOTHING) * 1.0), some.clicks[some.heads].sum(axis=1))
        assert (np.diff(some.hours[some.user == 0]) >= 0).all()
    assert not np.array_equal(mixed.opened, lives.opened)
    assert np.array_equal(np.sort(mixed.hours[mixed.heads]), np.sort(lives.hours[lives.heads]))
    for cell in np.unique(lives.opened):
        assert (mixed.opened == cell).sum() == (lives.opened == cell).sum()


def test_some_users_alone(tmp_path):
    lives = read(tmp_path, ratings())
    some = some_of(lives, np.array([0, 2]))
    assert some.users == (lives.users[0], lives.users[2])
    np.testing.assert_array_equal(some.opened[some.user == 1], lives.opened[lives.user == 2])


def test_parts_are_in_order_and_of_every_user(tmp_path):
    lives = read(tmp_path, ratings())
    for user in range(3):
        parts = lives.part[lives.user == user]
        assert (np.diff(parts) >= 0).all()
        assert np.bincount(parts).tolist() == [14, 3, 3]
    assert (TRAIN, VALIDATION, TEST) == (0, 1, 2)
    assert read(tmp_path, SLATES).part[[0, 2]].tolist() == [TRAIN, TRAIN]  # the first is always learned from


def test_shuffling_moves_events_within_session_and_part_alone(tmp_path):
    lives = read(tmp_path, ratings())
    mixed = shuffled(lives, 1)
    assert not np.array_equal(mixed.opened, lives.opened)
    for name in ("user", "hours", "session", "part"):
        np.testing.assert_array_equal(getattr(mixed, name), getattr(lives, name))
    place = lives.user * 10_000 + lives.session * 10 + lives.part
    for group in np.unique(place):
        here = place == group
        assert sorted(mixed.opened[here]) == sorted(lives.opened[here])
    pairs = {(i, e) for i, e in zip(lives.opened, lives.engagement, strict=True)}
    assert {(i, e) for i, e in zip(mixed.opened, mixed.engagement, strict=True)} == pairs


def test_stretches_hold_every_slate_once_behind_its_own_user_s_past(tmp_path):
    lives = read(tmp_path, ratings(users=2, events=LENGTH + 7))
    rows = segments(lives)
    own = rows[:, CONTEXT:]
    assert sorted(own[own != ABSENT]) == list(range(len(lives.user)))
    for stretch in rows:
        there = stretch[stretch != ABSENT]
        assert (np.diff(there) == 1).all()
        assert len(set(lives.user[there])) == 1
    assert (rows[1] != ABSENT).sum() == LENGTH + 7


def test_what_was_opened_before(tmp_path):
    lives = read(tmp_path, SLATES)
    seen = OpenedBefore(lives)
    assert seen.same(lives.user, np.arange(3), np.ones(3, np.int64)).tolist() == [False, True, False]
    first, second = seen.runs(lives.user, np.arange(3))
    assert (first.begin, first.end, second.begin, second.end) == (0, 2, 2, 3)
    assert (first.opened.tolist(), first.again.tolist()) == ([1], [[0.0], [1.0]])
    assert second.again.shape == (1, 0)
    assert seen.repeats == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user,item,time,clicked\na,x,0,1\nb,x,0,1", "holds 1 items and 2 users; a fit needs 2 of each at least."),
        ("user,item,time,clicked\na,x,0,1\na,y,0,1", "holds 2 items and 1 users; a fit needs 2 of each at least."),
        ("user,item,time\na,x,0", "has neither clicked nor engagement"),
        ("user,item,time,clicked\na,x,-1,1", "row 1: time is -1.0; times are hours or Unix stamps, not below 0"),
    ],
)
def test_logs_that_cannot_be_fitted(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, text)


LATER_CLICK = SLATES.replace("a,1,1,1,z,false,0", "a,1,1,1,z,true,1")
"""In a slate that is not learned from."""


@pytest.mark.parametrize(
    ("text", "opened", "shown"),
    [
        (LATER_CLICK, [1, 1, 0], [2, 1, 1]),
        (LATER_CLICK.replace("x,false,0", "x,true,1"), [2, 1, 0], [2, 1, 1]),
        (ratings(users=2, events=4), [1, 2, 1, 0, 0], [4] * 5),
    ],
    ids=["one click", "several clicks", "consumed"],
)
def test_every_opening_and_showing_of_a_part_counts(tmp_path, text, opened, shown):
    """Failed when the first opening alone of a slate of several counted, and when slates of other parts did."""
    lives = read(tmp_path, text)
    assert [times.tolist() for times in lives.opened_and_shown(TRAIN)] == [opened, shown]

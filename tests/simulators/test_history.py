"""The window over impressions against the plain definition: all impressions in a row, the last ones seen."""

import numpy as np
import pytest

from driftrec.simulators.history import EMPTY, History


def slate(rng, users, size, hour):
    """Items (some positions empty), clicks, minutes and the hour."""
    items = rng.integers(EMPTY, 50, size=(users, size))
    clicks = (rng.random((users, size)) < 0.3) & (items >= 0)
    minutes = (clicks * rng.random((users, size))).astype(np.float32)
    return items, clicks, minutes, np.full(users, hour, np.float32)


def expected(past, length, now):
    """What ``observe`` must say after the slates ``past``."""
    users = len(past[0][0])
    items = np.hstack([np.full((users, length), EMPTY), *[items for items, *_ in past]])[:, -length:]
    clicked = np.hstack([np.zeros((users, length), np.int8), *[clicks for _, clicks, *_ in past]])[:, -length:]
    minutes = np.hstack([np.zeros((users, length), np.float32), *[m for *_, m, _ in past]])[:, -length:]
    hours = np.hstack([np.zeros((users, length)), *[np.tile(h[:, None], items.shape[1]) for items, *_, h in past]])
    age = np.where(items == EMPTY, 0, now[:, None] - hours[:, -length:])
    return {"shown": items, "clicked": clicked, "engagement": minutes, "age": age}


@pytest.mark.parametrize(("length", "size"), [(1, 1), (3, 7), (7, 3), (12, 4), (50, 5)])
def test_the_window_holds_the_last_impressions_however_often_it_moves(length, size):
    rng = np.random.default_rng(0)
    history, past = History(4, length, size), []
    for hour in range(3 * length):
        past.append(slate(rng, 4, size, hour))
        history.add(*past[-1])
        now = np.full(4, hour + 0.5, np.float32)
        seen = history.observe(now)
        assert [value.dtype for value in seen.values()] == [np.int32, np.int8, np.float32, np.float32]
        for name, value in expected(past, length, now).items():
            np.testing.assert_array_equal(seen[name], value, err_msg=f"{name} at {hour}")


def test_new_users_start_with_nothing_wherever_the_window_stands():
    rng = np.random.default_rng(0)
    for steps in range(12):
        history = History(5, 6, 2)
        for hour in range(steps):
            history.add(*slate(rng, 5, 2, hour))
        now = np.full(5, 99.0, np.float32)
        before = history.observe(now)
        history.put(np.array([1, 3]), History(2, 6, 2))
        after = history.observe(now)
        for name, value in after.items():
            np.testing.assert_array_equal(value[[0, 2, 4]], before[name][[0, 2, 4]])
            assert (value[[1, 3]] == (EMPTY if name == "shown" else 0)).all()

"""What comes after an item by its columns: planted and found again."""

import numpy as np
import torch

from driftrec.agents.ranker.column_future import column_future, so_far
from driftrec.agents.ranker.protocol import Logs, joined


def test_so_far_by_hand():
    engagement = np.array([[1.0, 2.0], [3.0, 0.0], [5.0, 4.0], [7.0, 1.0]])
    over = np.array([[False, False], [True, False], [False, False], [False, True]])
    steps, earned = np.moveaxis(so_far(engagement, over), 2, 0)
    assert steps.T.tolist() == [[0, 1, 0, 1], [0, 1, 2, 3]]  # a new episode after the end
    assert earned.T.tolist() == [[0, 1, 0, 5], [0, 2, 2, 6]]


EFFECT, GAMMA = np.array([0.0, 2.0, -1.0]), 0.9


def planted(steps=40, users=1500, episode=8, seed=0):
    """Logs in which an opened item of column c moves the engagement of the very next step by ``EFFECT[c]``.

    Whom it was opened by matters too: users of a high state earn more at every step, and open items of column 1.
    """
    rng = np.random.default_rng(seed)
    taste = np.repeat(rng.normal(size=(-(-steps // episode), users)), episode, axis=0)[:steps]
    first = (rng.random((steps, users)) < 1 / (1 + np.exp(-2 * taste))).astype(int)  # column of the first position
    columns = np.eye(3, dtype=np.float32)[np.stack([first, np.full_like(first, 2)], axis=2)]  # (steps, users, 2, 3)
    opened = rng.integers(-1, 2, (steps, users))  # position, -1 for none
    clicks = opened[..., None] == np.arange(2)
    moved = (columns * clicks[..., None]).sum(axis=2) @ EFFECT
    over = np.zeros((steps, users), bool)
    over[episode - 1 :: episode] = True
    earned = 3.0 + 2.0 * taste + clicks.any(axis=2) + rng.normal(size=taste.shape)  # a click earns 1 at once
    earned[1:] += np.where(over[:-1], 0.0, moved[:-1])
    engagement = np.stack([np.zeros_like(earned), earned], axis=2)
    seen = {"state": torch.from_numpy(taste[..., None].astype(np.float32))}
    return Logs(seen, *map(torch.from_numpy, (columns, clicks, engagement, over)))


def test_what_an_item_does_to_the_engagement_after_it_is_found():
    """Within 0.15 of gamma times the planted effect, 7/8 of it since what the last of eight steps does is not seen.

    Seeds 0 to 2 were 0.12 off at most. Tried: fails by 2 without the state among the regressors, by 0.4 with
    engagement counted across ends, and by 1 with that of the step itself.
    """
    found = column_future(planted(), GAMMA)
    np.testing.assert_allclose(found, GAMMA * 7 / 8 * EFFECT, atol=0.15)
    assert found.dtype == np.float32


def test_episodes_whose_end_was_not_seen_are_left_out():
    whole, begun = planted(steps=16), planted(steps=5, seed=1)
    begun.engagement[:] = 1e6
    assert column_future(joined([whole, begun]), GAMMA).tolist() == column_future(whole, GAMMA).tolist()


def test_where_no_end_was_seen_nothing_is_known():
    logs = planted(steps=5)
    logs.over[:] = False
    assert column_future(logs, GAMMA).tolist() == [0.0, 0.0, 0.0]

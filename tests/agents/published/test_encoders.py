"""State vectors: the user's own numbers, nothing, or memories of past slates, by hand."""

import numpy as np
import torch

from driftrec.agents.published.encoders import HALF_LIVES, PastSlates, Scaler, UserVector
from driftrec.agents.published.items import Items

FEATURES = np.array([[0.6, 0.8], [1.0, 0.0], [0.0, 1.0]], np.float32)


def test_what_is_shown_of_a_user_is_the_state():
    user = torch.tensor([[0.1, -2.0], [3.0, 0.0]])
    encoder = UserVector(2)
    assert encoder.width == 2
    assert torch.equal(encoder({"user": user, "candidates": torch.ones(2, 5, 3)}), user)


def test_where_nothing_is_shown_all_users_are_one():
    encoder = UserVector(0)
    assert encoder.width == 1
    rng = torch.Generator().manual_seed(0)
    seen = {"candidates": torch.rand(4, 5, 3, generator=rng), "quality": torch.rand(4, 2, generator=rng)}
    assert torch.equal(encoder(seen), torch.ones(4, 1))


def past():
    """Two users with three impressions each: click, miss, click; nothing yet, then a miss and a click on one item."""
    return {
        "shown": torch.tensor([[0, 1, 2], [-1, 1, 1]], dtype=torch.int32),
        "clicked": torch.tensor([[1, 0, 1], [0, 0, 1]], dtype=torch.int8),
        "age": torch.tensor([[4.0, 2.0, 1.0], [0.0, 3.0, 1.0]]),
        "hist": torch.tensor([[0.2, 0.4], [0.0, 1.0]]),
    }


def memories_by_hand(row, clicked, half_life):
    """Mean columns of what was clicked, or passed over, weighed by 2^(-age / half-life) against one; and log(1 + w)."""
    seen = {name: value[row].tolist() for name, value in past().items()}
    columns = np.concatenate([FEATURES, np.eye(2)[[1, 0, 1]]], axis=1)  # with the main topic
    total, weight = np.zeros(4), 0.0
    for item, click, age in zip(seen["shown"], seen["clicked"], seen["age"], strict=True):
        if item >= 0 and bool(click) == clicked:
            total += 2.0 ** (-age / half_life) * columns[item]
            weight += 2.0 ** (-age / half_life)
    return total / (1.0 + weight), np.log1p(weight)


def test_past_slates_by_hand():
    encoder = PastSlates(Items(FEATURES), topics=2)
    states = encoder(past()).numpy()
    assert states.shape == (2, encoder.width)
    for row in range(2):
        found = [memories_by_hand(row, clicked, life) for clicked in (True, False) for life in HALF_LIVES]
        expected = np.concatenate([*(mean for mean, _ in found), [log for _, log in found], past()["hist"][row]])
        np.testing.assert_allclose(states[row], expected, rtol=1e-5, atol=1e-6)


def test_before_the_first_slate_there_are_no_memories():
    nobody = {"shown": torch.full((1, 3), -1), "clicked": torch.zeros(1, 3), "age": torch.zeros(1, 3)}
    state = PastSlates(Items(FEATURES), topics=2)({**nobody, "hist": torch.zeros(1, 2)})
    assert (state == 0).all()


def test_encoders_have_nothing_to_learn_and_nothing_to_save():
    """Logs hold states as the encoder gave them, so it must not move while the ranker is fitted."""
    for encoder in (UserVector(3), PastSlates(Items(FEATURES), topics=2)):
        assert not list(encoder.parameters())
        assert not encoder.state_dict()


def test_scaled_columns_have_mean_0_and_deviation_1():
    rows = torch.tensor([[1.0, 5.0, 0.0], [3.0, 5.0, 0.0], [5.0, 5.0, 300.0]])
    scaler = Scaler(3)
    assert torch.equal(scaler(rows[:2]), rows[:2])  # as they are, to begin with
    scaler.learn(rows)
    assert scaler(rows)[:, 0].tolist() == [-1.0, 0.0, 1.0]
    assert scaler(rows)[:, 1].tolist() == [0.0, 0.0, 0.0]  # a constant is taken off, not blown up
    assert scaler(torch.tensor([[1e9, 6.0, -1e9]])).tolist() == [[10.0, 1.0, -10.0]]

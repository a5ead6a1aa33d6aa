"""State vectors: the user's own numbers, nothing, or memories of past slates, by hand."""

import numpy as np
import pytest
import torch

from driftrec.agents.published.encoders import HALF_LIVES, PastResponses, PastSlates, Scaler, UserVector
from driftrec.agents.published.items import Items
from driftrec.agents.published.training import make_items, make_ranker
from driftrec.simulators.published.recsim_interest_evolution import InterestEvolutionWorld
from driftrec.simulators.published.recsim_interest_exploration import InterestExplorationWorld

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
    for encoder in (UserVector(3), PastSlates(Items(FEATURES), topics=2), PastResponses(2, slate_size=2)):
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


def responses(clicked, quality, cluster):
    """One user's window of responses."""
    return {
        "clicked": torch.tensor([clicked], dtype=torch.int8),
        "quality": torch.tensor([quality]),
        "cluster": torch.tensor([cluster], dtype=torch.int32),
    }


def test_past_responses_by_hand():
    """Four slates of two, the first of them before the user came; topic 0 is clicked twice of three, 1 once of three.

    Clicks are half of what was shown, so 1.5 are expected of each topic.
    """
    seen = responses([0, 0, 1, 0, 0, 0, 1, 1], [0.0, 0.0, 2.0, 1.0, 5.0, 3.0, 4.0, 6.0], [-1, -1, 0, 1, 0, 1, 0, 1])
    encoder = PastResponses(2, slate_size=2)
    (state,) = encoder(seen).tolist()
    assert encoder.width == len(state)
    shown, clicks, liked, passed, excess = (state[at : at + 2] for at in range(0, 10, 2))
    assert (shown, clicks) == ([3.0, 3.0], [2.0, 1.0])
    assert (liked, passed) == ([3.0, 6.0], [5.0, 2.0])
    assert excess == pytest.approx([0.5 / 2.5**0.5, -0.5 / 2.5**0.5])
    assert state[10] == 1.0  # the second slate; what never happened is no step without a click


def test_before_the_first_response_all_is_zero():
    assert (PastResponses(2, 2)(responses([0] * 4, [0.0] * 4, [-1] * 4)) == 0).all()


def test_a_topic_never_shown_says_nothing_about_itself():
    state = PastResponses(3, 1)(responses([1, 0], [2.0, 1.0], [0, 0]))[0].reshape(-1)
    assert state[[2, 5, 8, 11, 14]].tolist() == [0.0] * 5
    assert state[12].item() == 0.0  # one click, one expected, where there is no other topic to compare with


@pytest.mark.parametrize(
    ("world", "kind"),
    [
        (InterestExplorationWorld(), UserVector),  # as published: the last slate alone
        (InterestExplorationWorld(history=2), PastResponses),
        (InterestExplorationWorld(slate_size=3, history=2), PastResponses),
        (InterestEvolutionWorld(), UserVector),  # which shows the user
    ],
)
def test_responses_are_read_where_there_are_several_and_nothing_else_of_the_user(world, kind):
    encoder = make_ranker(world, make_items(world), seed=0).encoder
    assert type(encoder) is kind
    if kind is PastResponses:
        assert (encoder.topics, encoder.slate_size) == (2, world.slate_size)

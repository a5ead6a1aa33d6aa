"""Maximal Marginal Relevance: what it picks, and what its one parameter does."""

import numpy as np
import pytest

from driftrec.agents.baselines.common import centred_units
from driftrec.agents.evaluation.rollout import diversity
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.items import TextItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.mmr import MMR, diverse_slates


@pytest.fixture
def context(make_context):
    return make_context(num_items=300)


@pytest.fixture
def judge(context):
    return Judge(TextRanker(context, "text", 0), TextItems(context), farsighted=False)


@pytest.fixture
def observation(audience):
    users = audience(40)
    for first in range(0, 20, 5):
        users.step(np.tile(np.arange(first, first + 5), (40, 1)))
    return users.observe()


def test_picks_by_hand():
    """Items at 0, 10, 60 and 90 degrees. After the first, 10 degrees costs cos 10 = 0.98 and 60 degrees cos 60 = 0.5.

    With 60 degrees picked too, 10 still costs 0.98 and 90 degrees cos 30 = 0.87.
    """
    angles = np.deg2rad([0.0, 10.0, 60.0, 90.0])
    items = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    candidates = np.array([[0, 1, 2, 3], [0, 1, 2, 3]])
    merit = np.array([[1.0, 0.9, 0.7, 0.1], [0.3, 0.9, 0.1, 0.1]], np.float32)
    assert diverse_slates(merit.copy(), candidates, items, 1.0, 3).tolist() == [[0, 2, 1], [1, 3, 0]]
    assert diverse_slates(merit.copy(), candidates, items, 0.1, 3).tolist() == [[0, 1, 2], [1, 0, 3]]
    columns = [2, 0, 3, 1]
    picks = diverse_slates(merit[:1, columns], candidates[:1, columns], items, 1.0, 3)
    assert candidates[:1, columns][0, picks[0]].tolist() == [0, 2, 1]  # the columns' order does not matter


def test_gain_alone_is_the_greedy_policy(judge, context, observation):
    np.testing.assert_array_equal(
        MMR(judge, context, 1.0).act(observation), Greedy(judge, context.slate_size).act(observation)
    )


def test_more_weight_on_diversity_gives_more_diverse_slates(judge, context, observation):
    items = centred_units(context.item_embeddings, context.item_embeddings.mean(axis=0))
    slates = {weight: MMR(judge, context, weight).act(observation) for weight in (1.0, 0.5, 0.25, 0.0)}
    spread = [diversity(items, chosen).mean() for chosen in slates.values()]
    assert (np.diff(spread) > 0.02).all(), spread
    for chosen in slates.values():  # the first pick knows no others
        np.testing.assert_array_equal(chosen[:, 0], slates[1.0][:, 0])


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_what_was_read_comes_last_at_any_weight(weight, make_context, audience):
    context, users = make_context(num_items=12), audience(30)
    for first in range(0, 12, 4):
        users.step(np.tile(np.arange(first, first + 4), (30, 1)))
    observation = users.observe()
    judge = Judge(TextRanker(context, "text", 0), TextItems(context), farsighted=False)
    slates = MMR(judge, context, weight).act(observation)
    read = observation["read_items"]
    assert (read >= 0).any()
    assert ((read >= 0).sum(axis=1) <= 12 - 5).all()  # enough others are left
    assert not (slates[:, :, None] == read[:, None, :]).any()


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_a_weight_out_of_range_is_refused(weight, judge, context):
    with pytest.raises(ValueError, match=f"weight is {weight}; it must be between 0 .diversity alone. and 1"):
        MMR(judge, context, weight)

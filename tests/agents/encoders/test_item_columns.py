"""What PPO's networks know of the items: few columns, each for a reason."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from driftrec.agents.encoders.item_tables import item_columns
from driftrec.agents.networks.text_ranker import TextRanker

ITEMS = 60


@pytest.fixture
def ranker(make_context):
    ranker = TextRanker(make_context(num_items=ITEMS), "text", 0).eval()
    ranker.future.copy_(torch.linspace(-40.0, 10.0, ITEMS).square())
    return ranker


def standardised(values):
    return (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)


def test_items_are_described_by_components_length_and_what_is_to_come(ranker):
    columns = item_columns(ranker.item_vectors(), ranker.length, ranker.future, components=6).numpy()
    assert columns.shape == (ITEMS, 8)
    vectors = ranker.item_vectors().detach().double().numpy()
    left, strength, _ = np.linalg.svd(vectors - vectors.mean(axis=0))
    parts = standardised(left[:, :6] * strength[:6])
    np.testing.assert_allclose(np.abs((columns[:, :6] * parts).sum(axis=0)) / (ITEMS - 1), 1, atol=1e-3)  # either sign
    np.testing.assert_allclose(columns[:, 6], standardised(np.log(ranker.length.numpy())), atol=1e-5)
    np.testing.assert_allclose(columns[:, 7], standardised(ranker.future.numpy()), atol=1e-5)


def test_newcomers_are_seen_on_the_scale_of_the_others(make_context):
    """A policy reads columns by number: who comes later must not turn what they mean.

    Failed with components of all items, and with means and scales of all.
    """
    context = make_context(num_items=ITEMS)
    alone = replace(
        context,
        **{name: getattr(context, name)[:45] for name in ("item_embeddings", "item_minutes", "titles")},
        topics=None,
    )
    joined = replace(context, newcomers=15, topics=None)
    before, after = (TextRanker(each, "text", 0).eval().columns().numpy() for each in (alone, joined))
    np.testing.assert_allclose(after[:45], before, atol=1e-4)
    assert len(after) == ITEMS
    assert after[45:, :16].std() > 0.3


def test_a_column_that_does_not_vary_is_zero(ranker):
    ranker.future.fill_(3.0)
    columns = item_columns(ranker.item_vectors(), ranker.length, ranker.future).numpy()
    assert columns.shape == (ITEMS, 18)
    np.testing.assert_array_equal(columns[:, -1], 0)
    np.testing.assert_allclose(columns[:, :-1].std(axis=0, ddof=1), 1, atol=1e-4)
    np.testing.assert_allclose(columns.mean(axis=0), 0, atol=1e-5)


def test_the_last_columns_say_of_which_topic_an_item_is(make_context):
    """By these a candidate meets what the state says of its own topic, and no other's."""
    topics = np.arange(ITEMS) % 7
    ranker = TextRanker(replace(make_context(num_items=ITEMS), topics=topics), "text", 0).eval()
    ranker.future.copy_(torch.linspace(-40.0, 10.0, ITEMS))
    np.testing.assert_array_equal(ranker.columns()[:, -7:].numpy(), np.eye(7)[topics])

"""What stands for items and personas: text, learned numbers, or vectors that mean nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from driftrec.agents.encoders.item_tables import ID_DIMS, item_table, persona_table

KINDS = ("text", "ids", "random")


@pytest.fixture
def context(make_context):
    """As many personas as items, so that tables of both could be equal."""
    return make_context(num_items=30, num_personas=30)


def rows(table):
    return table().detach().numpy()


def assert_uncorrelated(one, other):
    """Independent numbers correlate with a standard error of 1 / sqrt(their count); 4.5 of them are allowed."""
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4.5 / np.sqrt(one.size)


def test_text_is_centred_and_scaled_and_keeps_its_geometry(context):
    table = rows(item_table(context, "text", 0))
    np.testing.assert_allclose(table.mean(axis=0), 0, atol=1e-5)
    assert table.std() == pytest.approx(1, abs=1e-3)
    step, embedding_step = table[1:] - table[0], context.item_embeddings[1:] - context.item_embeddings[0]
    np.testing.assert_allclose(step, embedding_step * (step[0, 0] / embedding_step[0, 0]), atol=1e-4)


def test_ids_are_learned_and_saved_and_know_no_text(context):
    table = item_table(context, "ids", 0)
    assert table.learned
    assert rows(table).shape == (30, ID_DIMS)
    assert list(table.state_dict()) == ["rows"]
    assert [parameter.requires_grad for parameter in table.parameters()] == [True]
    other = replace(context, item_embeddings=-context.item_embeddings)
    np.testing.assert_array_equal(rows(item_table(other, "ids", 0)), rows(table))
    table().sum().backward()
    assert torch.equal(table.rows.grad, torch.ones(30, ID_DIMS))


@pytest.mark.parametrize("kind", ["text", "random"])
def test_fixed_vectors_are_neither_learned_nor_saved(context, kind):
    table = item_table(context, kind, 0)
    assert not table.learned
    assert not list(table.parameters())
    assert not table.state_dict()
    assert table.dims == context.item_embeddings.shape[1]


def test_random_vectors_have_the_spread_of_text_and_know_nothing_of_it(context):
    table = rows(item_table(context, "random", 0))
    assert table.mean() == pytest.approx(0, abs=4.5 / np.sqrt(table.size))  # 4.5 standard errors, as below
    assert table.std() == pytest.approx(1, abs=4.5 / np.sqrt(2 * table.size))
    other = replace(context, item_embeddings=-context.item_embeddings)
    np.testing.assert_array_equal(rows(item_table(other, "random", 0)), table)
    assert_uncorrelated(rows(item_table(context, "text", 0)), table)


@pytest.mark.parametrize("kind", ["ids", "random"])
def test_what_is_drawn_follows_the_seed_and_differs_between_items_and_personas(context, kind):
    items = rows(item_table(context, kind, 5))
    np.testing.assert_array_equal(rows(item_table(context, kind, 5)), items)
    for other in (item_table(context, kind, 6), persona_table(context, kind, 5)):
        assert_uncorrelated(rows(other), items)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_has_a_row_each(context, make_context, kind):
    few = make_context(num_items=12, num_personas=4)
    assert [len(rows(table(few, kind, 0))) for table in (item_table, persona_table)] == [12, 4]


def test_an_unknown_representation_is_refused(context):
    message = r"Representation 'texts' is unknown\. Did you mean 'text'\? Known: hashing, ids, "
    with pytest.raises(ValueError, match=message):
        item_table(context, "texts", 0)

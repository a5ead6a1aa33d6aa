"""What may be shown: the texts of a catalogue by position, a catalogue's columns, or those of the request."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from driftrec.agents.ranker.items import READ, WITHHELD, FeatureItems, OfferedItems, PageItems, RepeatedItems, TextItems

FEATURES = np.array([[0.6, 0.8, 0.0], [0.0, 0.6, 0.8], [1.0, 0.0, 0.0]], np.float32)
REQUEST = np.arange(24, dtype=np.float32).reshape(2, 4, 3)  # (users, candidates, columns)


def test_a_catalogue_has_its_features_and_a_one_for_the_topic():
    items = FeatureItems(3, FEATURES, np.array([1, 2, 0]))
    assert (items.num_items, items.width, items.count({}), items.keys) == (3, 6, 3, ())
    expected = [[0.6, 0.8, 0, 0, 1, 0], [0, 0.6, 0.8, 0, 0, 1], [1, 0, 0, 1, 0, 0]]
    assert torch.equal(items.every({}), torch.tensor(expected))
    assert items.topics.tolist() == [1, 2, 0]


def test_a_catalogue_without_topics_has_its_features():
    items = FeatureItems(3, FEATURES)
    assert (items.width, len(items.topics)) == (3, 0)
    assert torch.equal(items.every({}), torch.from_numpy(FEATURES))


def test_a_catalogue_is_the_same_for_everyone():
    items = FeatureItems(3, FEATURES)
    of = items.of({}, np.array([[2, 0], [1, 1]]))
    assert of.shape == (2, 2, 3)
    for row, slate in enumerate([[2, 0], [1, 1]]):
        for place, item in enumerate(slate):
            assert torch.equal(of[row, place], items.every({})[item])


def test_candidates_of_a_request_are_the_users_own():
    items, observation = FeatureItems(4, None, request_width=3), {"candidates": REQUEST}
    assert (items.width, items.catalogue, len(items.topics), items.keys) == (3, None, 0, ("candidates",))
    assert items.count(observation) == 4
    assert np.array_equal(items.every(observation), REQUEST)
    of = items.of(observation, np.array([[3, 0, 3], [1, 2, 0]]))
    assert np.array_equal(of, np.stack([REQUEST[0, [3, 0, 3]], REQUEST[1, [1, 2, 0]]]))


@pytest.mark.filterwarnings("error")
def test_what_was_looked_at_is_not_changed():
    items = FeatureItems(4, None, request_width=3)
    items.of({"candidates": REQUEST}, np.array([[0], [1]])).fill_(-1.0)
    assert REQUEST.min() == 0.0


def test_what_nobody_opens_twice_is_below_all_else_once_it_was_opened():
    """But above what must not be shown. Failed with slots that hold nothing taken for the last item."""
    items = FeatureItems(3, FEATURES, withheld=np.array([False, True, False]), once=True)
    value = np.zeros((2, 3), np.float32)
    items.forbid({"opened": np.array([[0, -1], [-1, -1]], np.int32)}, value)
    np.testing.assert_array_equal(value, np.array([[READ, WITHHELD, 0], [0, WITHHELD, 0]], np.float32))
    assert items.keys == ("opened",)
    assert FeatureItems(3, FEATURES).keys == ()


@pytest.mark.parametrize("items", [FeatureItems(3, FEATURES), FeatureItems(4, None, request_width=3)])
def test_where_there_are_no_texts_nothing_is_forbidden(items):
    value = np.ones((2, 4), np.float32)
    items.forbid({"candidates": REQUEST, "read_items": np.zeros((2, 1), np.int32)}, value)
    assert (value == 1.0).all()


def test_texts_are_known_by_position(make_context):
    items, slates = TextItems(make_context(num_items=7)), np.array([[4, 0], [2, 6]])
    assert (items.num_items, items.count({}), items.every({}), len(items.topics)) == (7, 7, None, 0)
    assert np.array_equal(items.of({}, slates), slates)


@pytest.mark.parametrize("withheld", [None, [2, 5]])
def test_what_was_read_is_worth_less_than_all_else_and_what_is_withheld_less_than_that(make_context, withheld):
    context = make_context(num_items=7)
    if withheld is not None:
        context = replace(context, withheld=np.isin(np.arange(7), withheld))
    items, value = TextItems(context), np.full((2, 7), -500.0, np.float32)
    assert items.num_items == (7 if withheld is None else 5)
    items.forbid({"read_items": np.array([[-1, 2, 3], [0, -1, -1]], np.int32)}, value)
    expected = np.full((2, 7), -500.0, np.float32)
    expected[0, [2, 3]] = expected[1, 0] = READ
    if withheld is not None:
        expected[:, withheld] = WITHHELD
    np.testing.assert_array_equal(value, expected)
    assert WITHHELD < READ < -500.0
    TextItems(context, reads=False).forbid({}, value)  # a world that does not tell what was read


def test_what_forbidding_looks_at_is_named(make_context):
    """SlateQ keeps these entries of the next observation, and no others."""
    items, seen = TextItems(make_context(num_items=7)), {"read_items": np.array([[3]], np.int32), "clock": None}
    value = np.zeros((1, 7), np.float32)
    items.forbid({name: seen[name] for name in items.keys}, value)
    assert np.flatnonzero(value).tolist() == [3]


def test_what_was_opened_of_a_page_is_not_shown_again(make_context):
    """Several are opened of a page, and more than the last reads tell of."""
    observation = {
        "read_items": np.array([[1, -1]]),
        "shown": np.array([[-1, 2, 3, 4]]),
        "clicked": np.array([[0, 1, 0, 1]], np.int8),
    }
    value = np.ones((1, 7), np.float32)
    PageItems(make_context(num_items=7)).forbid(observation, value)
    assert np.flatnonzero(value[0] == READ).tolist() == [1, 2, 4]


def test_what_may_be_opened_again_is_not_held_back(make_context):
    withheld = np.arange(7) == 5
    context = replace(make_context(num_items=7), withheld=withheld)
    value = np.ones((1, 7), np.float32)
    RepeatedItems(context).forbid({}, value)
    assert np.flatnonzero(value[0] == WITHHELD).tolist() == [5]
    some = np.ones((1, 2), np.float32)
    RepeatedItems(context).forbid({}, some, np.array([[5, 2]]))
    assert some.tolist() == [[np.float32(WITHHELD), 1.0]]


def test_what_is_on_offer_is_judged_and_what_was_read_is_not_shown(make_context):
    items = OfferedItems(replace(make_context(num_items=9), offered=3))
    observation = {
        "candidates": np.array([[5, 1, 8], [2, 5, 0]], np.int32),
        "read_items": np.array([[1, -1], [-1, -1]]),
        "shown": np.array([[-1, 3], [0, 2]]),
        "clicked": np.array([[0, 1], [1, 0]], np.int8),
    }
    assert (items.num_items, items.count(observation), items.listed) == (3, 3, False)
    assert items.every(observation).tolist() == [[5, 1, 8], [2, 5, 0]]
    assert items.of(observation, np.array([[2], [0]])).tolist() == [[8], [2]]
    value = np.ones((2, 3), np.float32)
    items.forbid({name: observation[name] for name in items.keys}, value)
    np.testing.assert_array_equal(value, np.array([[1, READ, 1], [1, 1, READ]], np.float32))

"""What agents know of items: a catalogue's columns with the main topic, or the columns of the request."""

import numpy as np
import pytest
import torch

from driftrec.agents.ranker.items import Items

FEATURES = np.array([[0.6, 0.8, 0.0], [0.0, 0.6, 0.8], [1.0, 0.0, 0.0]], np.float32)
REQUEST = np.arange(24, dtype=np.float32).reshape(2, 4, 3)  # (users, candidates, columns)


def test_a_catalogue_has_its_features_and_a_one_for_the_main_topic():
    items = Items(FEATURES)
    assert items.width == 6
    expected = [[0.6, 0.8, 0, 0, 1, 0], [0, 0.6, 0.8, 0, 0, 1], [1, 0, 0, 1, 0, 0]]
    assert torch.equal(items.columns({}), torch.tensor(expected))
    assert items.topics.tolist() == [1, 2, 0]


def test_a_catalogue_is_the_same_for_everyone():
    items = Items(FEATURES)
    of = items.of({}, np.array([[2, 0], [1, 1]]))
    assert of.shape == (2, 2, 6)
    for row, slate in enumerate([[2, 0], [1, 1]]):
        for place, item in enumerate(slate):
            assert torch.equal(of[row, place], items.columns({})[item])


def test_candidates_of_a_request_are_the_users_own():
    items, observation = Items(None, request_width=3), {"candidates": REQUEST}
    assert (items.width, items.catalogue, len(items.topics)) == (3, None, 0)
    assert np.array_equal(items.columns(observation), REQUEST)
    of = items.of(observation, np.array([[3, 0, 3], [1, 2, 0]]))
    assert np.array_equal(of, np.stack([REQUEST[0, [3, 0, 3]], REQUEST[1, [1, 2, 0]]]))


@pytest.mark.filterwarnings("error")
def test_what_was_looked_at_is_not_changed():
    items = Items(None, request_width=3)
    items.of({"candidates": REQUEST}, np.array([[0], [1]])).fill_(-1.0)
    assert REQUEST.min() == 0.0

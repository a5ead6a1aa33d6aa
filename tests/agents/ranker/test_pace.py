"""Prices of pages: what beliefs change in them, and checkpoints of before a price was known."""

from typing import Any

import numpy as np
import pytest
import torch

from driftrec.agents.beliefs.topic_belief import TOLD
from driftrec.agents.ranker.judge import View
from driftrec.agents.ranker.loads import BelievedLoads, FadingLoads
from driftrec.agents.ranker.pace import Pace, PageNumbers, PageWeights

TOPIC = np.array([0, 0, 1])
LOADS, BELIEVED = FadingLoads(TOPIC, 12.0, reads=False), BelievedLoads(TOPIC)
SEEN: Any = {
    "shown": np.array([[0, 1, 2]]),
    "clicked": np.array([[1, 1, 0]], np.uint8),
    "age": np.zeros((1, 3), np.float32),
}


def view(**believed):
    """Of one user and three items that bring a minute each; of topic 0 ``believed``, of topic 1 nothing."""
    ones = np.ones((1, 3), np.float32)
    told = np.zeros((1, 2, len(TOLD)), np.float32)
    for name, value in believed.items():
        told[0, 0, TOLD.index(name)] = value
    parts = (np.zeros((1, 1), np.float32), None, 0 * ones, ones, ones, ones)
    return View(*parts, believed=told if believed else None)


def test_loads_that_are_told_are_openings_of_late():
    pace = Pace(LOADS, PageWeights(price=1.0, bar=1.5, half_life=12.0))
    np.testing.assert_array_equal(pace.excess(SEEN, view()), [[0.5, -1.5]])


def test_with_beliefs_the_bar_is_a_part_of_the_users_own_threshold():
    pace = Pace(BELIEVED, PageWeights(price=1.0, bar=0.5, half_life=12.0))
    np.testing.assert_array_equal(pace.excess(SEEN, view(load=3.0, threshold=4.0)), [[1.0, 0.0]])
    np.testing.assert_array_equal(pace.excess(SEEN, view(load=3.0, threshold=8.0)), [[-1.0, 0.0]])


def test_room_to_grow_is_worth_something_to_the_items_of_its_topic_alone():
    grows = Pace(BELIEVED, PageWeights(growth=2.0))
    np.testing.assert_array_equal(grows.worth(view(room=0.5), TOPIC), [[2.0, 2.0, 1.0]])
    counts = Pace(LOADS, PageWeights(growth=2.0))
    np.testing.assert_array_equal(counts.worth(view(room=0.5), TOPIC), [[1.0, 1.0, 1.0]])


def test_what_is_about_to_wear_out_is_worth_less_where_that_is_believed():
    told = view(room=0.5)
    told.past = np.array([[[9.0, 0.0, 0.25], [9.0, 0.0, 0.0], [9.0, 0.0, 1.0]]], np.float32)
    wears = Pace(BelievedLoads(TOPIC, wears=True), PageWeights(wear=2.0))
    np.testing.assert_array_equal(wears.worth(told, TOPIC), [[0.5, 1.0, -1.0]])
    for loads in (BELIEVED, LOADS):
        np.testing.assert_array_equal(Pace(loads, PageWeights(wear=2.0)).worth(told, TOPIC), [[1.0, 1.0, 1.0]])


def test_numbers_of_before_a_weight_was_known_are_followed_by_zeros():
    numbers = PageNumbers(PageWeights(growth=5.0))
    numbers.load_state_dict({"numbers": torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], dtype=torch.float64)})
    assert numbers.weights() == PageWeights(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, growth=0.0)
    with pytest.raises(RuntimeError, match="numbers"):
        numbers.load_state_dict({"numbers": torch.zeros(99, dtype=torch.float64)})

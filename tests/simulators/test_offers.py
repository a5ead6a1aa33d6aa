"""Positions among what is on offer, and the items that they mean."""

import numpy as np

from driftrec.simulators.offers import OFFERED, items_of

SLATES = np.array([[2, 0], [1, -1]])


def test_positions_are_looked_up_and_nothing_stays_nothing():
    seen = {OFFERED: np.array([[7, 8, 9], [4, 5, 6]], np.int32)}
    items = items_of(seen, SLATES)
    assert items.tolist() == [[9, 7], [5, -1]]
    assert items.dtype == np.int64


def test_elsewhere_positions_are_items():
    described = {OFFERED: np.zeros((2, 3, 4), np.float32)}
    assert items_of({}, SLATES) is items_of(described, SLATES) is SLATES

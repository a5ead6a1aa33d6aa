"""Counts of what is shown, and the two figures that come of them."""

from types import SimpleNamespace

import numpy as np
import pytest

from driftrec.agents.evaluation.exposure import Exposure, gini, novelty


def test_impressions_are_counted_of_those_who_are_there_and_repeats_are_none():
    exposure = Exposure(6)
    slates = np.array([[0, 1, 1], [2, 2, 2], [5, 5, 0]])
    exposure.add(SimpleNamespace(items=slates, present=np.array([0, 1])))
    exposure.add(SimpleNamespace(items=slates, present=np.array([0])))
    assert exposure.impressions.tolist() == [2, 2, 1, 0, 0, 0]
    shown = np.array([[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0]], bool)
    table = exposure.table(shown)
    assert table.to_numpy().tolist() == [[0, 2, 1], [1, 2, 1], [2, 1, 1]]
    assert list(table) == ["item", "impressions", "users"]


@pytest.mark.parametrize(
    ("impressions", "items", "found"),
    [
        ([5, 5, 5, 5], 4, 0.0),
        ([7], 4, 0.75),  # 1 - 1/n
        ([1, 3], 2, 0.25),
        ([3, 1], 2, 0.25),  # in any order
        ([5, 5], 4, 0.5),
    ],
)
def test_gini_by_hand(impressions, items, found):
    assert gini(np.array(impressions), items) == pytest.approx(found)


@pytest.mark.parametrize(("impressions", "items"), [([], 4), ([1, 1, 1], 2)])
def test_gini_of_what_cannot_be(impressions, items):
    with pytest.raises(ValueError, match=f"{len(impressions)} of {items} items were shown"):
        gini(np.array(impressions, np.int64), items)


@pytest.mark.parametrize(
    ("impressions", "reach", "found"),
    [
        ([8, 8], [8, 8], 0.0),  # all see the same
        ([1] * 8, [1] * 8, 3.0),  # everybody something else
        ([3, 1], [4, 1], 1.5),  # (3 * 1 + 1 * 3) / 4 bits
    ],
)
def test_novelty_by_hand(impressions, reach, found):
    assert novelty(np.array(impressions), np.array(reach), 8) == pytest.approx(found)

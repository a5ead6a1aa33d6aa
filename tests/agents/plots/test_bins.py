"""Means over bins of steps: few steps are drawn singly, a bin has the mean of its own steps and of no others."""

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.plots.drawing import BINS, SINGLY, bin_width, binned


@pytest.mark.parametrize(
    ("steps", "width"), [(1, 1), (SINGLY, 1), (SINGLY + 1, 2), (200, 4), (BINS * 4, 4), (BINS * 4 + 1, 5)]
)
def test_width(steps, width):
    assert bin_width(pd.DataFrame({"step": [*range(steps)] * 2})) == width


def test_what_goes_on_and_off_keeps_its_edges_and_its_mean():
    """A centred mean as wide as the period made triangles of it, and one cut off at the start began elsewhere."""
    values = pd.DataFrame({"on": np.tile([6.0, 6, 0, 0, 0, 0], 20)})
    assert binned(values, 2).on.tolist()[:6] == [6, 0, 0, 6, 0, 0]
    assert set(binned(values, 6).on) == {2.0}


def test_the_last_bin_may_be_short_and_gaps_are_left_out():
    values = pd.DataFrame({"x": [1.0, np.nan, 4.0, np.nan, np.nan, np.nan, 7.0]})
    found = binned(values, 2)
    assert found.index.tolist() == [0, 2, 4, 6, 7]
    np.testing.assert_array_equal(found.x, [1, 4, np.nan, 7, 7])

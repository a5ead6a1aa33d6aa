"""Directions."""

import numpy as np
import pytest

from driftrec.simulators.vectors import normalise, unit


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_vectors_get_length_one_and_keep_their_type(dtype):
    rows = np.array([[[3.0, 4.0], [0.0, -2.0]]], dtype)
    scaled = unit(rows)
    assert scaled.dtype == dtype
    np.testing.assert_allclose(scaled, [[[0.6, 0.8], [0.0, -1.0]]], rtol=1e-6)
    np.testing.assert_allclose(unit(rows[0, 0]), [0.6, 0.8], rtol=1e-6)


@pytest.mark.filterwarnings("error")
def test_what_has_no_direction_becomes_zeros():
    rows = np.array([[0.0, 0.0], [1e-7, 0.0], [1.0, 0.0]])
    np.testing.assert_array_equal(unit(rows), [[0, 0], [1, 0], [1, 0]])
    np.testing.assert_array_equal(unit(rows, floor=1e-6), [[0, 0], [0, 0], [1, 0]])


def test_normalise_scales_rows_in_place():
    vectors = np.array([[3, 4], [0, 2]], np.float32)
    expected = unit(vectors)
    normalise(vectors)
    np.testing.assert_array_equal(vectors, expected)
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0, 1]], rtol=1e-6)

"""What the baselines share."""

from itertools import permutations

import numpy as np
import pytest

from driftrec.agents.baselines import common
from driftrec.agents.baselines.common import (
    best_unread,
    centred_units,
    draw_distinct,
    read_places,
    step_generator,
    top_k,
)


def test_top_k_is_best_first():
    assert top_k([0.1, 0.9, 0.5], 2).tolist() == [1, 2]
    assert top_k([[3.0, 1.0, 2.0], [-np.inf, 0.0, 5.0]], 3).tolist() == [[0, 2, 1], [2, 1, 0]]


@pytest.mark.parametrize("k", [0, 4])
def test_top_k_refuses(k):
    with pytest.raises(ValueError, match=f"best {k} of 3 items"):
        top_k([1.0, 2.0, 3.0], k)


def test_read_places(history):
    mask = np.zeros((2, 4), np.bool_)
    mask[read_places(history([[-1, 2, 0], [1, 1, 3]], [[0, 1, 0], [0, 1, 1]]))] = True
    assert mask.tolist() == [[False, False, True, False], [False, True, False, True]]


def test_best_unread_shows_the_read_last(history):
    observation = history([[2, 1], [-1, 0]], [[1, 1], [0, 0]])
    slates = best_unread(lambda chunk, rows: np.tile([1.0, 3.0, 4.0, 2.0], (2, 1)), observation, 4, 3)
    assert slates[0, :2].tolist() == [3, 0]
    assert slates[0, 2] in (1, 2)
    assert slates[1].tolist() == [2, 1, 3]


def test_best_unread_does_not_depend_on_chunks(monkeypatch, history):
    generator = np.random.default_rng(0)
    scores = generator.random((10, 8))
    observation = history(generator.integers(0, 8, (10, 4)), generator.integers(0, 2, (10, 4)))
    whole = best_unread(lambda chunk, rows: scores[rows].copy(), observation, 8, 3)
    monkeypatch.setattr(common, "CHUNK_CELLS", 24)  # three users a chunk
    np.testing.assert_array_equal(best_unread(lambda chunk, rows: scores[rows].copy(), observation, 8, 3), whole)


def test_step_generator_gives_rows_the_same_numbers_in_any_batch():
    few, many = step_generator(5, 2).random((3, 4)), step_generator(5, 2).random((9, 4))
    np.testing.assert_array_equal(many[:3], few)
    assert (step_generator(5, 3).random((3, 4)) != few).all()


@pytest.mark.parametrize(("num_items", "picks"), [(4, 4), (5, 2), (6, 1)])
def test_draw_distinct_maps_cells_to_all_ordered_samples(num_items, picks):
    """One point in every cell of equal volume gives every ordered sample once."""
    axes = [(np.arange(num_items - p) + 0.5) / (num_items - p) for p in range(picks)]
    uniforms = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, picks)
    samples = [tuple(row) for row in draw_distinct(uniforms, num_items).tolist()]
    assert sorted(samples) == sorted(permutations(range(num_items), picks))


def test_draw_distinct_stays_in_range_at_the_end():
    assert draw_distinct(np.full((1, 3), np.nextafter(1.0, 0.0)), 1000).tolist() == [[999, 998, 997]]


def test_draw_distinct_refuses_more_than_there_are():
    with pytest.raises(ValueError, match="Cannot draw 3 distinct items of 2"):
        draw_distinct(np.zeros((1, 3)), 2)


def test_centred_units():
    rows = np.array([[4.0, 5.0], [1.0, 1.0], [1.0, -1.0]], np.float32)
    expected = [[0.6, 0.8], [0.0, 0.0], [0.0, -1.0]]
    np.testing.assert_allclose(centred_units(rows, np.ones(2, np.float32)), expected, rtol=1e-6)

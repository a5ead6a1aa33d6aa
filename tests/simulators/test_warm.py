import copy
import ctypes
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from driftrec.simulators import warm

SHAPES = [(3,), (4, 2), (32_768,), (300, 70, 2), (0, 5), (9_000_000,)]  # small, lent, none, too large to be lent


@pytest.fixture(autouse=True)
def _no_idle_memory(monkeypatch):
    monkeypatch.setattr(warm, "_idle", {})


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_an_empty_array_is_like_numpys(shape, dtype):
    ours, theirs = warm.empty(shape, dtype), np.empty(shape, dtype)
    assert (type(ours), ours.shape, ours.dtype, ours.strides) == (np.ndarray, shape, theirs.dtype, theirs.strides)
    assert ours.flags.writeable
    assert ours.flags.aligned


@pytest.mark.parametrize("shape", SHAPES)
def test_full_copy_and_scaled_are_numpys(shape):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    np.testing.assert_array_equal(warm.full(shape, np.int8(3)), np.full(shape, 3, np.int8))
    np.testing.assert_array_equal(warm.scaled(values, 0.1), values * 0.1)
    for array in (values, values.T, values[::2]):
        copied = warm.copy(array)
        np.testing.assert_array_equal(copied, array)
        assert copied.flags.c_contiguous
        assert not np.shares_memory(copied, array)
        np.testing.assert_array_equal(warm.cast(array, np.int64), array.astype(np.int64))
        assert warm.like(array).dtype == array.dtype


@pytest.mark.parametrize("lines", [4, 300])
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_is_like_an_array_has_its_order(lines, order):
    array = np.zeros((lines, 500), np.float32, order=order)
    assert warm.like(array).strides == array.strides


@pytest.mark.parametrize("count", [0, 6, 30_000])
@pytest.mark.parametrize("shape", [(7,), (7, 3)])
def test_rows_are_taken_as_numpy_takes_them(count, shape):
    rows = np.random.default_rng(0).normal(size=shape)
    index = np.random.default_rng(1).integers(7, size=(2, count))
    np.testing.assert_array_equal(warm.take(rows, index), rows.take(index, axis=0))
    np.testing.assert_array_equal(warm.take(rows, index - 7), rows.take(index - 7, axis=0))  # counted from the end


@pytest.mark.parametrize("wrong", [7, -8])
@pytest.mark.parametrize("count", [6, 30_000])
def test_rows_that_do_not_exist_are_refused(count, wrong):
    index = np.zeros((2, count), np.int64)
    index[1, -1] = wrong
    with pytest.raises(IndexError):
        warm.take(np.zeros((7, 3)), index)


def test_memory_is_used_again_once_nobody_holds_it():
    array = warm.empty((50_000,), np.float32)
    place = address(array)
    del array
    again = warm.empty((20_000, 2), np.int32)  # another shape and type, of the same size class
    assert address(again) == place
    assert address(warm.empty((50_000,), np.float32)) != place


HOLDERS = {
    "a slice": lambda array: array[3:9],
    "a view of a view": lambda array: array[1:].T[2:].reshape(-1)[5:],
    "another type": lambda array: array.view(np.uint8),
    "a buffer": memoryview,
    "an array over a buffer": lambda array: np.frombuffer(array, np.uint8),
    "an array over the interface": lambda array: np.asarray(memoryview(array[5:7])),
    "an iterator": lambda array: array[4:].flat,
    "what ctypes sees": lambda array: array.ctypes.data_as(ctypes.c_void_p),
    "an element of a record": lambda array: array.view([("a", np.float32), ("b", np.float32)])["b"],
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_whoever_holds_a_part_holds_the_memory(holder):
    array = warm.empty((40_000,), np.float32)
    place, held = address(array), HOLDERS[holder](array)
    del array
    assert address(warm.empty((40_000,), np.float32)) != place
    del held
    assert place in {block.address[0] for block in warm._idle[2**18]}


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda array: pickle.loads(pickle.dumps(array))])
def test_copies_have_memory_of_their_own(copied):
    array = warm.full((40_000,), np.float32(1))
    other = copied(array)
    del array
    warm.full((40_000,), np.float32(2))
    assert (other == 1).all()


def test_little_is_kept_of_what_is_not_used():
    for _ in range(2):
        held = [warm.empty((40_000,), np.float32) for _ in range(5 * warm.MOST_IDLE)]
        assert len({address(array) for array in held}) == len(held)
        del held
        assert {size: len(kept) for size, kept in warm._idle.items() if kept} == {2**18: warm.MOST_IDLE}


def test_threads_get_memory_of_their_own():
    def fill(number):
        for _ in range(300):
            arrays = [warm.full((20_000,), np.int64(number)) for _ in range(3)]
            if any((array != number).any() for array in arrays):
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(fill, range(4)))

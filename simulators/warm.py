"""Arrays on memory that was used before, so that what a step makes and throws away costs no page faults.

A large array that dies goes back to the system, or does not, as the allocator's mood is; the next one then faults once
for every 4 KiB that it is first written to, which was up to half of a step of thousands of users. Here the memory of an
array that nobody holds any more is kept for the next one. Whoever holds an array, or a view of it, keeps its memory:
what a caller holds never changes. Threads may share it all.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)

SMALLEST, LARGEST = 2**17, 2**24
"""Bytes of the arrays served: glibc keeps smaller ones by itself, and for larger ones numpy asks for huge pages."""

MOST_IDLE = 8
"""Blocks of one size that are kept while nobody uses them, as many as a step uses at a time: 256 MiB in all at most."""


class _Block:
    """Memory that is lent to one array at a time."""

    __slots__ = ("address", "memory")

    def __init__(self, size: int) -> None:
        self.memory = np.empty(size, np.uint8)
        self.address = self.memory.__array_interface__["data"]


_idle: dict[int, list[_Block]] = {}  # by size, a power of two; the last used last


class _Loan:
    """The base of one array, and so of all its views: lives as long as any of them, then hands its block back."""

    __slots__ = ("__array_interface__", "_block", "_idle")

    def __init__(self, block: _Block, idle: list[_Block], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._block, self._idle = block, idle
        self.__array_interface__ = {"version": 3, "shape": shape, "typestr": dtype.str, "data": block.address}

    def __del__(self, most: int = MOST_IDLE) -> None:  # when the interpreter ends, the module's names are gone first
        if len(self._idle) < most:
            self._idle.append(self._block)


def empty(shape: tuple[int, ...], dtype: type[Number] | np.dtype[Number]) -> NDArray[Number]:
    """As ``np.empty``."""
    kind = np.dtype(dtype)
    size = kind.itemsize * math.prod(shape)
    if not SMALLEST <= size <= LARGEST:
        return np.empty(shape, kind)
    whole = 1 << (size - 1).bit_length()  # what lies behind the array is never touched, and so costs nothing
    idle = _idle.setdefault(whole, [])
    try:
        block = idle.pop()
    except IndexError:
        block = _Block(whole)
    return np.asarray(_Loan(block, idle, shape, kind))


def like(array: NDArray[Number]) -> NDArray[Number]:
    """As ``np.empty_like`` of an array in C or Fortran order; in C order of any other."""
    if array.flags.fnc:  # Fortran order and not C order
        return empty(array.shape[::-1], array.dtype).T
    return empty(array.shape, array.dtype)


def copy(array: NDArray[Number]) -> NDArray[Number]:
    """As ``array.copy()``: in C order."""
    return cast(array, array.dtype)


def cast(array: NDArray[Any], dtype: type[Number] | np.dtype[Number]) -> NDArray[Number]:
    """As ``array.astype(dtype, order="C")``."""
    copied = empty(array.shape, dtype)
    copied[...] = array
    return copied


def full(shape: tuple[int, ...], value: Number) -> NDArray[Number]:
    """As ``np.full``, of the value's type."""
    filled = empty(shape, value.dtype)
    filled[...] = value
    return filled


def take(rows: NDArray[Number], index: NDArray[np.int64]) -> NDArray[Number]:
    """As ``rows.take(index, axis=0)``."""
    taken = empty(index.shape + rows.shape[1:], rows.dtype)
    if taken.flags.owndata or index.view(np.uint64).max() >= len(rows):  # small; or an item below 0 or too large
        return rows.take(index, axis=0)
    return rows.take(index, axis=0, out=taken, mode="clip")


def scaled(array: NDArray[np.float32], factor: float | np.float32) -> NDArray[np.float32]:
    """As ``array * factor``."""
    return np.multiply(array, factor, out=empty(array.shape, np.float32))

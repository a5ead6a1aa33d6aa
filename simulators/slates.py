"""Slates by position, (slate_size, users): what they hold for each user, and which position a draw picks."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import warm
from driftrec.simulators.vectors import Float

Number = TypeVar("Number", bound=np.generic)


def at_slates(values: NDArray[Number], by_position: NDArray[np.int64]) -> NDArray[Number]:
    """What every user's row of ``values`` (users, columns, ...) holds at ``by_position``, (slate_size, users, ...)."""
    users, columns, *each = values.shape
    places = np.add(by_position, np.arange(0, users * columns, columns), out=warm.like(by_position))
    return warm.take(values.reshape(users * columns, *each), places)


def slate_affinity(latent: Float, by_position: NDArray[np.int64], interest: Float) -> Float:
    """Inner products of every user's interest (users, dims) with the items shown, shape of ``by_position``.

    Not BLAS, whose order of sums may depend on the number of users.
    """
    out = warm.empty(by_position.shape, np.float32)
    return np.einsum("kud,ud->ku", warm.take(latent, by_position), interest, out=out)


def held(memory: NDArray[np.int32], by_position: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each item of (slate_size, users) is among the user's ``memory`` (users, slots)."""
    slots = warm.copy(memory.T)
    same = warm.empty(slots.shape, np.bool_)
    found = np.empty(by_position.shape, np.bool_)
    for items, out in zip(by_position, found, strict=True):
        np.logical_or.reduce(np.equal(slots, items.astype(np.int32), out=same), axis=0, out=out)
    return found


def first_places(by_position: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True where a position holds an item that no earlier position of its slate holds, (slate_size, users)."""
    first = np.ones(by_position.shape, np.bool_)
    for k in range(1, len(by_position)):
        first[k:] &= by_position[k:] != by_position[k - 1]
    return first


def pick(weights: Float, no_click: float, draw: Float) -> NDArray[np.int64]:
    """Position drawn by inverting the cumulative weights, no click last.

    Args:
        weights: Of the items by position, not negative, (slate_size, users).
        no_click: Weight of clicking nothing.
        draw: Uniform in [0, 1), (users,).

    Returns:
        Position clicked, or -1 for none, (users,).
    """
    cumulative = warm.copy(weights)
    for k in range(1, len(cumulative)):  # row by row: one order of sums at any batch size
        cumulative[k] += cumulative[k - 1]
    return first_above(cumulative, draw * (cumulative[-1] + np.float32(no_click)))


def first_above(cumulative: Float, threshold: Float) -> NDArray[np.int64]:
    """First row of ``cumulative`` (slate_size, users) above ``threshold`` (users,), -1 if none is."""
    below = np.zeros(threshold.shape, np.min_scalar_type(len(cumulative)))  # few bytes are counted quickly
    for row in cumulative:
        below += threshold >= row
    return np.where(below == len(cumulative), -1, below.astype(np.int64))

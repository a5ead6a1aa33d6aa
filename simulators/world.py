"""The contract that every simulated world keeps: one batched transition, a single user being a batch of one."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.catalogue import Catalogue, Personas

State = TypeVar("State")

NOBODY_LEAVES = "No episode could ever end: horizon is None and nobody leaves this world. Set a horizon."
"""What ``World.check_ends`` says where only a horizon ends an episode."""


@dataclass(frozen=True)
class Feedback:
    """What one step did, leading axis users.

    Attributes:
        clicks: Which positions were opened, bool, shape (users, slate_size).
        engagement: Reward by position, in the world's unit, float32, (users, slate_size).
        ended: The session ended after this slate, bool, (users,).
        gap: Hours away before the next session, 0 while a session goes on, float32, (users,).
        left: The user is gone for good, bool, (users,).
    """

    clicks: NDArray[np.bool_]
    engagement: NDArray[np.float32]
    ended: NDArray[np.bool_]
    gap: NDArray[np.float32]
    left: NDArray[np.bool_]

    @classmethod
    def without_sessions(
        cls, clicks: NDArray[np.bool_], engagement: NDArray[np.float32], left: NDArray[np.bool_]
    ) -> Feedback:
        """Of a world whose users live through one session; the arrays are handed on, not copied."""
        return cls(clicks, engagement, np.zeros(len(left), np.bool_), np.zeros(len(left), np.float32), left)

    def reward(self) -> NDArray[np.float32]:
        """Engagement of the whole slate, shape (users,). Adds positions in order, whatever the batch.

        Raises:
            ValueError: If it is NaN or infinite; names the user.
        """
        total = self.engagement[:, 0].copy()
        for k in range(1, self.engagement.shape[1]):
            total += self.engagement[:, k]
        if not np.isfinite(total).all():
            user = int(np.flatnonzero(~np.isfinite(total))[0])
            raise ValueError(
                f"User {user} has the reward {total[user]}; rewards must be finite. "
                "Look for extreme numbers in the catalogue (minutes) and in the world's settings."
            )
        return total

    def as_info(self) -> dict[str, NDArray[Any]]:
        """The same by name, leading axis users."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Field:
    """Shape (of one user), dtype and range of one observation field."""

    shape: tuple[int, ...]
    dtype: type[np.generic]
    low: float
    high: float


class NotAppraisedError(TypeError):
    """A world cannot say what an all-knowing observer expects, for a mechanism of the user's own leaves it open."""


class World(Protocol[State]):
    """Items, people, and how they choose, tire, drift, leave and return.

    A user's trajectory is a function of (world, user seed, slates shown) and of nothing else. Items are known by the
    texts of a catalogue, by features, or, where both are None, by the field "candidates" of what ``observe`` returns:
    drawn for every request. With a catalogue, that field tells which of its items are on offer now, integers
    (num_items,), and slates hold positions among them, see ``simulators.offers``.
    """

    @property
    def num_items(self) -> int:
        """Items that a slate position can hold."""
        ...

    @property
    def slate_size(self) -> int:
        """Positions in a slate."""
        ...

    @property
    def unit(self) -> str:
        """What engagement is counted in, such as "minutes" or "clicks"."""
        ...

    @property
    def one_click(self) -> bool:
        """Whether a user opens at most one item of a slate."""
        ...

    @property
    def catalogue(self) -> Catalogue | None:
        """The items with their texts; None in a world of features alone."""
        ...

    @property
    def personas(self) -> Personas | None:
        """The audience with its texts, of whom ``observe`` names one as "persona"; None in a world of features."""
        ...

    @property
    def item_features(self) -> NDArray[np.float32] | None:
        """Numbers that describe the items in place of texts, (items, features); None without such a catalogue."""
        ...

    @property
    def fields(self) -> Mapping[str, Field]:
        """What ``observe`` returns."""
        ...

    @property
    def topics(self) -> Mapping[str, NDArray[np.float32]]:
        """Direction of every topic in interest space by name, unit vectors (dims,), for plots.

        Empty where ``reveal`` holds no "interest".
        """
        ...

    @property
    def settled(self) -> Mapping[str, Any]:
        """Keyword arguments of its environment as the world settled them, of those that may be left open.

        "history" where there is one, "config" with every number of the mechanisms; {} where there are none.
        """
        ...

    def check_ends(self) -> None:
        """Raise ValueError if no episode could ever end without a horizon; the message says what to set."""
        ...

    def reset(self, seeds: NDArray[np.uint64]) -> State:
        """New users, one a seed."""
        ...

    def step(self, state: State, slates: NDArray[np.int64]) -> Feedback:
        """Show ``slates`` (users, slate_size) and move ``state`` one step on, in place.

        Users who have left see nothing, click nothing and leave no second time.
        """
        ...

    def observe(self, state: State) -> dict[str, NDArray[Any]]:
        """What a recommender may see: copies, fixed shapes, leading axis users."""
        ...

    def reveal(self, state: State) -> dict[str, NDArray[Any]]:
        """The hidden truth, for oracles and plots only: copies, leading axis users.

        "interest" is where tastes point now, unit vectors (users, dims); a world without such a space leaves it out.
        """
        ...

    def expected_engagement(self, state: State) -> NDArray[np.float32]:
        """Mean engagement of every item if it were shown alone, (users, items). Touches neither state nor noise.

        Raises:
            NotAppraisedError: If the world cannot say; what needs no oracle works all the same.
        """
        ...


@dataclass(frozen=True)
class Appraisal:
    """What an all-knowing observer expects of every item, where users choose by a multinomial logit.

        P(open position k) = w_k / (no_click + sum_j w_j),  w_k = positions[k] * attraction of the item at k

    Attributes:
        attraction: Weight of every item at the top position, float32, (users, items).
        engagement: Mean engagement if opened, in the world's unit, float32, (users, items).
        no_click: Weight of opening nothing.
        positions: Weight of each position beside the top one's, not increasing, float32, (slate_size,).
    """

    attraction: NDArray[np.float32]
    engagement: NDArray[np.float32]
    no_click: float
    positions: NDArray[np.float32]


class AppraisedWorld(World[State], Protocol[State]):
    """A world that can say how each user sees every item: what the myopic oracle needs beyond ``World``."""

    def appraise(self, state: State) -> Appraisal:
        """Full information about every item for every user; touches neither state nor noise."""
        ...


def put(state: Any, lanes: NDArray[np.intp], fresh: Any) -> None:
    """Overwrite the users ``lanes`` of ``state`` with those of ``fresh``, in place, array by array."""
    for field in fields(state):
        value = getattr(state, field.name)
        if isinstance(value, np.ndarray):
            value[lanes] = getattr(fresh, field.name)
        else:
            value.put(lanes, getattr(fresh, field.name))


def part(state: Any, rows: slice | NDArray[np.intp]) -> Any:
    """The users ``rows`` of ``state``: its arrays, which all lead with users, are cut and shared, to be looked at.

    By numbers in place of a slice they are copies, each user as often as named.
    """
    if isinstance(state, np.ndarray):
        if isinstance(rows, np.ndarray) and state.flags.fnc:  # what lies column by column is written to as it lies
            return np.asfortranarray(state[rows])
        return state[rows]
    if isinstance(state, dict):
        return {name: part(value, rows) for name, value in state.items()}
    if not hasattr(state, "__dict__"):
        return state  # a size or a place that all users share
    some = copy.copy(state)
    some.__dict__.update({name: part(value, rows) for name, value in vars(state).items()})
    return some


def check_slates(slates: Any, num_users: int, slate_size: int, num_items: int) -> NDArray[np.int64]:
    """Validate slates and return them as int64, shape (users, slate_size).

    Raises:
        TypeError: If they are not integers.
        ValueError: If the shape is wrong or an item does not exist; names the first bad user and position.
    """
    try:
        array = np.asarray(slates)
    except ValueError as error:  # numpy's words for rows of unequal length help nobody
        raise ValueError(f"Slates are no array (users, slate_size) = {(num_users, slate_size)}: {error}") from error
    if array.dtype.kind not in "iu":
        raise TypeError(f"Slates must be integers (item positions), not {array.dtype}; convert with .astype(int).")
    if array.shape != (num_users, slate_size):
        raise ValueError(f"Slates have shape {array.shape}; expected (users, slate_size) = {(num_users, slate_size)}.")
    if array.size and (array.min() < 0 or array.max() >= num_items):
        user, position = np.argwhere((array < 0) | (array >= num_items))[0]
        raise ValueError(
            f"User {user}, position {position}: item {array[user, position]} does not exist; "
            f"items are 0 to {num_items - 1}."
        )
    return array.astype(np.int64, copy=False)


def no_feedback(num_users: int, slate_size: int) -> dict[str, NDArray[Any]]:
    """``Feedback.as_info`` of a step that has not happened: all zeros and False."""
    slates, nobody = (num_users, slate_size), np.zeros(num_users, np.bool_)
    return Feedback.without_sessions(np.zeros(slates, np.bool_), np.zeros(slates, np.float32), nobody).as_info()

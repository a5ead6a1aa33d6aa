"""Which items are looked at: one a user, or the whole catalogue by everybody. Equations are written once for both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.catalogue import Catalogue
from driftrec.simulators.vectors import Float


class Look(Protocol):
    """Items under the eyes of users: (users,), or (users, items) where everybody looks at everything."""

    def of_item(self, column: NDArray[Any]) -> NDArray[Any]:
        """What a ``column`` of the catalogue (items,) holds for them."""
        ...

    def by_topic(self, values: NDArray[Any]) -> NDArray[Any]:
        """What ``values`` (users, topics) hold for each user and the item's topic."""
        ...

    def by_item(self, values: NDArray[Any]) -> NDArray[Any]:
        """What ``values`` (users, items) hold for each user and item."""
        ...

    def affinity(self, own: Float) -> Float:
        """Inner products of the users' vectors (users, dims) with the items' ``traits``."""
        ...


@dataclass(frozen=True)
class Everything:
    """All items, for all users: for oracles, since products of matrices round as the batch is.

    Attributes:
        topic: Of the items, (items,).
        traits: Of the items, (items, dims).
    """

    topic: NDArray[np.int64]
    traits: Float

    def of_item(self, column: NDArray[Any]) -> NDArray[Any]:
        """(1, items), see ``Look``."""
        return column[None]

    def by_topic(self, values: NDArray[Any]) -> NDArray[Any]:
        """(users, items), see ``Look``."""
        return values.take(self.topic, axis=1)

    def by_item(self, values: NDArray[Any]) -> NDArray[Any]:
        """(users, items), see ``Look``."""
        return values

    def affinity(self, own: Float) -> Float:
        """(users, items), see ``Look``."""
        return own @ self.traits.T


class Glance:
    """One item a user, of the rows ``users`` of the state.

    Args:
        users: Rows, (looking,).
        items: Item of each, (looking,).
        topics: Its topic, (looking,).
        affinity: Its inner product with the user's own vector, (looking,).
    """

    __slots__ = ("_affinity", "items", "topics", "users")

    def __init__(
        self, users: NDArray[np.int64], items: NDArray[np.int64], topics: NDArray[np.int64], affinity: Float
    ) -> None:
        self.users, self.items, self.topics, self._affinity = users, items, topics, affinity

    def of(self, rows: NDArray[np.int64]) -> Glance:
        """Only ``rows`` of it."""
        return Glance(self.users.take(rows), self.items.take(rows), self.topics.take(rows), self._affinity.take(rows))

    def of_item(self, column: NDArray[Any]) -> NDArray[Any]:
        """(looking,), see ``Look``."""
        return column.take(self.items)

    def by_topic(self, values: NDArray[Any]) -> NDArray[Any]:
        """(looking,), see ``Look``."""
        return values.ravel().take(self.users * values.shape[1] + self.topics)

    def by_item(self, values: NDArray[Any]) -> NDArray[Any]:
        """(looking,), see ``Look``."""
        return values.ravel().take(self.users * values.shape[1] + self.items)

    def affinity(self, own: Float) -> Float:
        """(looking,), worked out before, see ``Look``."""
        return self._affinity


def item_traits(catalogue: Catalogue, scale: float) -> Float:
    """What sets every item apart within its topic, rows of length ``scale``, (items, dims).

    The part of the item's latent that does not point where its topic does; zeros for an item right in the middle.
    """
    centre = catalogue.topic_directions()[catalogue.topic]  # (items, dims)
    latent = catalogue.latent.astype(np.float64)
    rest = latent - (latent * centre).sum(axis=1, keepdims=True) * centre
    length = np.linalg.norm(rest, axis=1, keepdims=True)
    rest *= scale / np.where(length > 1e-6, length, np.inf)
    return rest.astype(np.float32)

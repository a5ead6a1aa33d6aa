"""What was opened by whom, and what sets items apart within their topics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.arrays import OpenedUsers
from driftrec.simulators.catalogue import Catalogue
from driftrec.simulators.feed.feed_arrays import OpenedItems, OpenedPlaces
from driftrec.simulators.vectors import Float


@dataclass(frozen=True)
class Openings:
    """One opened item for each of some users.

    Attributes:
        users: Rows of the state, each once, (opened,).
        items: Items, (opened,).
        places: User and topic as an index into flattened arrays (users, topics), (opened,).
    """

    users: OpenedUsers
    items: OpenedItems
    places: OpenedPlaces

    def of(self, rows: NDArray[np.intp]) -> Openings:
        """Only ``rows`` of them."""
        return Openings(self.users.take(rows), self.items.take(rows), self.places.take(rows))

    def at(self, values: NDArray[Any]) -> NDArray[Any]:
        """What ``values`` (users, topics) hold for each user and the item's topic, (opened,)."""
        return values.ravel().take(self.places)

    def put(self, values: NDArray[Any], new: NDArray[Any] | bool) -> None:
        """Write it, in place; the rows of ``values`` lie one behind the other."""
        values.ravel()[self.places] = new


def item_traits(catalogue: Catalogue) -> Float:
    """What sets every item apart within its topic, rows of length 1, (items, dims).

    The part of the item's latent that does not point where its topic does; zeros for an item right in the middle.
    """
    centre = catalogue.topic_directions()[catalogue.topic]  # (items, dims)
    latent = catalogue.latent.astype(np.float64)
    rest = latent - (latent * centre).sum(axis=1, keepdims=True) * centre
    length = np.linalg.norm(rest, axis=1, keepdims=True)
    rest /= np.where(length > 1e-6, length, np.inf)
    return rest.astype(np.float32)

"""What a world need not say where it has nothing to say: a base for worlds that state what is theirs alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import NOBODY_LEAVES


class PlainWorld:
    """Members of ``World`` with their usual values; ``num_items``, ``slate_size`` and the rest are the subclass's.

    Without more, a user opens one item of a slate at most, nothing is revealed, nobody leaves, and the items are drawn
    for every request: name ``item_features``, or ``catalogue`` and ``personas``, where they are not.
    """

    unit: str = "clicks"
    one_click: bool = True
    catalogue: Catalogue | None = None
    personas: Personas | None = None
    item_features: Float | None = None
    topics: Mapping[str, Float] = {}
    settled: Mapping[str, Any] = {}

    def check_ends(self) -> None:
        """Raise ValueError: nobody leaves."""
        raise ValueError(NOBODY_LEAVES)

    def reveal(self, state: Any) -> dict[str, NDArray[Any]]:
        """Nothing."""
        return {}

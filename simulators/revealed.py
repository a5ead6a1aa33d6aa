"""Audiences with their hidden truth in plain sight: what a policy could do if it knew its users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.news import NewsState, NewsWorld
from driftrec.simulators.world import Field


class RevealedNews(NewsWorld):
    """``NewsWorld`` whose observations hold the true interest, satiation and satisfaction as well.

    Arguments as of ``NewsWorld``. Users and noise are the same. Whatever learns from such observations is an oracle.
    """

    @property
    def fields(self) -> Mapping[str, Field]:
        """Those of ``NewsWorld``, and those of ``truth``."""
        truth = {
            "interest": Field((self.dims,), np.float32, -2, 2),  # a unit vector, up to rounding
            "satiation": Field((self.catalogue.num_topics,), np.float32, 0, 1),
            "satisfaction": Field((1,), np.float32, 0, 1),
        }
        return {**super().fields, **truth}

    def observe(self, state: NewsState) -> dict[str, NDArray[Any]]:
        """What a recommender may see, and the truth: copies."""
        return {**super().observe(state), **self.truth(state)}

    def truth(self, state: NewsState) -> dict[str, NDArray[np.float32]]:
        """What ``reveal`` gives, as fields of an observation: interest, satiation, satisfaction (users, 1)."""
        revealed = self.reveal(state)
        return {**revealed, "satisfaction": revealed["satisfaction"][:, None]}


def revealed(world: NewsWorld) -> RevealedNews:
    """The same world with the truth in its observations."""
    return RevealedNews(world.catalogue, world.personas, world.slate_size, world.history_length, world.config)


TRUE = "true_"
"""What the names of ``Revealed``'s fields begin with."""

MOST = 1e6
"""Bound of a number of the truth."""


class Revealed:
    """Any world, whose observations hold parts of the hidden truth as well, "true_interest" and so on, float32.

    Users and noise are the same. Whatever learns from such observations is an oracle. All else is the world's.

    Args:
        world: The world, of class ``World``.
        names: Parts of what its ``reveal`` gives: numbers, (users,) or (users, n).

    Attributes:
        fields: Those of the world, and those of the truth.
    """

    def __init__(self, world: Any, names: tuple[str, ...]) -> None:
        self._world, self._names = world, names
        truth = self._truth(world.reset(np.zeros(1, np.uint64)))
        shapes = {name: Field(value.shape[1:], np.float32, -MOST, MOST) for name, value in truth.items()}
        self.fields: Mapping[str, Field] = {**world.fields, **shapes}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a copy that is being made has no world yet
            raise AttributeError(name)
        return getattr(self._world, name)

    def observe(self, state: Any) -> dict[str, NDArray[Any]]:
        """What a recommender may see, and the truth: copies."""
        return {**self._world.observe(state), **self._truth(state)}

    def _truth(self, state: Any) -> dict[str, NDArray[np.float32]]:
        """Parts of the truth, each (users, n)."""
        found = self._world.reveal(state)
        return {TRUE + name: found[name].reshape(len(found[name]), -1).astype(np.float32) for name in self._names}

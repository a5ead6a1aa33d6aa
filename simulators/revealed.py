"""The news audience with its hidden truth in plain sight: what a policy could do if it knew its users."""

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

"""What a comparison notes of every rollout while it runs, besides its tallies."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from driftrec.agents.evaluation.exposure import Exposure
from driftrec.agents.evaluation.play import Step
from driftrec.agents.evaluation.stories import StoryLog
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import kit_of


class Seen:
    """What is noted of a rollout step by step.

    Args:
        setup: World and embeddings.
        users: How many are served.
        log: Takes every step, too.

    Attributes:
        exposure: How often every item was shown.
        story: What the first users were shown.
    """

    def __init__(self, setup: Setup, users: int, log: Callable[[Step], None] | None) -> None:
        self.exposure = Exposure(len(setup.context.item_embeddings))
        self.story = StoryLog(setup.world, users, kit_of(setup).topics(setup))
        self._takes = [self.exposure.add, self.story.add, *([log] if log else [])]

    def __call__(self, step: Step) -> None:
        """Note one step."""
        for take in self._takes:
            take(step)


def repeats(episodes: pd.DataFrame, slate_size: int) -> dict[str, float]:
    """Share of the positions that held an item of the same slate again, of every policy that did so.

    Args:
        episodes: Of a comparison, see ``driftrec.agents.evaluation.episodes``.
        slate_size: Positions in a slate.
    """
    shown = episodes.groupby("policy", sort=False)[["impressions", "steps"]].sum()
    share = 1.0 - shown.impressions / (shown.steps * slate_size)
    return {str(label): float(part) for label, part in share.items() if part > 0}

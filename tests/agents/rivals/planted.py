"""A judge that says what it is told, of twelve items in three topics."""

from types import SimpleNamespace

import numpy as np

from driftrec.agents.ranker.choice import AnyClick
from driftrec.agents.ranker.judge import View

TOPIC = np.arange(12) % 3
SLATE = 4


class PlantedJudge:
    """All items are opened with even odds; those of topic 0 bring a little more than those of 1, these than of 2."""

    def __init__(self, later=None):
        self.ranker = SimpleNamespace(choice=AnyClick(SLATE), carry=lambda observation, before: None, device="cpu")
        self.items = SimpleNamespace(count=lambda observation: len(TOPIC), recalls=False)
        self.engagement = (1.0 - 0.1 * TOPIC - 0.001 * np.arange(12)).astype(np.float32)
        self.later = np.zeros(12, np.float32) if later is None else np.float32(later)

    def whole(self):
        return self

    def view(self, observation):
        users = len(observation["shown"])
        engagement, later = (np.tile(each, (users, 1)) for each in (self.engagement, self.later))
        appeal = np.zeros_like(engagement)
        value = engagement + later
        return View(np.zeros((users, 0), np.float32), None, appeal, engagement, value, 0.5 * value)


def seen(opened, age=0.0):
    """What is observed of one user who opened these items so long ago, and one who opened nothing."""
    shown = np.full((2, 6), -1, np.int32)
    shown[0, : len(opened)] = opened
    clicked = (shown >= 0).astype(np.int8)
    return {"shown": shown, "clicked": clicked, "age": np.full(shown.shape, age, np.float32)}

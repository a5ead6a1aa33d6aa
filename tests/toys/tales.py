"""A world of texts: a dozen tales for four kinds of listeners, who may open several of a slate and hear none twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from driftrec.envs.single import RecommendationEnv
from driftrec.simulators import noise
from driftrec.simulators.own_texts import catalogue_of, personas_of
from driftrec.simulators.past import Past, past_fields
from driftrec.simulators.plain import PlainWorld
from driftrec.simulators.slates import held
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import Feedback

TALES = {
    "sea": ("The lighthouse keeper's cat", "A whale in the harbour", "The ship that sailed uphill"),
    "woods": ("The owl who overslept", "Three foxes and a bell", "A house under the oak"),
    "city": ("The tram to nowhere", "Lost umbrellas", "The clock that struck thirteen"),
    "stars": ("The astronaut's garden", "A comet comes to tea", "Letters from the moon"),
}
TOPICS = tuple(topic for topic, titles in TALES.items() for _ in titles)
CATALOGUE = catalogue_of(
    [title for titles in TALES.values() for title in titles], np.eye(4).repeat(3, axis=0), topics=TOPICS
)
LISTENERS = personas_of([f"Likes tales of the {topic}." for topic in TALES], np.eye(4) + 0.2)
SUITS = LISTENERS.interest @ CATALOGUE.latent.T  # (personas, tales)
HISTORY, MEMORY = 12, 6


@dataclass
class Listeners:
    """All there is to know about a batch of users."""

    keys: NDArray[np.uint64]  # (users,)
    step: NDArray[np.int64]  # (users,)
    past: Past


class TaleWorld(PlainWorld):
    """Every tale of a slate is heard or not by itself: the likelier the more it suits, and never twice in a row."""

    unit, one_click = "tales", False
    catalogue, personas = CATALOGUE, LISTENERS
    num_items = CATALOGUE.num_items

    def __init__(self, slate_size: int = 3) -> None:
        self.slate_size = slate_size
        self.fields = past_fields(self.num_items, LISTENERS.num_personas, HISTORY, MEMORY, longest=1)

    def reset(self, seeds: NDArray[np.uint64]) -> Listeners:
        """A persona each."""
        keys, step = noise.stream_keys(seeds), np.zeros(len(seeds), np.int64)
        draw = noise.uniform(noise.block(keys, step, self.slate_size)[0])
        persona = (draw * LISTENERS.num_personas).astype(np.int32)
        return Listeners(keys, step, Past(persona, HISTORY, MEMORY, self.slate_size))

    def step(self, state: Listeners, slates: NDArray[np.int64]) -> Feedback:
        """Show one slate a user; a day passes."""
        state.step += 1
        draws = noise.uniform(noise.block(state.keys, state.step, self.slate_size)).T  # (users, slate_size)
        clicks = draws < np.take_along_axis(self.expected_engagement(state), slates, axis=1)
        state.past.add(slates, clicks, clicks.astype(np.float32), hours=24.0)
        return Feedback.without_sessions(clicks, clicks.astype(np.float32), np.zeros(len(slates), np.bool_))

    def observe(self, state: Listeners) -> dict[str, NDArray[Any]]:
        """Persona, impressions, tales heard and clock."""
        return state.past.observe()

    def expected_engagement(self, state: Listeners) -> Float:
        """Chance of every tale to be heard, (users, tales)."""
        suits = SUITS[state.past.persona]
        everything = np.arange(self.num_items).repeat(len(suits)).reshape(self.num_items, -1)
        return np.where(held(state.past.read.items, everything).T, np.float32(0), np.float32(0.9) * suits)


class TaleEnv(RecommendationEnv):
    """One user of ``TaleWorld``."""

    def __init__(self, slate_size: int = 3, horizon: int | None = 20) -> None:
        super().__init__(TaleWorld(slate_size), horizon)


gym.register("Tales-v0", entry_point=TaleEnv)

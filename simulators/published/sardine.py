"""SARDINE: users with a few fixed topics, whom too many clicks on one topic bore, and whom clicks influence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise, warm
from driftrec.simulators.published.sardine_boredom import Boredom
from driftrec.simulators.published.sardine_config import SardineConfig
from driftrec.simulators.published.sardine_items import SardineItems
from driftrec.simulators.published.sardine_observers import IdealState, Observer, SlateMemory
from driftrec.simulators.sizes import size
from driftrec.simulators.slates import slate_affinity
from driftrec.simulators.vectors import Float
from driftrec.simulators.world import NOBODY_LEAVES, Feedback, Field

DROPPED = np.float32(0.6)
"""Chance that a user has no interest in a topic (1 - 4 / 10 topics)."""

FEWEST, MOST = 3, 5
"""Topics of a user; other draws are repeated."""

_TASTE, _ARRIVAL = 0, 1  # streams of a user beside that of the clicks
_HALF = np.float32(2.0**-25)  # half the resolution of the draws: a chance below it never comes true


@dataclass
class SardineState:
    """All there is to know about a batch of users; leading axis users."""

    keys: NDArray[np.uint64]  # (users,)
    step: NDArray[np.int64]  # (users,) slates shown so far, that of the reset included
    interest: Float  # (users, topics) unit vectors
    current: Float  # (users, topics) the same, without what boredom takes away
    boredom: Boredom
    past: SlateMemory


class SardineWorld:
    """SARDINE (Naver Labs, ``naver/sardine`` @5093bde, ``sardine-rec`` 1.0.8) as a batched world.

    A step, in the published order: users see a slate and click by a position-based model (see ``SardineConfig``)
    for their current interest; clicks are logged; clicks older than ``boredom_window`` steps are dropped; timeouts
    run; topics with ``boredom_threshold`` logged clicks bore; the clicked items move the interest u,

        u <- omega u + (1 - omega) m,  then scaled to length 1,  m: the mean of the clicked items;

    boredom takes its part away. ``reset`` shows a first slate, random and unrewarded, whose clicks count. A repeat
    in a slate is shown, and can be clicked, at both positions. Nobody leaves.

    Published faults, reproduced unless ``corrected``:
        The mean of the clicked items is one number, over items and topics alike, so that every click pulls the user
        towards all topics equally. Corrected: the mean vector, towards the items clicked.

    Published faults that are not reproduced, since the contracts forbid them:
        The time limit ends episodes as a termination. Here it is the environment's, a truncation.

    Args:
        items: The catalogue.
        slate_size: Positions in a slate, 1 to the number of items.
        config: The parameters; those of SlateTopK-Bored when omitted.
        observer: What a recommender sees.
        corrected: Do what the paper says, see above.

    Raises:
        TypeError: If the size of the slate is not whole.
        ValueError: If the slate does not fit the catalogue.
    """

    topics: Mapping[str, Float] = {}  # they have no names
    unit = "clicks"
    catalogue = personas = None  # items have features, not texts

    def __init__(
        self,
        items: SardineItems,
        slate_size: int = 10,
        config: SardineConfig | None = None,
        observer: Observer | None = None,
        corrected: bool = False,
    ) -> None:
        self.num_items, self.num_topics = items.embeddings.shape
        fits = f"at least 1 and at most the {self.num_items} items"
        self.slate_size = size("slate_size", slate_size, fits, self.num_items)
        self.one_click = self.slate_size == 1
        self.config = config or SardineConfig()
        self.corrected = corrected
        self.items = items
        self.item_source = items.source
        self.main_topics = items.main_topics
        self._observer = observer or IdealState()
        self._scoring = items.embeddings / np.linalg.norm(items.embeddings, axis=1).max()
        self._influence = items.embeddings if corrected else items.embeddings.mean(axis=1, keepdims=True)
        self._propensities = self.config.propensities(self.slate_size)
        self._width = -(-self.slate_size // 2)  # two draws a word

    @property
    def item_features(self) -> Float:
        """Embeddings of the items, (items, topics)."""
        return self.items.embeddings

    @property
    def settled(self) -> Mapping[str, Any]:
        """Arguments of its environment, see ``World``."""
        return {"embeddings": self.items.source, "config": asdict(self.config)}

    @property
    def fields(self) -> Mapping[str, Field]:
        """Shape, type and range of every observation field."""
        return self._observer.fields(self.num_items, self.slate_size, self.num_topics)

    def reset(self, seeds: NDArray[np.uint64]) -> SardineState:
        """New users, one a seed, each with a first random slate behind them, whose clicks are logged."""
        seeds = np.asarray(seeds, np.uint64)
        interest = self.first_interests(seeds)
        state = SardineState(
            keys=noise.stream_keys(seeds),
            step=np.zeros(len(seeds), np.int64),
            interest=interest,
            current=interest.copy(),
            boredom=Boredom.none(len(seeds), self.num_topics, self.config),
            past=self._observer.begin(len(seeds), self.slate_size),
        )
        self._show(state, self.first_slates(seeds))
        return state

    def step(self, state: SardineState, slates: NDArray[np.int64]) -> Feedback:
        """Show one slate a user; every click is worth 1."""
        clicks = self._show(state, slates)
        engagement = warm.cast(clicks, np.float32)
        return Feedback.without_sessions(clicks.T, engagement.T, left=np.zeros(len(slates), np.bool_))

    def observe(self, state: SardineState) -> dict[str, NDArray[Any]]:
        """What the observer sees: copies, see ``fields``."""
        return self._observer.observe(state, self.config)

    def reveal(self, state: SardineState) -> dict[str, NDArray[Any]]:
        """Interest without boredom (users, topics) and which topics bore, bool (users, topics): copies."""
        return {"interest": warm.copy(state.interest), "bored": state.boredom.bored.copy()}

    def scores(self, state: SardineState) -> Float:
        """Cosine of every item with the user's current interest, (users, items)."""
        return state.current @ self._scoring.T

    def expected_engagement(self, state: SardineState) -> Float:
        """Chance of a click on every item, were it shown alone at the top, (users, items)."""
        chance = self.config.relevance(self.scores(state))
        chance *= self._propensities[0]
        return self._penalised(chance.T, state).T

    def check_ends(self) -> None:
        """Raise ValueError: nobody ever leaves."""
        raise ValueError(NOBODY_LEAVES)

    def first_interests(self, seeds: NDArray[np.uint64]) -> Float:
        """Interests before any click: U(0, 1) on three to five topics, scaled to length 1, (users, topics)."""
        keys = noise.stream_keys(noise.child_seeds(seeds, np.full(len(seeds), _TASTE)))
        strength = noise.uniform(noise.block(keys, np.zeros(len(seeds), np.int64), self.num_topics))
        kept = np.empty(strength.shape, np.bool_)
        users, attempt = np.arange(len(seeds)), 1
        while users.size:  # those without an admissible draw so far
            words = noise.block(keys[users], np.full(len(users), attempt), self.num_topics)
            kept[:, users] = draw = noise.uniform(words) > DROPPED
            number = draw.sum(axis=0)
            users, attempt = users[(number < FEWEST) | (number > MOST)], attempt + 1
        return _unit(np.ascontiguousarray((strength * kept).T))

    def first_slates(self, seeds: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The random slates that ``reset`` shows, (users, slate_size)."""
        keys = noise.stream_keys(noise.child_seeds(seeds, np.full(len(seeds), _ARRIVAL)))
        words = noise.block(keys, np.zeros(len(keys), np.int64), self.slate_size)
        words >>= np.uint64(32)
        return ((words * np.uint64(self.num_items)) >> np.uint64(32)).astype(np.int64).T

    def draws(self, keys: NDArray[np.uint64], steps: NDArray[np.int64]) -> Float:
        """Uniform numbers below which the chances of a click come true, by position, (slate_size, users).

        Args:
            keys: Of the users, ``noise.stream_keys`` of their seeds.
            steps: Slates that they were shown before.
        """
        words = noise.block(keys, steps, self._width)
        draws = warm.empty((2 * self._width, len(keys)), np.float32)
        draws[: self._width], draws[self._width :] = noise.uniform(words), noise.uniform_low(words)
        return draws[: self.slate_size]

    def _show(self, state: SardineState, slates: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Let users see slates and live on; returns the clicks, (slate_size, users)."""
        by_position = warm.copy(slates.T)  # numpy's inner loops run over users
        topics = warm.take(self.main_topics, by_position)
        chances = self._chances(state, by_position, topics)
        chances -= _HALF
        clicks = self.draws(state.keys, state.step) < chances
        state.past.add(slates, clicks.T, state.step)
        state.step += 1
        state.boredom.live_on(topics, clicks, self.config)
        if self.config.omega < 1.0:
            self._influence_interest(state.interest, by_position, clicks)
        self._take_away(state)
        return clicks

    def _chances(self, state: SardineState, by_position: NDArray[np.int64], topics: NDArray[np.int8]) -> Float:
        """Chance of a click at every position, (slate_size, users)."""
        chance = self.config.relevance(slate_affinity(self._scoring, by_position, state.current))
        chance *= self._propensities[:, None]
        if self.config.diversity_penalty > 1.0:
            dull = most_of_one(topics) >= self.config.diversity_threshold
            chance /= np.where(dull, np.float32(self.config.diversity_penalty), np.float32(1.0))
        return self._penalised(chance, state)

    def _penalised(self, chance: Float, state: SardineState) -> Float:
        """Half the chance (any, users) for every topic that bores, where rel_penalty is on."""
        if self.config.rel_penalty:
            chance *= np.float32(0.5) ** state.boredom.bored.sum(axis=1)
        return chance

    def _influence_interest(self, interest: Float, by_position: NDArray[np.int64], clicks: NDArray[np.bool_]) -> None:
        """Move the interest of those who clicked, in place."""
        number = clicks.sum(axis=0)[:, None]  # (users, 1)
        clicked = warm.full(
            (len(number), self._influence.shape[1]), np.float32(0)
        )  # (users, topics), or 1 for all topics
        for items, opened in zip(by_position, clicks, strict=True):  # position by position, in an order of sums fixed
            influence = warm.take(self._influence, items)
            influence *= opened[:, None]
            clicked += influence
        clicked /= np.maximum(number, 1)
        omega = np.float32(self.config.omega)
        clicked *= np.float32(1.0) - omega
        moved = warm.scaled(interest, float(omega))
        moved += clicked
        np.copyto(moved, interest, where=number == 0)  # else 0 / 0 at an omega of 0
        np.copyto(interest, _unit(moved), where=number > 0)

    def _take_away(self, state: SardineState) -> None:
        """Current interest: what boredom leaves of it."""
        bored = state.boredom.bored
        if self.config.boredom_type == "user_car":
            bored = np.logical_or.reduce(bored.T, axis=0)[:, None]
        np.multiply(state.interest, ~bored, out=state.current)


def most_of_one(topics: NDArray[np.int8]) -> NDArray[np.int64]:
    """How often the most frequent topic stands in a slate; ``topics`` is (slate_size, users), the result (users,)."""
    every = np.arange(topics.max() + 1)[:, None, None]
    return (topics == every).sum(axis=1).max(axis=0)


def _unit(vectors: Float) -> Float:
    """The rows, not negative, scaled to length 1; in place. Rounding leaves no entry above 1."""
    # Not ``vectors.normalise``, which adds in another order.
    vectors /= np.sqrt(np.einsum("ud,ud->u", vectors, vectors))[:, None]
    return np.minimum(vectors, np.float32(1.0), out=vectors)

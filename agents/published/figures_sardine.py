"""SARDINE's figures, measured with the original, and the same ones measured with ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.policy import Oracle, Policy
from driftrec.agents.published.sardine import DistinctSlates, GreedyOracle, RandomSlates, ReversedOracle
from driftrec.envs.sardine import sardine_horizon, sardine_world
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.published.sardine import SardineWorld

POLICIES: Mapping[str, Callable[[SardineWorld], Policy]] = {
    "random": RandomSlates,
    "random, distinct": DistinctSlates,
    "oracle": GreedyOracle,
    "oracle, epsilon 0.5": lambda world: GreedyOracle(world, epsilon=0.5),
    "reversed oracle": ReversedOracle,
}
"""The figures' policies by name."""


PACKAGED = {"embeddings": "packaged"}
"""The figures belong to the packaged items."""


@dataclass(frozen=True)
class Figure:
    """One figure to reproduce: mean undiscounted clicks of an episode.

    Attributes:
        world: Name of the world; the id is ``driftrec/Sardine-<world>-v0``.
        policy: Key of ``POLICIES``.
        episodes: Episodes that the figure comes from.
        mean: Of the original.
        standard_error: Of the mean; None where it was not stated.
        source: Section of the notes that hold it.
        kwargs: Of the environment beyond ``world``.
    """

    world: str
    policy: str
    episodes: int
    mean: float
    standard_error: float | None
    source: str
    kwargs: Mapping[str, Any]

    @property
    def env_id(self) -> str:
        """The registered id."""
        return f"driftrec/Sardine-{self.world}-v0"


# World: (mean, standard error) for every policy, in the order of POLICIES.
_TIGHT = {
    "SingleItem-Static": ((8.642, 0.082), (8.710, 0.084), (100.0, 0.0), (54.325, 0.131), (100.0, 0.0)),
    "SingleItem-BoredInf": ((9.026, 0.088), (9.064, 0.089), (50.623, 0.033), (48.945, 0.100), (50.623, 0.033)),
    "SingleItem-Uncertain": ((11.551, 0.083), (11.570, 0.082), (94.943, 0.084), (53.267, 0.132), (94.943, 0.084)),
    "SlateTopK-Bored": ((43.655, 0.197), (43.505, 0.195), (144.301, 0.947), (107.909, 0.448), (144.693, 0.868)),
    "SlateTopK-BoredInf": ((41.877, 0.220), (41.671, 0.219), (148.306, 0.945), (109.978, 0.430), (147.091, 0.803)),
    "SlateTopK-Uncertain": ((70.133, 0.205), (69.908, 0.209), (137.873, 0.668), (109.018, 0.402), (135.629, 0.528)),
    "SlateRerank-Static": ((14.639, 0.032), (14.633, 0.032), (21.355, 0.033), (17.963, 0.033), (8.931, 0.026)),
    "SlateRerank-Bored": ((12.725, 0.027), (13.092, 0.029), (13.946, 0.029), (13.443, 0.028), (8.760, 0.025)),
}

# World: oracle and random, each mean and standard deviation over 5 seeds of 25 episodes (None: not stated).
_LOOSE = {
    "SingleItem-Static": ((100.0, None), (8.4, 0.5)),
    "SingleItem-BoredInf": ((50.7, 0.3), (8.8, None)),
    "SingleItem-Uncertain": ((94.8, 0.2), (11.4, None)),
    "SlateTopK-Bored": ((139.0, 6.2), (44.6, 2.1)),
    "SlateTopK-BoredInf": ((144.4, 6.9), (42.6, 2.5)),
    "SlateTopK-Uncertain": ((134.2, 3.6), (70.2, 2.1)),
    "SlateRerank-Static": ((21.7, 0.6), (14.7, 0.8)),
    "SlateRerank-Bored": ((14.0, 0.4), (12.5, 1.0)),
}


def _tight() -> list[Figure]:
    return [
        Figure(world, policy, 15_000 if "Rerank" in world else 1_500, mean, error, "worlds.md 8.11", PACKAGED)
        for world, row in _TIGHT.items()
        for policy, (mean, error) in zip(POLICIES, row, strict=True)
    ]


def _loose() -> list[Figure]:
    return [
        Figure(world, policy, 125, mean, None if spread is None else spread / math.sqrt(5), "worlds.md 8.5", PACKAGED)
        for world, row in _LOOSE.items()
        for policy, (mean, spread) in zip(("oracle", "random"), row, strict=True)
    ]


FIGURES = (*_tight(), *_loose())
"""All figures, the tighter ones first."""

PLANNER_SKETCH = {
    "SingleItem-BoredInf": 75.7,
    "SlateTopK-Bored": 433.2,
    "SlateTopK-BoredInf": 278.0,
    "SlateTopK-Uncertain": 303.2,
    "SlateRerank-Bored": 17.7,
}
"""Mean clicks of a full-information planner that was sketched on the original (worlds.md 8.5): ours is not below."""


def measure(figure: Figure, episodes: int, seed: int) -> tuple[float, float]:
    """Mean clicks of an episode in our world and its standard error.

    Args:
        figure: What to measure.
        episodes: Users, one episode each; at least 2.
        seed: Source of users and of the policy's random numbers.
    """
    world = sardine_world(figure.world, **figure.kwargs)
    policy = POLICIES[figure.policy](world)
    clicks = episode_clicks(world, policy, episodes, sardine_horizon(figure.world, None), seed)
    return float(clicks.mean()), float(clicks.std(ddof=1) / math.sqrt(episodes))


def z_score(figure: Figure, mean: float, standard_error: float, episodes: int) -> float:
    """(ours - theirs) in combined standard errors; 0 where both are the same number without spread.

    Where theirs is not stated, it is taken as that of so many episodes with our spread.
    """
    theirs = figure.standard_error
    if theirs is None:
        theirs = standard_error * math.sqrt(episodes / figure.episodes)
    combined = math.hypot(standard_error, theirs)
    difference = mean - figure.mean
    return 0.0 if difference == 0.0 else difference / combined if combined else math.copysign(math.inf, difference)


def episode_clicks(world: SardineWorld, policy: Policy, episodes: int, horizon: int, seed: int) -> NDArray[np.float64]:
    """Clicks of an episode of every user, (episodes,)."""
    state = world.reset(user_seeds(seed, "figures", episodes))
    policy.reset(episodes, seed)
    clicks = np.zeros(episodes)
    for _ in range(horizon):
        if isinstance(policy, Oracle):
            policy.see(state)
        clicks += world.step(state, policy.act(world.observe(state))).reward()
    return clicks

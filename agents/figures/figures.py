"""A figure of an original, and ours measured beside it: what the tables of figures share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.agents.evaluation.play import play
from driftrec.agents.policy import Policy
from driftrec.envs.single import RecommendationEnv
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.world import World

Policies = Mapping[str, Callable[[Any], Policy]]
"""Policies by the names of a table, each built from its world."""


class FigureTable(Protocol):
    """The figures of an original: a module of them.

    Attributes:
        FIGURES: All of them.
        POLICIES: Theirs, by name.
    """

    FIGURES: tuple[Figure, ...]
    POLICIES: Policies


BOUND = 3.0
"""Standard errors, of both figures combined, that ours may lie from theirs."""


@dataclass(frozen=True)
class Figure:
    """One figure of an original: the mean undiscounted return of an episode.

    Attributes:
        world: Id of our environment.
        settings: Its keyword arguments.
        policy: Its name in the table of policies beside the figures.
        episodes: Episodes behind the figure.
        mean: Mean return of an episode.
        standard_error: Of that mean; None where none was given.
        source: Where the figure stands.
    """

    world: str
    settings: Mapping[str, Any]
    policy: str
    episodes: int
    mean: float
    standard_error: float | None
    source: str

    @property
    def name(self) -> str:
        """The id without what all ids have, such as "Sardine-SlateTopK-Bored"."""
        return self.world.removeprefix("driftrec/").removesuffix("-v0")


@dataclass(frozen=True)
class Measurement:
    """Our mean return of an episode beside a ``Figure``.

    Attributes:
        episodes: Episodes, one a user.
        mean: Mean.
        standard_error: Of that mean.
        z: See ``z_score``.
    """

    episodes: int
    mean: float
    standard_error: float
    z: float

    @property
    def agrees(self) -> bool:
        """Whether it lies within ``BOUND`` of the figure."""
        return abs(self.z) <= BOUND


def of_seeds(spread: float, seeds: int = 5) -> float:
    """Standard error of the mean over ``seeds`` seeds whose means have the standard deviation ``spread``."""
    return spread / math.sqrt(seeds)


def measure(figure: Figure, policies: Policies, episodes: int, seed: int) -> Measurement:
    """Play a figure's policy in our world.

    Args:
        figure: What to measure.
        policies: Holds its policy.
        episodes: Users, one episode each; at least 2.
        seed: Source of users and of the policy's random numbers.
    """
    env = gym.make(figure.world, **figure.settings).unwrapped
    assert isinstance(env, RecommendationEnv)
    earned = returns(env.world, policies[figure.policy](env.world), episodes, env.horizon, seed)
    mean, error = float(earned.mean()), float(earned.std(ddof=1)) / math.sqrt(episodes)
    return Measurement(episodes, mean, error, z_score(figure, mean, error, episodes))


def returns(world: World[Any], policy: Policy, episodes: int, horizon: int | None, seed: int) -> NDArray[np.float64]:
    """Return of every episode, (episodes,), played until all users have left or to the horizon; see ``measure``."""
    total = np.zeros(episodes)
    _, steps = play(world, policy, user_seeds(seed, "figures", episodes), horizon=horizon, seed=seed)
    for step in steps:
        total += step.feedback.reward()
    return total


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

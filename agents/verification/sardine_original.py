"""The original SARDINE beside ours: the same users step by step, and the distributions of many users' lives.

Needs the extra ``peers`` (sardine-rec), which registers ``sardine/<world>-v0`` with gymnasium.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from driftrec.agents.evaluation.play import play
from driftrec.agents.figures.figures_sardine import POLICIES
from driftrec.envs.sardine import sardine_horizon, sardine_world
from driftrec.simulators.extras import install
from driftrec.simulators.noise import stream_keys, user_seeds
from driftrec.simulators.published.sardine import SardineWorld
from driftrec.simulators.vectors import Double

Slate = Callable[[np.random.Generator, int, int], NDArray[np.int64]]

ROUNDING = 5e-6
"""Largest difference of an entry of a user's state that float32 explains over a hundred steps."""

ORACLE, REVERSED = -1, -2  # what the original replaces by its oracles' item of that position

ORIGINAL_SLATES: Mapping[str, Slate] = {
    "random": lambda rng, items, size: rng.integers(items, size=size),
    "oracle": lambda rng, items, size: np.full(size, ORACLE),
    "oracle, epsilon 0.5": lambda rng, items, size: np.where(
        rng.random(size) < 0.5, rng.integers(items, size=size), ORACLE
    ),
    "reversed oracle": lambda rng, items, size: np.full(size, REVERSED),
}
"""The policies of ``POLICIES`` as the original takes them: (generator, items, slate size) to a slate."""


ORIGINAL_NAMES = {
    "offset": "env_offset",
    "slope": "env_slope",
    "alpha": "env_alpha",
    "click_propensity": "click_prop",
    "omega": "env_omega",
    "boredom_window": "boredom_moving_window",
    "recent_clicks": "recent_items_maxlen",
}
"""Fields of ``SardineConfig`` that the original calls otherwise."""


def original_env(name: str, config: Mapping[str, Any] | None = None) -> Any:
    """The original environment of a world, without wrappers.

    Args:
        name: Name of the world.
        config: Changes by the names of ``SardineConfig``.

    Raises:
        ModuleNotFoundError: If sardine-rec is not installed; gives the remedy.
    """
    try:
        import sardine  # noqa: F401 (registers its environments)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"sardine-rec is not installed; {install('peers')}.") from error
    changes = {ORIGINAL_NAMES.get(field, field): value for field, value in (config or {}).items()}
    return gym.make(f"sardine/{name}-v0", disable_env_checker=True, **changes).unwrapped


class SameNoise:
    """Plays the part of the original's random generator with the numbers of one of our users.

    Args:
        world: Ours.
        seed: Of the user, uint64, (1,).
    """

    def __init__(self, world: SardineWorld, seed: NDArray[np.uint64]) -> None:
        interest = world.first_interests(seed)[0]
        self._uniforms = iter([interest, interest > 0])
        self._slate = world.first_slates(seed)[0]
        self._world, self._key, self._step = world, stream_keys(seed), 0

    def uniform(self, size: tuple[int, ...]) -> Double:
        """First the user's interest, then which topics are kept."""
        return next(self._uniforms).astype(np.float64)

    def integers(self, low: int, high: int, size: tuple[int, ...]) -> NDArray[np.int64]:
        """The first slate."""
        return self._slate.copy()

    def binomial(self, n: int, p: Double) -> NDArray[np.int64]:
        """Clicks: 1 where our draw lies below the original's chance."""
        draws = self._world.draws(self._key, np.array([self._step]))[:, 0]
        self._step += 1
        return (draws < p).astype(np.int64)


@dataclass(frozen=True)
class Differences:
    """What sets two runs of the same users apart, over all users and steps.

    Attributes:
        user_steps: User-steps compared.
        clicks: Positions clicked, for scale.
        bored_steps: User-steps with boredom, for scale.
        other_clicks: Positions clicked in one run only.
        other_boredom: Topics that bored in one run only.
        other_ends: Steps after which an episode was over in one run only.
        user_state: Largest difference of an entry of the ideal state.
    """

    user_steps: int
    clicks: int
    bored_steps: int
    other_clicks: int
    other_boredom: int
    other_ends: int
    user_state: float

    @property
    def agrees(self) -> bool:
        """Whether nothing sets them apart but rounding."""
        return not (self.other_clicks or self.other_boredom or self.other_ends) and self.user_state <= ROUNDING


def side_by_side(name: str, policy: str, users: int, seed: int, config: Mapping[str, Any] | None = None) -> Differences:
    """Let the same users live in the original and in ours, with the same slates and draws, for an episode.

    Args:
        name: Name of the world.
        policy: Key of ``POLICIES``; it sees our state, and its slates go to both.
        users: How many.
        seed: Source of users and of the policy's random numbers.
        config: Changes by the names of ``SardineConfig``.
    """
    world, horizon = sardine_world(name, config=config, embeddings="packaged"), sardine_horizon(name, None)
    seeds = user_seeds(seed, "side by side", users)
    state, steps = play(world, POLICIES[policy](world), seeds, horizon=horizon, seed=seed)
    originals = [original_env(name, config) for _ in range(users)]
    for lane, env in enumerate(originals):
        env.np_random = SameNoise(world, seeds[lane : lane + 1])
    told = [env.reset()[1]["user_state"] for env in originals]
    gaps = [np.abs(world.observe(state)["user"] - told).max()]
    clicks = bored_steps = other_clicks = other_boredom = other_ends = 0
    for step in steps:
        lives = [env.step(slate) for env, slate in zip(originals, step.slates, strict=True)]
        now_bored = world.reveal(state)["bored"]
        other_clicks += int((step.feedback.clicks != [info["clicks"] for *_, info in lives]).sum())
        other_boredom += int((now_bored != [env.bored for env in originals]).sum())
        other_ends += sum(terminated != (step.number + 1 == horizon) for _, _, terminated, _, _ in lives)
        clicks += int(step.feedback.clicks.sum())
        bored_steps += int(now_bored.any(axis=1).sum())
        gaps.append(np.abs(world.observe(state)["user"] - [info["user_state"] for *_, info in lives]).max())
    return Differences(users * horizon, clicks, bored_steps, other_clicks, other_boredom, other_ends, float(max(gaps)))


@dataclass(frozen=True)
class Lives:
    """What became of many users, one episode each; every array (episodes,).

    Attributes:
        clicks: Of the episode: the undiscounted return.
        click_rate: Clicks a position shown to a user who is not bored.
        boredom: Share of steps in which the user is bored.
    """

    clicks: Double
    click_rate: Double
    boredom: Double


def our_lives(name: str, policy: str, episodes: int, seed: int) -> Lives:
    """Lives in our world; arguments as of ``side_by_side``."""
    world, horizon = sardine_world(name, embeddings="packaged"), sardine_horizon(name, None)
    seeds = user_seeds(seed, "lives", episodes)
    state, steps = play(world, POLICIES[policy](world), seeds, horizon=horizon, seed=seed)
    clicks, bored = np.zeros((horizon, episodes)), np.zeros((horizon + 1, episodes), np.bool_)  # at first nobody is
    for step in steps:
        clicks[step.number] = step.feedback.reward()
        bored[step.number + 1] = world.reveal(state)["bored"].any(axis=1)
    return _lives(clicks, bored[:horizon], world.slate_size)


def original_lives(name: str, policy: str, episodes: int, seed: int) -> Lives:
    """Lives in the original with its own random numbers; arguments as of ``side_by_side``."""
    env, rng, choose = original_env(name), np.random.default_rng(seed), ORIGINAL_SLATES[policy]
    clicks, bored = np.zeros((env.H, episodes)), np.zeros((env.H, episodes), np.bool_)
    for episode in range(episodes):
        env.reset(seed=seed if episode == 0 else None)
        for step in range(env.H):
            _, clicks[step, episode], _, _, info = env.step(choose(rng, env.num_items, env.slate_size))
            bored[step, episode] = info["bored"].any()  # before this step
    return _lives(clicks, bored, env.slate_size)


def p_values(one: Lives, other: Lives) -> dict[str, float]:
    """Two-sided Kolmogorov-Smirnov tests that both lives come from one distribution, by attribute of ``Lives``.

    Too careful where values repeat (clicks are whole): a true difference must be larger to be found.
    """
    names = [field.name for field in fields(Lives)]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "ks_2samp: Exact calculation unsuccessful")  # the asymptotic one will do
        return {name: float(stats.ks_2samp(getattr(one, name), getattr(other, name)).pvalue) for name in names}


def _lives(clicks: Double, bored: NDArray[np.bool_], slate_size: int) -> Lives:
    """From clicks and boredom of every step, (steps, episodes)."""
    shown = slate_size * (~bored).sum(axis=0)  # at least the first step's, since nobody starts an episode bored
    return Lives(clicks.sum(axis=0), (clicks * ~bored).sum(axis=0) / np.maximum(shown, 1), bored.mean(axis=0))

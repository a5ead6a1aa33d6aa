"""Logging: what a policy showed, what was seen before, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.protocol import Logs, remembered
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.noise import user_seeds

LANES = 64
"""Of a log, at most."""


def collect(envs: RecommendationVectorEnv, policy: Policy, judge: Judge, num_steps: int, seed: int) -> Logs:
    """Let ``policy`` serve all lanes of ``envs`` (autoreset "SameStep") for ``num_steps`` steps each.

    Users come and go in the lanes, which a policy that keeps state by user has to tell by the clock.

    Args:
        envs: Where.
        policy: Serves.
        judge: Says what is to be remembered of users and items.
        num_steps: Steps a lane.
        seed: Source of users and of the policy's own draws.

    Returns:
        Leading axes (steps, lanes).
    """
    parts = list(_served(envs, policy, judge, num_steps, seed))
    seen = {name: torch.stack([part.seen[name] for part in parts]) for name in parts[0].seen}
    others = ("shown", "clicks", "engagement", "over")
    return Logs(seen, *(torch.stack([getattr(part, name) for part in parts]) for name in others))


def _served(envs: RecommendationVectorEnv, policy: Policy, judge: Judge, num_steps: int, seed: int) -> Iterator[Logs]:
    """One step after another, leading axis lanes."""
    policy.reset(envs.num_envs, seed)
    observation: Observation
    observation, _ = envs.reset(seed=user_seeds(seed, "logging", envs.num_envs).tolist())
    for _ in range(num_steps):
        slates = policy.act(observation)
        seen, shown = remembered(judge.ranker, observation), judge.items.of(observation, slates)
        observation, clicks, engagement, _, over = serve(envs, slates)
        yield Logs(seen, shown, *map(torch.from_numpy, (clicks, engagement, over)))


def serve(
    envs: RecommendationVectorEnv, slates: Slates
) -> tuple[Observation, NDArray[np.bool_], NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_]]:
    """Show ``slates`` (lanes, slate_size) in ``envs`` (autoreset "SameStep").

    Returns:
        The next observation; clicks and engagement by position, (lanes, slate_size); the reward, which may hold more
        than the positions brought; whether the episode is over. The last four are those of the user who was shown the
        slate, also where the lane has gone on to the next one.
    """
    observation, reward, terminated, truncated, info = envs.step(slates)
    over = terminated | truncated
    last = info.get("final_info", info)
    clicks = np.where(over[:, None], last["clicks"], info["clicks"])
    engagement = np.where(over[:, None], last["engagement"], info["engagement"])
    return observation, clicks, engagement, reward, over


def in_lanes(rows: Logs, user: NDArray[np.int64], step: NDArray[np.int64]) -> Logs:
    """Lives one behind the other, leading axes (steps, lanes).

    A lane may begin in the midst of a life, and a rest that fills no step of all lanes is left out.

    Args:
        rows: One leading axis.
        user: Whose each is.
        step: Order of a user's.
    """
    order = np.lexsort((step, user))
    lanes = min(LANES, max(1, len(order) // LANES))  # so that of few slates few are left out
    steps = len(order) // lanes
    chosen = torch.from_numpy(order[: steps * lanes])

    def laid(values: Tensor) -> Tensor:
        return values[chosen].unflatten(0, (lanes, steps)).transpose(0, 1).contiguous()

    seen = {name: laid(value) for name, value in rows.seen.items()}
    return Logs(seen, laid(rows.shown), laid(rows.clicks), laid(rows.engagement), laid(rows.over))

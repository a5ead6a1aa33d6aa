"""Logged interactions: what a policy showed, what was seen before, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.agents.ranker.state_encoder import as_tensors
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.noise import user_seeds


@dataclass
class Logs:
    """Steps of many users, leading axis steps; shapes as in ``Ranker.loss``."""

    observation: dict[str, Tensor]
    slates: Tensor  # (steps, slate_size)
    choice: Tensor  # (steps,) position opened, slate_size for none
    minutes: Tensor  # (steps,)

    def __len__(self) -> int:
        return len(self.choice)

    def rows(self, index: Tensor) -> Logs:
        """The steps ``index``."""
        observation = {name: value[index] for name, value in self.observation.items()}
        return Logs(observation, self.slates[index], self.choice[index], self.minutes[index])


def joined(parts: list[Logs]) -> Logs:
    """Several logs in a row."""
    names = parts[0].observation
    return Logs(
        {name: torch.cat([part.observation[name] for part in parts]) for name in names},
        torch.cat([part.slates for part in parts]),
        torch.cat([part.choice for part in parts]),
        torch.cat([part.minutes for part in parts]),
    )


def collect(envs: RecommendationVectorEnv, policy: Policy, num_steps: int, seed: int) -> Logs:
    """Let ``policy`` serve all lanes of ``envs`` (autoreset "SameStep") for ``num_steps`` steps each.

    Users come and go in the lanes, so a policy that keeps state by user should not be used here.
    """
    policy.reset(envs.num_envs, seed)
    observation: Observation
    observation, _ = envs.reset(seed=user_seeds(seed, "logging", envs.num_envs).tolist())
    parts = []
    for _ in range(num_steps):
        slates = policy.act(observation)
        seen = as_tensors(observation)
        observation, choice, minutes, _ = serve(envs, slates)
        parts.append(
            Logs(seen, torch.from_numpy(slates), torch.from_numpy(choice), torch.from_numpy(minutes.astype(np.float32)))
        )
    return joined(parts)


def serve(
    envs: RecommendationVectorEnv, slates: Slates
) -> tuple[Observation, NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:
    """Show ``slates`` (lanes, slate_size) in ``envs`` (autoreset "SameStep").

    Returns:
        The next observation; the position opened, slate_size for none; the minutes read; whether the episode is over.
        The last three are those of the user who was shown the slate, also where the lane has gone on to the next one.
    """
    observation, minutes, terminated, truncated, info = envs.step(slates)
    clicks, over = info["clicks"], terminated | truncated
    if over.any():
        clicks = np.where(over[:, None], info["final_info"]["clicks"], clicks)
    return observation, np.where(clicks.any(axis=1), clicks.argmax(axis=1), slates.shape[1]), minutes, over

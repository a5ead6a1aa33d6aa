"""Logged interactions: what a policy showed, what was seen before, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from driftrec.agents.policy import Policy
from driftrec.agents.state_encoder import as_tensors
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
    observation, _ = envs.reset(seed=user_seeds(seed, "logging", envs.num_envs).tolist())
    parts = []
    for _ in range(num_steps):
        slates = policy.act(observation)
        seen = as_tensors(observation)
        observation, _, terminated, truncated, info = envs.step(slates)
        clicks, minutes = info["clicks"].copy(), info["engagement"].copy()
        over = terminated | truncated
        if over.any():
            clicks[over] = info["final_info"]["clicks"][over]
            minutes[over] = info["final_info"]["engagement"][over]
        choice = np.where(clicks.any(axis=1), clicks.argmax(axis=1), slates.shape[1])
        parts.append(
            Logs(
                seen,
                torch.from_numpy(slates),
                torch.from_numpy(choice),
                torch.from_numpy(minutes.sum(axis=1)),
            )
        )
    return joined(parts)

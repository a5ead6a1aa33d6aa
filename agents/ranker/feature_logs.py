"""Logged slates of a published world: state before, columns shown, clicks, engagement, and what came after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from driftrec.agents.policy import Observation, Policy
from driftrec.agents.ranker.items import Items
from driftrec.agents.ranker.state_encoder import as_tensors
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.noise import user_seeds


@dataclass
class Logs:
    """Steps of many users in order of time, leading axes (steps, users)."""

    state: Tensor  # (..., width) as the encoder gives it
    columns: Tensor  # (..., slate_size, item_width)
    clicks: Tensor  # (..., slate_size) bool
    engagement: Tensor  # (..., slate_size)
    over: Tensor  # (...) the episode ended with this step

    def rows(self) -> Logs:
        """The same with one leading axis."""
        return Logs(**{field.name: getattr(self, field.name).flatten(0, 1) for field in fields(self)})

    def __getitem__(self, index: Tensor) -> Logs:
        return Logs(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def __len__(self) -> int:
        return len(self.over)


def joined(parts: list[Logs]) -> Logs:
    """Several logs in a row."""
    return Logs(**{f.name: torch.cat([getattr(part, f.name) for part in parts]) for f in fields(Logs)})


def collect(
    envs: RecommendationVectorEnv,
    policy: Policy,
    encode: Callable[[dict[str, Tensor]], Tensor],
    items: Items,
    num_steps: int,
    seed: int,
) -> Logs:
    """Let ``policy`` serve all lanes of ``envs`` (autoreset "SameStep") for ``num_steps`` steps each.

    Users come and go in the lanes, so a policy that keeps state by user should not be used here.
    """
    policy.reset(envs.num_envs, seed)
    parts = list(_serve(envs, policy, encode, items, num_steps, seed))
    return Logs(**{f.name: torch.stack([getattr(part, f.name) for part in parts]) for f in fields(Logs)})


def _serve(
    envs: RecommendationVectorEnv,
    policy: Policy,
    encode: Callable[[dict[str, Tensor]], Tensor],
    items: Items,
    num_steps: int,
    seed: int,
) -> Iterator[Logs]:
    observation: Observation
    observation, _ = envs.reset(seed=user_seeds(seed, "logging", envs.num_envs).tolist())
    for _ in range(num_steps):
        slates = policy.act(observation)
        with torch.no_grad():
            state, columns = encode(as_tensors(observation)), items.of(observation, slates)
        observation, _, terminated, truncated, info = envs.step(slates)
        over = terminated | truncated
        last = info.get("final_info", info)  # of the user who was shown the slate, where the lane has gone on
        clicks = np.where(over[:, None], last["clicks"], info["clicks"])
        engagement = np.where(over[:, None], last["engagement"], info["engagement"])
        yield Logs(state, columns, *map(torch.from_numpy, (clicks, engagement, over)))

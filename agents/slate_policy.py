"""The trained slate policy, ready to serve."""

from __future__ import annotations

import numpy as np
import torch

from driftrec.agents.candidates import Stage
from driftrec.agents.policy import Observation, Slates
from driftrec.agents.ppo_policy import SlateActorCritic
from driftrec.agents.state_encoder import as_tensors


class SlatePolicy:
    """What PPO trained: candidates, then slates picked among them item by item.

    Args:
        stage: Chooses the candidates.
        network: The actor.
        greedy: Most likely slates; False draws them.
    """

    def __init__(self, stage: Stage, network: SlateActorCritic, greedy: bool) -> None:
        self.stage = stage
        self.network = network
        self.greedy = greedy
        self._generator = torch.Generator().manual_seed(0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; draws come from ``seed``."""
        self._generator.manual_seed(seed)

    def act(self, observation: Observation) -> Slates:
        """Slates picked item by item, (users, slate_size)."""
        seen = self.stage(observation)
        with torch.inference_mode():
            picks = self.network.slates(as_tensors(seen), self.greedy, self._generator).numpy()
        return np.take_along_axis(seen["candidates"], picks, axis=1).astype(np.int64)

"""The trained slate policy, ready to serve."""

from __future__ import annotations

import numpy as np
import torch

from driftrec.agents.candidates import CandidateStage
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

    def __init__(self, stage: CandidateStage, network: SlateActorCritic, greedy: bool) -> None:
        self.stage = stage
        self.network = network
        self.greedy = greedy
        self._seed = 0
        self._steps = 0

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; draws come from ``seed``."""
        self._seed = seed
        self._steps = 0

    def act(self, observation: Observation) -> Slates:
        """Slates picked item by item, (users, slate_size)."""
        seen = self.stage(observation)
        with torch.inference_mode(), torch.random.fork_rng(devices=[]):
            torch.manual_seed((self._seed * 1_000_003 + self._steps) % 2**63)
            picks = self.network._predict(as_tensors(seen), self.greedy).numpy()
        self._steps += 1
        return np.take_along_axis(seen["candidates"], picks, axis=1).astype(np.int64)

"""The trained slate policy, ready to serve."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.baselines.common import step_generator
from driftrec.agents.policy import Observation, Slates, num_users
from driftrec.agents.ppo.actor_critic import SlateActorCritic
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ranker.protocol import as_tensors
from driftrec.agents.ranker.recall import Recall


class SlatePolicy:
    """What PPO trained: candidates, then slates picked among them item by item.

    A drawn slate depends on the seed, the step and the user's row, not on the number of rows.

    Args:
        stage: Chooses the candidates.
        network: The actor.
        greedy: Most likely slates; False draws them.
    """

    def __init__(self, stage: CandidateStage, network: SlateActorCritic, greedy: bool) -> None:
        self.stage = stage
        self.network = network
        self.greedy = greedy
        self._recall = Recall(stage.judge.items, network.head.slate_size)
        self.reset(num_users=0, seed=0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; draws come from ``seed``."""
        self._recall.forget()
        self._seed, self._step = seed, 0

    def act(self, observation: Observation) -> Slates:
        """Slates picked item by item, (users, slate_size)."""
        seen = self.stage(self._recall(observation))
        uniforms = None if self.greedy else torch.from_numpy(self._uniforms(num_users(observation)))
        with torch.inference_mode():
            picks = self.network.slates(as_tensors(seen), self.greedy, uniforms).numpy()
        return np.take_along_axis(seen["candidates"], picks, axis=1).astype(np.int64)

    def _uniforms(self, users: int) -> NDArray[np.float32]:
        """The numbers of this step's draws, (users, slate_size, candidates)."""
        self._step += 1
        shape = (users, self.network.head.slate_size, self.stage.size)
        return step_generator(self._seed, self._step).random(shape, dtype=np.float32)

"""The policy that shows every user the slate a fitted ranker judges best."""

from __future__ import annotations

import numpy as np

from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.slate_optimiser import best_slates


class Greedy:
    """Slates of highest judged value; what the user has read lately is left out.

    With ``Judge(..., farsighted=False)`` it is the learned myopic ranker: most minutes in the next step. With
    ``farsighted=True`` it is what PPO starts from.

    Args:
        judge: A fitted ranker made ready to serve.
        noise: Scale of Gumbel noise on appeal, for logging.
    """

    def __init__(self, judge: Judge, noise: float = 0.0) -> None:
        self.judge = judge
        self.noise = noise
        self._rng = np.random.default_rng(0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; only the noise draws on ``seed``."""
        self._rng = np.random.default_rng(seed)

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        return np.concatenate([self._act(chunk) for chunk in user_chunks(observation, self.judge.num_items)])

    def _act(self, observation: Observation) -> Slates:
        predicted = self.judge.predict(observation)
        appeal = predicted.appeal
        if self.noise:
            appeal = appeal + self.noise * self._rng.gumbel(size=appeal.shape).astype(np.float32)
        return best_slates(np.exp(appeal), predicted.value, 1.0, self.judge.positions)

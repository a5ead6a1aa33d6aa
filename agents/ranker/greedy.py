"""The policy that shows every user the slate a fitted ranker judges best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import top_k
from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.recall import Recall


class Greedy:
    """Slates of the largest gains; what must not or had better not be shown comes last.

    With ``Judge(..., farsighted=False)`` it is the learned myopic ranker: most engagement in the next step. With
    ``farsighted=True`` it is what PPO starts from.

    Args:
        judge: A fitted ranker made ready to serve.
        slate_size: Positions in a slate.
        noise: Scale of Gumbel noise on appeal, for logging.
    """

    def __init__(self, judge: Judge, slate_size: int, noise: float = 0.0) -> None:
        self.judge, self.slate_size, self.noise = judge, slate_size, noise
        self._rng, self._recall = np.random.default_rng(0), Recall(judge, slate_size)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; only the noise draws on ``seed``."""
        self._recall.forget()
        self._rng = np.random.default_rng(seed)

    def stay(self, rows: NDArray[np.intp]) -> None:
        """Serve users of these rows alone from now on, see ``driftrec.agents.evaluation.play.tried``."""
        self._recall.stay(rows)

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        chunks = user_chunks(self._recall(observation), self.judge.count(observation))
        return np.concatenate([self._act(chunk) for chunk in chunks])

    def _act(self, observation: Observation) -> Slates:
        view = self.judge.view(observation, self._gumbel if self.noise else None)
        return view.positions(top_k(view.gains, self.slate_size))

    def _gumbel(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        return self.noise * self._rng.gumbel(size=shape).astype(np.float32)

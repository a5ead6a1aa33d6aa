"""The trained slate policy, ready to serve."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from driftrec.agents.baselines.common import step_generator
from driftrec.agents.policy import CHUNK_USERS, Observation, Slates
from driftrec.agents.ppo.actor_critic import SlateActorCritic
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ranker.protocol import as_tensors
from driftrec.agents.ranker.recall import Recall

Staged = dict[str, NDArray[Any]]
"""What the candidate stage gives."""


class SlatePolicy:
    """What PPO trained: candidates, then slates picked among them item by item.

    A drawn slate depends on the seed, the step and the user's row, not on the number of rows; see ``stay``.

    Args:
        stage: Chooses the candidates.
        network: The actor.
        greedy: Most likely slates; False draws them.
    """

    def __init__(self, stage: CandidateStage, network: SlateActorCritic, greedy: bool) -> None:
        self.stage = stage
        self.network = network
        self.greedy = greedy
        self._recall = Recall(stage.judge, network.head.slate_size)
        self.reset(num_users=0, seed=0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; draws come from ``seed``."""
        self._recall.forget()
        self._seed, self._step = seed, 0
        self._last: tuple[Observation, Staged] | None = None

    def stay(self, rows: NDArray[np.intp]) -> None:
        """Serve users of these rows alone from now on, see ``driftrec.agents.evaluation.play.tried``.

        What is drawn of them is drawn by their new rows.
        """
        self._recall.stay(rows)

    def act(self, observation: Observation) -> Slates:
        """Slates picked item by item, (users, slate_size)."""
        return self._picked(self._staged(observation))

    def propensity(self, observation: Observation, slates: Slates) -> NDArray[np.float64]:
        """Chance of every pick given those above it, (users, slate_size); 0 of what is no candidate, and after it.

        Asked after ``act`` of the same step, or without it: what users opened is taken note of once a step.
        """
        seen = self._known(observation)
        if self.greedy:
            return np.logical_and.accumulate(self._picked(seen) == slates, axis=1).astype(np.float64)
        rows = [slice(start, start + CHUNK_USERS) for start in range(0, len(slates), CHUNK_USERS)]
        parts = [({name: value[some] for name, value in seen.items()}, slates[some]) for some in rows]
        return np.concatenate([self._chances(*part) for part in parts])

    def marginal(self, observation: Observation, slates: Slates) -> NDArray[np.float64]:
        """1 at positions that hold its most likely item; NaN of drawn slates, of which it is a sum over all others."""
        if not self.greedy:
            return np.full(slates.shape, np.nan)
        return (self._picked(self._known(observation)) == slates).astype(np.float64)

    def _staged(self, observation: Observation) -> Staged:
        """What the candidate stage gives; takes note of what was opened."""
        self._last = observation, self.stage(self._recall(observation))
        return self._last[1]

    def _known(self, observation: Observation) -> Staged:
        """The same, at hand where it was given for this very observation."""
        return self._last[1] if self._last and self._last[0] is observation else self._staged(observation)

    def _picked(self, seen: Staged) -> Slates:
        """Slates of what the stage gave, drawn or the most likely."""
        device = self.network.device
        uniforms = None if self.greedy else torch.from_numpy(self._uniforms(len(seen["state"]))).to(device)
        with torch.inference_mode():
            picks = self.network.slates(as_tensors(seen, device), self.greedy, uniforms).cpu().numpy()
        return np.take_along_axis(seen["candidates"], picks, axis=1).astype(np.int64)

    def _chances(self, seen: Staged, slates: Slates) -> NDArray[np.float64]:
        """``propensity`` of drawn slates, of some users."""
        same = seen["candidates"][:, None] == slates[..., None]  # (users, slate_size, candidates)
        with torch.inference_mode():
            picks = torch.from_numpy(same.argmax(axis=2)).to(self.network.device)
            log_p = self.network.of_picks(as_tensors(seen, self.network.device), picks).cpu()
        known = np.logical_and.accumulate(same.any(axis=2), axis=1)
        return np.where(known, np.exp(np.minimum(log_p.numpy(), 0.0), dtype=np.float64), 0.0)

    def _uniforms(self, users: int) -> NDArray[np.float32]:
        """The numbers of this step's draws, (users, slate_size, candidates)."""
        self._step += 1
        shape = (users, self.network.head.slate_size, self.stage.size)
        return step_generator(self._seed, self._step).random(shape, dtype=np.float32)

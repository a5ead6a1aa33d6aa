"""The candidate stage: a frozen ranker reads the user and keeps some items; the slate policy picks among them."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn
from torch import Tensor

from driftrec.agents.baselines.common import top_k
from driftrec.agents.policy import Observation, user_chunks
from driftrec.agents.ranker.item_columns import describe
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.slate_optimiser import slate_gains
from driftrec.agents.ranker.text_ranker import Ranker
from driftrec.simulators import warm

BOUND = 1e4
"""Bound of states and predictions in the observation space."""

FLOOR = 1e-3
"""Smallest score before the logarithm, as a part of the best candidate's."""


class Stage(Protocol):
    """Turns an observation into what the slate policy sees: a state vector, candidates, and how they are judged.

    Attributes:
        size: Candidates a request.
    """

    size: int

    def space(self) -> spaces.Dict:
        """Space of what comes out, for one user."""
        ...

    def items(self) -> Tensor | None:
        """Columns of the catalogue's items, (items, item_columns); None where the candidates bring theirs along."""
        ...

    def __call__(self, observation: Observation) -> dict[str, NDArray[Any]]:
        """What the slate policy sees of every user, leading axis users.

        "state" (users, state_dims); "candidates", what a slate position may hold, best first, and their "score",
        "appeal" and log "minutes", each (users, size); where ``items`` is None, their "columns" too, (users, size,
        item_columns).
        """
        ...


class CandidateStage:
    """The ``Stage`` of a fitted ranker over a catalogue.

    The candidates are the items that gain most in a slate, a_i (v_i - z), see ``slate_optimiser``; their score is the
    logarithm of that gain over the best candidate's. The ranker runs once a request and the policy learns on top of
    it, so that gradients never pass through histories.

    Args:
        ranker: A fitted ranker; not changed.
        size: Items to keep a request.
    """

    def __init__(self, ranker: Ranker, size: int) -> None:
        self.judge = Judge(ranker, farsighted=True)
        self.num_items = self.judge.num_items
        self.size = min(size, self.judge.num_shown)
        self.state_dims = ranker.encoder.state_dims

    def space(self) -> spaces.Dict:
        """Space of what comes out, for one user."""
        judged = {name: spaces.Box(-BOUND, BOUND, (self.size,), np.float32) for name in ("score", "appeal", "minutes")}
        candidates = spaces.Box(0, self.num_items - 1, (self.size,), np.int32)
        state = spaces.Box(-BOUND, BOUND, (self.state_dims,), np.float32)
        return spaces.Dict({"state": state, "candidates": candidates, **judged})

    def items(self) -> Tensor:
        """Columns of all items, see ``describe``, (items, item_columns)."""
        return describe(self.judge.ranker)

    def __call__(self, observation: Observation) -> dict[str, NDArray[Any]]:
        """State (users, state_dims); candidates, best first, their score, appeal and log minutes (users, size)."""
        parts = [self._best(chunk) for chunk in user_chunks(observation, self.num_items)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _best(self, observation: Observation) -> dict[str, NDArray[Any]]:
        predicted = self.judge.predict(observation)
        attraction = np.exp(predicted.appeal, out=warm.like(predicted.appeal))
        gains = slate_gains(attraction, predicted.value, 1.0, self.judge.positions)
        best = top_k(gains, self.size)
        kept = np.take_along_axis(gains, best, axis=1)
        judged = {
            "state": predicted.state,
            "score": np.log(np.maximum(kept / np.maximum(kept[:, :1], FLOOR), FLOOR)),
            "appeal": np.take_along_axis(predicted.appeal, best, axis=1),
            "minutes": np.log(np.maximum(np.take_along_axis(predicted.minutes, best, axis=1), FLOOR)),
        }
        bounded = {name: array.clip(-BOUND, BOUND) for name, array in judged.items()}
        return {**bounded, "candidates": best.astype(np.int32)}


class CandidateVecEnv(VecEnvWrapper):
    """A ``VecEnv`` whose observations are the candidate stage's and whose actions are positions among the candidates.

    Args:
        venv: The environments; actions are item positions.
        stage: Chooses the candidates.
    """

    def __init__(self, venv: VecEnv, stage: Stage) -> None:
        slate_size = len(venv.action_space.nvec)  # type: ignore[attr-defined]
        super().__init__(venv, stage.space(), spaces.MultiDiscrete([stage.size] * slate_size))
        self.stage = stage
        self._candidates: NDArray[np.int32] | None = None

    def reset(self) -> dict[str, NDArray[Any]]:
        """Reset all lanes."""
        return self._staged(self.venv.reset())

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Translate positions among the candidates to items and step."""
        if self._candidates is None:
            raise RuntimeError("step was called before reset(); there are no candidates yet.")
        self.venv.step_async(np.take_along_axis(self._candidates, actions, axis=1))

    def step_wait(self) -> VecEnvStepReturn:
        """Step and find the new candidates; a terminal observation gets its own."""
        observation, rewards, dones, infos = self.venv.step_wait()
        ended = np.flatnonzero(dones)
        if ended.size:
            last = [infos[lane]["terminal_observation"] for lane in ended]
            batch = self.stage({name: np.stack([row[name] for row in last]) for name in last[0]})
            for row, lane in enumerate(ended):
                infos[lane]["terminal_observation"] = {name: value[row] for name, value in batch.items()}
        return self._staged(observation), rewards, dones, infos

    def _staged(self, observation: Any) -> dict[str, NDArray[Any]]:
        staged = self.stage(observation)
        self._candidates = staged["candidates"]
        return staged

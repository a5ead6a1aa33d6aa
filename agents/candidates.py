"""The candidate stage: a frozen ranker keeps some items a request, and the slate policy picks among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from driftrec.agents.baselines.common import read_mask, top_k
from driftrec.agents.policy import Observation, user_chunks
from driftrec.agents.ranker import Ranker
from driftrec.agents.state_encoder import as_tensors


class CandidateStage:
    """Adds to an observation the items that the ranker puts first for this user, and their scores.

    The score is log(predicted weight in the choice * predicted minutes). Items that the user has opened lately are
    left out.

    Args:
        ranker: A fitted ranker; not changed.
        num_items: Items in the catalogue.
        size: Items to keep a request.
    """

    def __init__(self, ranker: Ranker, num_items: int, size: int) -> None:
        self.size = min(size, num_items)
        self.num_items = num_items
        self.ranker = ranker.eval()
        with torch.inference_mode():
            self._vectors = ranker.item_vectors()

    def spaces(self) -> dict[str, spaces.Box]:
        """Spaces of what is added."""
        return {
            "candidates": spaces.Box(0, self.num_items - 1, (self.size,), np.int32),
            "scores": spaces.Box(-100.0, 100.0, (self.size,), np.float32),
        }

    def __call__(self, observation: Observation) -> dict[str, NDArray[Any]]:
        """The observation with "candidates" (users, size), item positions, best first, and "scores"."""
        chunks = [self._best(chunk) for chunk in user_chunks(observation)]
        candidates, scores = (np.concatenate(parts) for parts in zip(*chunks, strict=True))
        return {**observation, "candidates": candidates, "scores": scores}

    def _best(self, observation: Observation) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        with torch.inference_mode():
            predicted = self.ranker(as_tensors(observation), self._vectors)
            scores = (predicted.appeal - predicted.no_click + predicted.minutes.log()).numpy()
        scores[read_mask(observation, self.num_items)] = -50.0
        best = top_k(scores, self.size)
        return best.astype(np.int32), np.take_along_axis(scores, best, axis=1).clip(-100.0, 100.0)


class CandidateVecEnv(VecEnvWrapper):
    """A ``VecEnv`` whose observations hold candidates and whose actions are positions among them.

    Args:
        venv: The environments; actions are item positions.
        stage: Chooses the candidates.
    """

    def __init__(self, venv: VecEnv, stage: CandidateStage) -> None:
        assert isinstance(venv.observation_space, spaces.Dict)
        slate_size = len(venv.action_space.nvec)  # type: ignore[attr-defined]
        super().__init__(
            venv,
            spaces.Dict({**venv.observation_space.spaces, **stage.spaces()}),
            spaces.MultiDiscrete([stage.size] * slate_size),
        )
        self.stage = stage
        self._candidates: NDArray[np.int32] | None = None

    def reset(self) -> dict[str, NDArray[Any]]:
        """Reset all lanes."""
        return self._add(self.venv.reset())

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Translate positions among the candidates to items and step."""
        if self._candidates is None:
            raise RuntimeError("step was called before reset(); there are no candidates yet.")
        self.venv.step_async(np.take_along_axis(self._candidates, actions, axis=1))

    def step_wait(self) -> VecEnvStepReturn:
        """Step and add the new candidates; a terminal observation gets its own."""
        observation, rewards, dones, infos = self.venv.step_wait()
        ended = np.flatnonzero(dones)
        if ended.size:
            last = [infos[lane]["terminal_observation"] for lane in ended]
            batch = self.stage({name: np.stack([row[name] for row in last]) for name in last[0]})
            for row, lane in enumerate(ended):
                infos[lane]["terminal_observation"] = {name: value[row] for name, value in batch.items()}
        return self._add(observation), rewards, dones, infos

    def _add(self, observation: Any) -> dict[str, NDArray[Any]]:
        added = self.stage(observation)
        self._candidates = added["candidates"]
        return added

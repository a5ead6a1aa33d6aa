"""Serving with exploration: the learning policy, now and then a random slate, and what to remember of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from driftrec.agents.baselines.common import draw_distinct
from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ranker.protocol import as_tensors
from driftrec.agents.slateq.replay import Step
from driftrec.agents.slateq.values import SlateQPolicy
from driftrec.agents.snapshots.tree import Tree, parts_of, put_back
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.noise import user_seeds

NEXT = "next_"
"""Before the names of what was observed after a step."""


class Explorer:
    """Serves the lanes of a vector environment, now and then with random slates.

    Args:
        envs: Autoreset "SameStep".
        policy: The learning policy, which serves nobody else: it recalls what these users opened.
        seed: Source of users and random slates.
        unit: Engagement that counts as a reward of 1.
    """

    def __init__(self, envs: RecommendationVectorEnv, policy: SlateQPolicy, *, seed: int, unit: float) -> None:
        self.envs, self.policy, self.judge, self.unit = envs, policy, policy.judge, unit
        self._rng = np.random.default_rng([seed, 1])
        self._observation, _ = envs.reset(seed=user_seeds(seed, "training", envs.num_envs).tolist())
        self._seen = self._see(self._observation)

    def step(self, epsilon: float) -> Step:
        """Show every lane the best slate, or with chance ``epsilon`` a random one; what to remember of it.

        What is seen after the step has no meaning for those who have left.
        """
        slates, before = self._slates(epsilon), self._seen["state"]
        shown = self.judge.items.of(self._observation, slates)
        self._observation, reward, terminated, truncated, info = self.envs.step(slates)
        self._seen = self._see(self._observation)
        over = terminated | truncated
        clicks = np.where(over[:, None], info.get("final_info", info)["clicks"], info["clicks"])
        return {
            "state": before,
            "shown": shown,
            "clicks": torch.from_numpy(clicks),
            "reward": torch.from_numpy((reward / self.unit).astype(np.float32)),
            "terminated": torch.from_numpy(terminated),
            **{NEXT + name: value for name, value in self._after(np.flatnonzero(truncated), info).items()},
        }

    def kept(self) -> Tree:
        """All that ``go_on`` takes up: users, what was seen of them, draws; arrays are shared, not copied.

        Raises:
            TypeError: If a world's state holds other things than arrays and numbers.
        """
        lanes: Any = self.envs.unwrapped
        parts = {"policy": parts_of(self.policy, self.policy.CHANGING), "lanes": parts_of(lanes, lanes.CHANGING)}
        return {**parts, "observation": self._observation, "draws": self._rng.bit_generator.state}

    def go_on(self, kept: Tree) -> None:
        """Serve the users of another one of the same making, as it was ``kept``."""
        put_back(self.policy, kept["policy"])
        put_back(self.envs.unwrapped, kept["lanes"])
        self._rng.bit_generator.state = kept["draws"]
        self._observation = kept["observation"]
        self._seen = self._see(self._observation)

    def _slates(self, epsilon: float) -> Slates:
        best = self.policy.act(self._observation)
        explores = self._rng.random((len(best), 1)) < epsilon
        return np.where(explores, draw_distinct(self._rng.random(best.shape), self.envs.world.num_items), best)

    def _see(self, observation: Observation) -> dict[str, Tensor]:
        """State vectors (users, width), in chunks as they serve, and what tells which items there are; on the CPU."""
        chunks = user_chunks(observation, self.judge.items.count(observation))
        with torch.no_grad():
            state = torch.cat([self.judge.ranker.state(as_tensors(chunk, self.judge.device)) for chunk in chunks]).cpu()
        return {"state": state, **{name: torch.from_numpy(observation[name]) for name in self.judge.items.keys}}

    def _after(self, cut: NDArray[np.intp], info: dict[str, Any]) -> dict[str, Tensor]:
        """What is seen of every user after a step: of those cut off, not of the next in their lanes."""
        after = {name: value.clone() for name, value in self._seen.items()}
        if cut.size:
            rows = [info["final_obs"][lane] for lane in cut]
            last = self._see({name: np.stack([row[name] for row in rows]) for name in rows[0]})
            for name, value in last.items():
                after[name][torch.from_numpy(cut)] = value
        return after

"""Measuring a policy on fixed users while it learns, and keeping the best."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from driftrec.agents.evaluation.curves import CURVE_FILE
from driftrec.agents.evaluation.mean_engagement import mean_engagement
from driftrec.agents.policy import Policy
from driftrec.agents.world_setup import WorldSetup
from driftrec.simulators.noise import user_seeds

Progress = Callable[[int, float], None]
"""Called with environment steps taken and the last measurement, minutes an episode."""


class KeepBest:
    """Measures a policy on the same users again and again, and remembers the weights that did best.

    Args:
        setup: World and embeddings.
        policy: Serves with ``network`` as it is at the time.
        network: What learns.
        seed: Source of the users; those of ``driftrec train``.
        users: Number of users.
        progress: Called after every measurement.
    """

    def __init__(
        self, setup: WorldSetup, policy: Policy, network: nn.Module, *, seed: int, users: int, progress: Progress
    ) -> None:
        self.rows: list[dict[str, float]] = []
        self.best_at = 0
        self._setup, self._policy, self._network, self._progress = setup, policy, network, progress
        self._users = user_seeds(seed, "validation", users)
        self._start = time.perf_counter()
        self._best: dict[str, torch.Tensor] = {}

    def measure(self, steps: int) -> None:
        """Serve the users, and keep the weights if they do better than all before; ``steps`` says when."""
        engagement = mean_engagement(self._setup.world, self._policy, self._users, self._setup.args.horizon)
        if not self.rows or engagement > max(row["mean_episode_engagement"] for row in self.rows):
            self._best, self.best_at = copy.deepcopy(self._network.state_dict()), steps
        seconds = time.perf_counter() - self._start
        self.rows.append({"env_steps": steps, "seconds": seconds, "mean_episode_engagement": engagement})
        self._progress(steps, engagement)

    def restore(self) -> None:
        """Put the weights of the best measurement back, if there was one."""
        if self._best:
            self._network.load_state_dict(self._best)

    def write_curve(self, folder: Path, seed: int) -> None:
        """Write the measurements to ``curve.csv``, as ``driftrec train`` does."""
        pd.DataFrame(self.rows).assign(training_seed=seed).to_csv(folder / CURVE_FILE, index=False)

"""What stable-baselines3's PPO says of every update, handed to whoever draws curves of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback

from driftrec.agents.evaluation.curves import Record

NAMES: Mapping[str, str] = {
    "train/policy_gradient_loss": "loss/policy",
    "train/value_loss": "loss/value",
    "train/approx_kl": "policy/kl",
    "train/entropy_loss": "policy/entropy",
    "train/clip_fraction": "policy/clipped",
    "train/explained_variance": "value/explained",
    "train/learning_rate": "learning_rate",
}
"""What stable-baselines3 calls it, and what we do; entropy is the loss with the sign changed, in nats a slate."""

SPEED = "frames_per_second"


class Recording(BaseCallback):
    """Records every update once it is done, at the environment steps taken by then.

    Args:
        record: Takes steps and values.
        before: Environment steps taken before this training.
    """

    def __init__(self, record: Record, before: int) -> None:
        super().__init__()
        self._record, self._before = record, before
        self._since: tuple[float, int] | None = None  # seconds and steps at the first step of a rollout

    def _on_step(self) -> bool:
        if self._since is None:
            self._since = time.perf_counter(), self.num_timesteps
        return True

    def _on_rollout_start(self) -> None:
        self._update_is_done()

    def _on_training_end(self) -> None:
        self._update_is_done()

    def _update_is_done(self) -> None:
        """Record the last update, if there was one since this was last asked."""
        told = take_losses(self.model)
        if not told:
            return
        if self._since is not None:
            seconds, steps = self._since
            told[SPEED] = (self.num_timesteps - steps) / (time.perf_counter() - seconds)
        self._record(self._before + self.num_timesteps, told)
        self._since = None


def take_losses(model: Any) -> dict[str, float]:
    """What the last update said, by our names; it is said once."""
    said = model.logger.name_to_value
    told = {ours: float(said[theirs]) for theirs, ours in NAMES.items() if theirs in said}
    said.clear()
    if "policy/entropy" in told:
        told["policy/entropy"] *= -1
    return told


def losses_of(model: PPO) -> list[list[Any]]:
    """What the last update said and nobody has taken yet, in pairs, for snapshots."""
    return [[name, float(value)] for name, value in model.logger.name_to_value.items() if name in NAMES]


def put_losses(model: PPO, told: list[list[Any]]) -> None:
    """Say again what ``losses_of`` told."""
    for name, value in told:
        model.logger.record(name, value)

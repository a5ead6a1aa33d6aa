"""Measuring a policy on fixed users while it learns, and keeping the best."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from stable_baselines3.common.callbacks import BaseCallback
from torch import nn

from driftrec.agents.baselines.common import UnrankedError
from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.policy import Policy

Progress = Callable[[int, float], None]
"""Called with the environment steps taken and the last measurement, engagement an episode."""


def check_measurements(wanted: int, total_steps: int, between: int) -> None:
    """Raise ValueError if a training has no room for ``wanted`` measurements.

    They reach from before the first step to after the last. ``between`` are the environment steps that are taken at a
    time: a rollout of all lanes, or a step of each.
    """
    room = -(-total_steps // between) + 1
    if wanted > room:
        raise ValueError(
            f"validations is {wanted}, but {total_steps:,} steps, taken {between:,} at a time, have room for {room} "
            "measurements. Ask for fewer, train for longer, or take fewer lanes or shorter rollouts."
        )


def check_learned(name: str, network: nn.Module, steps: int) -> None:
    """Raise ValueError unless all weights are finite; says that ``name`` diverged."""
    if not all(bool(torch.isfinite(weights).all()) for weights in network.parameters()):
        raise ValueError(f"{name} diverged: its weights are not finite after {steps:,} steps. Lower its learning rate.")


@contextmanager
def naming_divergence(name: str, learning_rate: str, value: float) -> Iterator[None]:
    """Scores that cannot be ranked inside ``with`` say that ``name`` diverged and what to lower."""
    try:
        yield
    except UnrankedError as error:
        raise ValueError(f"{name} diverged. {error} Lower {learning_rate}, which is {value:g}.") from error


class KeepBest:
    """Measures a policy now and then, and remembers the weights that did best; of equals the first.

    Args:
        curve: Measures.
        stage: What the measurements are called in the curve.
        policy: Serves with ``network`` as it is at the time.
        network: What learns.

    Attributes:
        measured: Engagement an episode, one a measurement.
        best_at: Steps after which the best was measured.
    """

    CHANGING = ("measured", "best_at", "_last", "_best")
    """Attributes that change while a training runs."""

    def __init__(self, curve: Curve, stage: str, policy: Policy, network: nn.Module) -> None:
        self.measured: list[float] = []
        self.best_at = 0
        self._curve, self._stage, self._policy, self._network = curve, stage, policy, network
        self._before = curve.env_steps
        self._last = -1
        self._best: dict[str, torch.Tensor] = {}

    def measure(self, steps: int) -> None:
        """Measure after ``steps`` environment steps of this stage; ValueError if the network has diverged."""
        check_learned(self._stage, self._network, steps)
        self._curve.env_steps = self._before + steps
        self._last = steps
        self.measured.append(self._curve.measure(self._stage, self._policy))
        if self.measured[-1] > max(self.measured[:-1], default=float("-inf")):
            self._best, self.best_at = copy.deepcopy(self._network.state_dict()), steps

    def measure_every(self, every: float, steps: int) -> None:
        """Measure if the next of even distances is reached; the first is 0."""
        if steps >= len(self.measured) * every:
            self.measure(steps)

    def measure_last(self, steps: int) -> None:
        """Measure unless the last measurement is of this very moment."""
        if self._last < steps:
            self.measure(steps)

    def restore(self) -> None:
        """Put the weights of the best measurement back, if there was one."""
        if self._best:
            self._network.load_state_dict(self._best)


class Measuring(BaseCallback):
    """Has ``keeper`` measure while a stable-baselines3 algorithm learns: before the first step, after the last.

    Between them it measures ``every`` so many environment steps; ``progress`` is called after every rollout.
    """

    def __init__(self, keeper: KeepBest, every: float, progress: Progress) -> None:
        super().__init__()
        self._keeper, self._every, self._progress = keeper, every, progress

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        self._keeper.measure_every(self._every, self.num_timesteps)
        self._progress(self.num_timesteps, self._keeper.measured[-1])

    def _on_training_end(self) -> None:
        self._keeper.measure_last(self.num_timesteps)
        self._progress(self.num_timesteps, self._keeper.measured[-1])

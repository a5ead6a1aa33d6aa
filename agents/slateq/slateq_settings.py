"""How SlateQ trains."""

from __future__ import annotations

from dataclasses import dataclass, field

from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class SlateQSettings:
    """How SlateQ learns.

    Attributes:
        total_steps: Environment steps, rounded up to a step of every lane.
        lanes: Users served side by side.
        memory: Environment steps that the replay buffer holds.
        warm_up: Environment steps before the first gradient.
        batch_size: Steps a gradient.
        gradients: Gradients after a step of every lane.
        sync: Gradients between copies of the network to the target network.
        learning_rate: Adam's step size at the start; falls linearly to 0.
        gamma: Discount a step.
        epsilon: Chance of a random slate at the start.
        last_epsilon: The same from ``annealed`` on.
        annealed: Part of the training over which the chance falls, linearly.
        unit: Engagement that counts as a reward of 1.
    """

    total_steps: int = 250_000
    lanes: int = 128
    memory: int = 100_000
    warm_up: int = 5_000
    batch_size: int = 512
    gradients: int = 2
    sync: int = 200
    learning_rate: float = 1e-3
    gamma: float = 0.98
    epsilon: float = 0.3
    last_epsilon: float = 0.05
    annealed: float = 0.5
    unit: float = 10.0

    def __post_init__(self) -> None:
        check_ranges(self, total_steps=(1, 1e12), lanes=(1, 1e6), memory=(1, 1e8), warm_up=(1, 1e12))
        check_ranges(self, batch_size=(1, 1e9), gradients=(1, 1e3), sync=(1, 1e9), learning_rate=(0, 10))
        check_ranges(self, gamma=(0, 1), epsilon=(0, 1), last_epsilon=(0, 1), annealed=(1e-9, 1), unit=(1e-6, 1e6))
        if self.memory < self.lanes:
            raise ValueError(f"SlateQSettings.memory is {self.memory}; it must hold a step of all {self.lanes} lanes.")

    def exploration(self, steps: int) -> float:
        """Chance of a random slate after ``steps`` environment steps."""
        done = min(steps / (self.annealed * self.total_steps), 1.0)
        return self.epsilon + done * (self.last_epsilon - self.epsilon)


@dataclass(frozen=True)
class SlateQTraining:
    """All that decides what comes out of a training of SlateQ, beside the world, the ranker and the seed.

    Attributes:
        slateq: How SlateQ learns.
        validations: Measurements of the policy, from before the first step to after the last; the best is kept.
        validation_users: Users of a measurement, always the same.
    """

    slateq: SlateQSettings = field(default_factory=SlateQSettings)
    validations: int = 10
    validation_users: int = 256

    def __post_init__(self) -> None:
        check_ranges(self, validations=(2, 1e6), validation_users=(1, 1e6))

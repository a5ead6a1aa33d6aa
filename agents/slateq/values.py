"""SlateQ (Ie et al., 2019): a learned long-term value of every item makes, with a choice model, that of a slate.

    Q(s, A) = sum_i P(i | s, A) Q(s, i),  i over the slate A and the event that nothing is opened

State vector and choice model P are those of a fitted ranker, which stays as it is; ``ranker.future`` is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.baselines.common import read_mask
from driftrec.agents.policy import Observation, Slates, user_chunks
from driftrec.agents.ranker.item_columns import describe
from driftrec.agents.ranker.judge import READ, Judge
from driftrec.agents.ranker.slate_optimiser import best_slates
from driftrec.agents.ranker.state_encoder import as_tensors
from driftrec.agents.ranker.text_ranker import Ranker
from driftrec.simulators.ranges import check_ranges

Float = NDArray[np.float32]


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
        unit: Minutes that count as a reward of 1.
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
    validations: int = 6
    validation_users: int = 128

    def __post_init__(self) -> None:
        check_ranges(self, validations=(2, 1e6), validation_users=(1, 1e6))


@dataclass
class Outlook:
    """What to expect in some states, leading axis users.

    Attributes:
        attraction: Weight of every item in the choice at the first position, that of no click being 1, (users, items).
        items: Value of opening every item, (users, items).
        no_click: Value of opening nothing, (users, 1).
    """

    attraction: Tensor
    items: Tensor
    no_click: Tensor

    def slate_values(self, slates: Slates, positions: Float) -> Tensor:
        """Q(s, A) of the slates, (users,); ``positions`` holds the weights of positions, (slate_size,)."""
        index = torch.from_numpy(slates)
        weights = self.attraction.gather(1, index) * torch.from_numpy(positions)  # (users, slate_size)
        total = (weights * self.items.gather(1, index)).sum(dim=1) + self.no_click[:, 0]
        return total / (1.0 + weights.sum(dim=1))

    def best(self, positions: Float, read: NDArray[np.bool_]) -> Slates:
        """Slates of highest value, (users, slate_size); what was ``read`` lately (users, items) is left out."""
        gain = (self.items - self.no_click).numpy()  # Q(s, A) = Q(s, nothing) + sum_i P(i | s, A) gain_i
        return best_slates(self.attraction.numpy(), np.where(read, np.float32(READ), gain), 1.0, positions)


Look = Callable[[Tensor], Outlook]
"""From state vectors (users, state_dims) to what to expect there."""


def targets(
    look: Look,
    reward: Tensor,
    next_state: Tensor,
    next_read: NDArray[np.bool_],
    terminated: Tensor,
    *,
    gamma: float,
    positions: Float,
) -> Tensor:
    """R + gamma * Q(s', A'), A' the best slate at the next state s'; r where the user left for good, (users,).

    Args:
        look: The target network's.
        reward: Of the step, (users,).
        next_state: State after the step; of an episode cut short, the one it was cut at. (users, state_dims)
        next_read: What had been read lately by then, (users, items).
        terminated: Whether the user left for good, bool, (users,).
        gamma: Discount a step.
        positions: Weights of positions, (slate_size,).
    """
    with torch.inference_mode():
        outlook = look(next_state)
        value = outlook.slate_values(outlook.best(positions, next_read), positions)
    return reward + gamma * torch.where(terminated, 0.0, value)


class UserModel:
    """What SlateQ takes from a fitted ranker: the state vector, and how users choose.

    Args:
        ranker: A fitted ranker; not changed.
    """

    def __init__(self, ranker: Ranker) -> None:
        self.ranker = ranker.eval()
        self.num_items = len(ranker.future)
        self.positions: Float = Judge(ranker, farsighted=False).positions
        with torch.no_grad():
            self._vectors = ranker.item_vectors()

    def states(self, observation: Observation) -> Tensor:
        """State vectors, (users, state_dims)."""
        with torch.no_grad():
            parts = [self.ranker.encoder(as_tensors(chunk)) for chunk in user_chunks(observation, self.num_items)]
        return torch.cat(parts)

    def predict(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Attraction, see ``Outlook``, and minutes now if opened, both (users, items)."""
        with torch.no_grad():
            scores = self.ranker.predict(states, self._vectors)
            appeal = scores.appeal - scores.no_click + self.ranker.position_bias[0]
        return appeal.exp(), scores.minutes


class ItemValues(nn.Module):
    """Q(s, i) = minutes_i / unit + V(s) + <f(s), x_i> + d_i for items, and V(s) + c(s) for opening nothing.

    Minutes now are the ranker's, so that learning starts at the myopic policy. x_i are columns of the ranker, see
    ``describe``; d_i is what text does not tell of an item. f, c, d and V start at zero.

    Args:
        ranker: A fitted ranker; not changed.
        unit: Minutes that count as 1.
    """

    def __init__(self, ranker: Ranker, unit: float) -> None:
        super().__init__()
        self.unit = unit
        columns = describe(ranker)
        columns[:, -1] = 0.0  # the minutes to come are for SlateQ to find out
        self.columns: Tensor
        self.register_buffer("columns", columns, persistent=False)
        self.own = nn.Parameter(torch.zeros(len(columns)))
        dims = ranker.encoder.state_dims
        self.body = nn.Sequential(nn.LayerNorm(dims), nn.Linear(dims, 128), nn.GELU())
        self.head = nn.Linear(128, columns.shape[1] + 2)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, states: Tensor, minutes: Tensor) -> tuple[Tensor, Tensor]:
        """Values of all items (users, items) and of opening nothing (users, 1); ``minutes`` (users, items)."""
        query, base, nothing = self.head(self.body(states)).tensor_split([-2, -1], dim=1)
        return minutes / self.unit + base + query @ self.columns.T + self.own, base + nothing


def look_with(model: UserModel, network: ItemValues) -> Look:
    """The outlook that ``network`` gives."""

    def look(states: Tensor) -> Outlook:
        attraction, minutes = model.predict(states)
        return Outlook(attraction, *network(states, minutes))

    return look


class SlateQPolicy:
    """Slates of highest Q(s, A), ready to serve; deterministic.

    Args:
        model: State and choices.
        network: Values.
    """

    def __init__(self, model: UserModel, network: ItemValues) -> None:
        self.model = model
        self._look = look_with(model, network)

    def reset(self, num_users: int, seed: int) -> None:
        """Nothing to forget: all is read off the observation."""

    def act(self, observation: Observation) -> Slates:
        """Slates, best first, (users, slate_size)."""
        return np.concatenate([self._act(chunk) for chunk in user_chunks(observation, self.model.num_items)])

    def _act(self, observation: Observation) -> Slates:
        with torch.inference_mode():
            outlook = self._look(self.model.states(observation))
        return outlook.best(self.model.positions, read_mask(observation, self.model.num_items))

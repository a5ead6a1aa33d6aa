"""The reference policies of SARDINE's figures: random slates, and oracles of the next step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import step_generator, top_k
from driftrec.agents.policy import Observation, Slates
from driftrec.simulators.published.sardine import SardineState, SardineWorld


class RandomSlates:
    """Independent random items; a slate may hold an item twice, as the published random baseline's does.

    Args:
        world: For its sizes.
    """

    def __init__(self, world: SardineWorld) -> None:
        self.world = world
        self.reset(0, 0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start the random numbers over from ``seed``."""
        self._users, self._seed, self._step = num_users, seed, 0

    def act(self, observation: Observation) -> Slates:
        """Random slates, (users, slate_size)."""
        return (self.draw() * self.world.num_items).astype(np.int64)

    def draw(self) -> NDArray[np.float64]:
        """Uniform numbers of the next step, (users, slate_size); a row does not depend on the number of rows."""
        self._step += 1
        return step_generator(self._seed, self._step).random((self._users, self.world.slate_size))


class GreedyOracle:
    """The items of highest true relevance, best first; every position a random item with chance ``epsilon``.

    The original's ``EpsilonGreedyOracle``. Its random items come from numpy's global generator, so that equal seeds
    give different slates; here they come from the policy's seed.

    Args:
        world: The world whose state ``see`` receives.
        epsilon: Chance of a random item, by position; a random item may repeat another. In [0, 1].

    Raises:
        ValueError: If ``epsilon`` is outside.
    """

    def __init__(self, world: SardineWorld, epsilon: float = 0.0) -> None:
        if not 0.0 <= epsilon <= 1.0:
            raise ValueError(f"epsilon is {epsilon}; it must be between 0 and 1.")
        self.world = world
        self.epsilon = epsilon
        self._random = RandomSlates(world)
        self._state: SardineState | None = None

    def reset(self, num_users: int, seed: int) -> None:
        """Start the random numbers over from ``seed``."""
        self._random.reset(num_users, seed)

    def see(self, state: SardineState) -> None:
        """Be told the true state; called before every ``act``."""
        self._state = state

    def act(self, observation: Observation) -> Slates:
        """Slates, (users, slate_size)."""
        best = best_first(self.world, told(self._state, self))
        if self.epsilon == 0.0:
            return best
        return np.where(self._random.draw() < self.epsilon, self._random.act(observation), best)


class ReversedOracle:
    """The oracle's slate from the bottom up.

    The original's ``EpsilonGreedyAntiOracle``. A published fault: an anti-oracle should show the items of lowest
    relevance, this one shows the highest, the best last; with one position it is the oracle.

    Args:
        world: The world whose state ``see`` receives.
        epsilon: See ``GreedyOracle``.
    """

    def __init__(self, world: SardineWorld, epsilon: float = 0.0) -> None:
        self._oracle = GreedyOracle(world, epsilon)

    def reset(self, num_users: int, seed: int) -> None:
        """Start the random numbers over from ``seed``."""
        self._oracle.reset(num_users, seed)

    def see(self, state: SardineState) -> None:
        """Be told the true state; called before every ``act``."""
        self._oracle.see(state)

    def act(self, observation: Observation) -> Slates:
        """Slates, (users, slate_size)."""
        return np.ascontiguousarray(self._oracle.act(observation)[:, ::-1])


def best_first(world: SardineWorld, state: SardineState) -> Slates:
    """The items of highest score now, best first, (users, slate_size).

    Of items that score alike, as all do for a bored user, those with the highest numbers come first where all are
    shown: so the original's do, and in a world that reranks ten items it decides which topics are clicked.
    """
    return world.num_items - 1 - top_k(world.scores(state)[:, ::-1], world.slate_size)


def told(state: SardineState | None, policy: object) -> SardineState:
    """The state that an oracle has seen.

    Raises:
        RuntimeError: If it has seen none.
    """
    if state is None:
        name = type(policy).__name__
        raise RuntimeError(f"{name}.act was called before see(state); oracles need the world's true state.")
    return state

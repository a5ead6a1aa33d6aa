"""How near to a limit a planner is: the same planner, improved in every step by simulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import step_generator
from driftrec.agents.evaluation.play import imagine
from driftrec.agents.oracles.told import Told
from driftrec.agents.policy import Observation, Oracle, Slates
from driftrec.simulators.world import World, part


class Rollouts(Told):
    """Tries the base's slate and those of others by simulation, and shows the best.

    Every slate is followed by the base to the horizon, from copies of the users' true state with noise of their
    own, ``samples`` times, the same noise for all slates of a user (rollouts; Tesauro and Galperin, 1996). Another
    slate takes the place of the base's where its gain is above ``cautious`` standard errors: the best of many noisy
    means is hardly as good as it looks.

    Args:
        world: The world whose state ``see`` receives: its ``keys`` are where noise comes from.
        base: What is to be improved; chooses by the state alone.
        others: Where other slates come from; the same.
        horizon: Steps of an episode.
        samples: Simulations of every slate, at least 2.
        seed: Source of the simulations' noise.
        cautious: Standard errors.
    """

    def __init__(
        self,
        world: World[Any],
        base: Oracle,
        others: Sequence[Oracle],
        *,
        horizon: int,
        samples: int = 4,
        seed: int = 0,
        cautious: float = 2.0,
    ) -> None:
        self.world, self.options = world, (base, *others)
        self.samples, self.cautious = samples, cautious
        self._horizon, self._seed = horizon, seed
        self.reset(0, 0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over: noise comes from the seed given at first."""
        self._steps = 0

    def act(self, observation: Observation) -> Slates:
        """Slates, (users, slate_size)."""
        for option in self.options:
            option.see(self.state)
        slates = np.stack([option.act(observation) for option in self.options])  # (options, users, slate_size)
        earned = self._simulated(slates, self._horizon - self._steps)
        self._steps += 1
        gain = earned - earned[0]  # (options, samples, users)
        error = gain.std(axis=1, ddof=1) / np.sqrt(self.samples)
        sure = gain.mean(axis=1) - self.cautious * error  # 0 of the base itself
        best = sure.argmax(axis=0)
        return slates[best, np.arange(slates.shape[1])]

    def _simulated(self, slates: NDArray[np.int64], steps: int) -> NDArray[np.float64]:
        """What each slate brings with what follows in ``steps`` steps, (options, samples, users)."""
        options, users, _ = slates.shape
        shape = (options, self.samples, users)
        state = part(self.state, np.broadcast_to(np.arange(users), shape).ravel())
        draws = step_generator(self._seed, self._steps).integers(2**64, size=(users, self.samples), dtype=np.uint64)
        state.keys = np.broadcast_to(draws.T, shape).ravel().copy()
        shown = np.repeat(slates[:, None], self.samples, axis=1).reshape(-1, slates.shape[2])
        return imagine(self.world, state, shown, self.options[0], steps).reshape(shape)

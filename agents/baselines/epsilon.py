"""Now and then a random slate: any policy with chances that a log can keep."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.nonpersonalised import Random
from driftrec.agents.policy import Context, Marginal, Observation, Oracle, Policy, Slates, Stochastic

Chances = NDArray[np.float64]


class Epsilon:
    """Shows a random slate with chance ``epsilon``, and that of another policy otherwise.

    The whole slate is drawn or none of it, so that the chance of a slate is exact,

        P(slate) = (1 - epsilon) * P_policy(slate) + epsilon * P_random(slate),

    and so is that of its beginnings, of which the chance of a pick given those above it is a ratio. A policy that is
    not ``Stochastic`` counts as ``Sure``.

    Args:
        policy: The other one.
        context: What is known of the catalogue.
        epsilon: Chance of a random slate, in [0, 1], for each user and step.

    Raises:
        ValueError: If ``epsilon`` is out of range, or as of ``sure``.
    """

    def __init__(self, policy: Policy, context: Context, epsilon: float) -> None:
        if not 0.0 <= epsilon <= 1.0:
            raise ValueError(f"epsilon is {epsilon}; it is a chance and must be between 0 and 1.")
        self.epsilon = epsilon
        self._policy, self._random = sure(policy), Random(context)
        self.reset(num_users=0, seed=0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; the draws of the two policies and between them come from ``seed``."""
        self._policy.reset(num_users, seed)
        self._random.reset(num_users, seed)
        self._seed, self._step = seed, 0

    def act(self, observation: Observation) -> Slates:
        """Slates of the one or of the other, (users, slate_size)."""
        drawn, own = self._random.act(observation), self._policy.act(observation)
        explore = np.random.default_rng([self._seed, self._step, 1]).random(len(own)) < self.epsilon
        self._step += 1
        return np.where(explore[:, None], drawn, own)

    def propensity(self, observation: Observation, slates: Slates) -> Chances:
        """Chance of every pick given those above it, (users, slate_size); 0 after a beginning that cannot be."""
        own = self._policy.propensity(observation, slates).cumprod(axis=1)
        drawn = self._random.propensity(observation, slates).cumprod(axis=1)
        begun = (1.0 - self.epsilon) * own + self.epsilon * drawn  # of the beginnings, (users, slate_size)
        before = np.ones_like(begun)
        before[:, 1:] = begun[:, :-1]
        return np.divide(begun, before, out=np.zeros_like(begun), where=before > 0)

    def marginal(self, observation: Observation, slates: Slates) -> Chances:
        """Chance of every item at its position, (users, slate_size); NaN where the other policy cannot say."""
        if not isinstance(self._policy, Marginal):
            return np.full(slates.shape, np.nan)
        own, drawn = (each.marginal(observation, slates) for each in (self._policy, self._random))
        return (1.0 - self.epsilon) * own + self.epsilon * drawn


class Sure:
    """A policy that always shows what ``act`` says, with the chances that follow: 1 for that, 0 for all else.

    Args:
        policy: Shows the same to whoever is observed to be the same, which is tried once after every ``reset``. It is
            asked once for one and the same observation, whose arrays must not be written to in between.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._tried = False
        self._last: tuple[Observation, Slates] | None = None

    def reset(self, num_users: int, seed: int) -> None:
        """As the policy."""
        self._policy.reset(num_users, seed)
        self._tried = False
        self._last = None

    def act(self, observation: Observation) -> Slates:
        """As the policy."""
        if self._last is None or self._last[0] is not observation:
            self._last = observation, self._policy.act(observation)
        return self._last[1].copy()

    def propensity(self, observation: Observation, slates: Slates) -> Chances:
        """1 at positions that hold what the policy shows there, as long as those above do, (users, slate_size)."""
        return np.minimum.accumulate(self.marginal(observation, slates), axis=1)

    def marginal(self, observation: Observation, slates: Slates) -> Chances:
        """1 at positions that hold what the policy shows there, (users, slate_size).

        Raises:
            ValueError: If the policy shows something else when asked again.
        """
        own = self.act(observation)
        if not self._tried and not np.array_equal(own, self._policy.act(observation)):
            raise ValueError(
                f"{type(self._policy).__name__} draws its slates, and cannot say with what chances. Give it a method "
                "propensity (driftrec.agents.policy.Stochastic), or wrap one that does not draw: epsilon:0.2:content."
            )
        self._tried = True
        return (own == slates).astype(np.float64)


def sure(policy: Policy) -> Stochastic:
    """The policy with its own chances, or those of one that always shows what ``act`` says.

    Raises:
        ValueError: If it learns while it serves, or is told the truth.
    """
    if isinstance(policy, Oracle):
        raise ValueError(f"{type(policy).__name__} is told the users' true state, which no log holds. Give another.")
    if isinstance(policy, Stochastic):
        return policy
    if hasattr(policy, "update"):
        raise ValueError(
            f"{type(policy).__name__} learns while it serves: what it shows depends on more than what it observes, and "
            "has no chances that could be written down. Give a policy without update()."
        )
    return Sure(policy)

"""Training SlateQ on top of a fitted ranker: serve with exploration, remember, learn from memory; the best is kept."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.keep_best import KeepBest, Progress
from driftrec.agents.policy import Observation, user_chunks
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.protocol import as_tensors
from driftrec.agents.setup import Setup
from driftrec.agents.slateq.replay import Descent, ExploredLanes, Step, serve_and_learn
from driftrec.agents.slateq.slateq_settings import SlateQSettings, SlateQTraining
from driftrec.agents.slateq.values import ClickValues, SlateQPolicy, best_slates
from driftrec.envs.vector import RecommendationVectorEnv

NEXT = "next_"
"""Before the names of what was observed after a step."""


class Explorer:
    """Serves the lanes of a vector environment, now and then with random slates.

    Args:
        envs: Autoreset "SameStep".
        policy: The learning policy.
        seed: Source of users and random slates.
        unit: Engagement that counts as a reward of 1.
    """

    def __init__(self, envs: RecommendationVectorEnv, policy: SlateQPolicy, *, seed: int, unit: float) -> None:
        self.judge, self.unit = policy.judge, unit
        self._lanes = ExploredLanes(envs, policy, seed)
        self._state = self._states(self._lanes.observation)

    def step(self, epsilon: float) -> Step:
        """Show every lane the best slate, or with chance ``epsilon`` a random one."""
        observation = self._lanes.observation
        served = self._lanes.step(epsilon)
        before, self._state = self._state, self._states(served.observation)
        return {
            "state": before,
            "shown": self.judge.items.of(observation, served.slates),
            "clicks": torch.from_numpy(served.clicks),
            "reward": torch.from_numpy((served.reward / self.unit).astype(np.float32)),
            "next_state": served.followed(self._states, self._state),
            "terminated": torch.from_numpy(served.terminated),
            **{
                NEXT + name: served.followed(entry(name), entry(name)(served.observation))
                for name in self.judge.items.keys
            },
        }

    def _states(self, observation: Observation) -> Tensor:
        """State vectors, (users, width), in chunks as they serve."""
        with torch.no_grad():
            chunks = user_chunks(observation, self.judge.items.count(observation))
            return torch.cat([self.judge.ranker.state(as_tensors(chunk)) for chunk in chunks])


def entry(name: str) -> Callable[[Observation], Tensor]:
    """Takes the entry ``name`` of an observation as a tensor."""
    return lambda observation: torch.from_numpy(observation[name])


class SlateQLearner:
    """Moves the values of what was clicked towards what a target network makes of the time after.

    Args:
        judge: Choices and engagement now; not changed.
        network: Values; learns.
        settings: How.
        seed: Source of the draws from memory.

    Attributes:
        descent: Takes the gradients.
    """

    def __init__(self, judge: Judge, network: ClickValues, settings: SlateQSettings, seed: int) -> None:
        self.judge, self.network, self.settings = judge, network, settings
        self.target = copy.deepcopy(network)
        self.descent: Descent = Descent(network, self.target, self.loss, settings, seed)

    def loss(self, batch: Step) -> Tensor:
        """Squared error of b(s) + sum of q(s, i) over the clicks, whose mean over what users click is Q(s, A).

        Not Huber's: a user's end is rare and costs many units, and a median would not see it.
        """
        state, shown = batch["state"], batch["shown"]
        with torch.no_grad():
            engagement = self.judge.ranker.scores(state, shown).engagement
        values, base = self.network(state, shown, engagement)
        return nn.functional.mse_loss(base + (values * batch["clicks"]).sum(dim=1), self.targets(batch))

    def targets(self, batch: Step) -> Tensor:
        """Rewards plus gamma max_A' Q(s', A'), s' the state after, or 0 for who left for good, (users,).

        The published code takes the current state for s' by mistake.
        """
        after = {name: batch[NEXT + name].numpy() for name in self.judge.items.keys}
        slate_size = batch["clicks"].shape[1]
        _, value = best_slates(self.judge, self.target, batch["next_state"], after, slate_size)
        return batch["reward"] + self.settings.gamma * torch.where(batch["terminated"], 0.0, value)


class Learner:
    """SlateQ on top of a fitted ranker, and the best policy by validation; the twin of ``ppo.learner.PPOLearner``.

    Args:
        setup: World.
        judge: Ranker made ready to serve; not changed.
        settings: How.
        seed: Source of users, weights, exploration and draws from memory.
        curve: Measures.
        progress: Called before every step of all lanes.

    Attributes:
        policy: Serves with the weights as they are.
        keeper: Knows the best weights.
    """

    def __init__(
        self,
        setup: Setup,
        judge: Judge,
        settings: SlateQTraining,
        *,
        seed: int,
        curve: Curve,
        progress: Progress = lambda steps, engagement: None,
    ) -> None:
        self._how = how = settings.slateq
        network = ClickValues(judge, how.unit, seed)
        self.policy = SlateQPolicy(judge, network, setup.slate_size)
        self.keeper = KeepBest(curve, "slateq", self.policy, network)
        self._explorer = Explorer(setup.envs(how.lanes), self.policy, seed=seed, unit=how.unit)
        self._descent = SlateQLearner(judge, network, how, seed).descent
        self._every = how.total_steps / (settings.validations - 1)
        self._progress = progress

    def run(self) -> None:
        """Train; the best weights are put back, also where training is cut short by an error or an interrupt."""
        try:
            serve_and_learn(self._explorer, self._descent, self._how, self._tick)
            self.keeper.measure_last(self._how.total_steps)
        finally:
            self.keeper.restore()

    def _tick(self, steps: int) -> None:
        self.keeper.measure_every(self._every, steps)
        self._progress(steps, self.keeper.measured[-1])

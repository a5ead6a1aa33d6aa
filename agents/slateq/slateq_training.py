"""Training SlateQ on top of a fitted ranker: serve with exploration, remember, learn from memory; the best is kept."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.keep_best import KeepBest, Progress
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.setup import Setup
from driftrec.agents.slateq.explorer import NEXT, Explorer
from driftrec.agents.slateq.replay import Replay, Step
from driftrec.agents.slateq.slateq_settings import SlateQSettings, SlateQTraining
from driftrec.agents.slateq.values import ClickValues, SlateQPolicy, best_slates


class SlateQLearner:
    """Moves the values of what was clicked towards what a target network makes of the time after.

    Args:
        judge: Choices and engagement now; not changed.
        network: Values; learns.
        settings: How.
        seed: Source of the draws from memory.

    Attributes:
        target: A copy of the network, made equal to it after every ``settings.sync`` gradients.
    """

    def __init__(self, judge: Judge, network: ClickValues, settings: SlateQSettings, seed: int) -> None:
        self.judge, self.network, self.settings = judge, network, settings
        self.target = copy.deepcopy(network)
        self._optimizer = torch.optim.Adam(network.parameters(), settings.learning_rate)
        self._generator = torch.Generator().manual_seed(seed)
        self._gradients = 0

    def step(self, replay: Replay, left: float) -> None:
        """One gradient on what is remembered, with ``left`` of the step size."""
        loss = self.loss(replay.sample(self.settings.batch_size, self._generator))
        self._optimizer.param_groups[0]["lr"] = self.settings.learning_rate * left
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self._gradients += 1
        if self._gradients % self.settings.sync == 0:
            self.target.load_state_dict(self.network.state_dict())

    def loss(self, batch: Step) -> Tensor:
        """Squared error of b(s) + sum of q(s, i) over the clicks, whose mean over what users click is Q(s, A).

        Not Huber's: a user's end is rare and costs many units, and a median would not see it.
        """
        state, shown, clicks = (batch[name].to(self.judge.device) for name in ("state", "shown", "clicks"))
        with torch.no_grad():
            engagement = self.judge.ranker.scores(state, shown).engagement
        values, base = self.network(state, shown, engagement)
        return nn.functional.mse_loss(base + (values * clicks).sum(dim=1), self.targets(batch))

    def targets(self, batch: Step) -> Tensor:
        """Rewards plus gamma max_A' Q(s', A'), s' the state after, or 0 for who left for good, (users,).

        The published code takes the current state for s' by mistake.
        """
        after = {name: batch[NEXT + name].numpy() for name in self.judge.items.keys}
        slate_size = batch["clicks"].shape[1]
        reward, over, state = (batch[name].to(self.judge.device) for name in ("reward", "terminated", NEXT + "state"))
        _, value = best_slates(self.judge, self.target, state, after, slate_size)
        return reward + self.settings.gamma * torch.where(over, 0.0, value)


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
        self._learner = SlateQLearner(judge, network, how, seed)
        self._every = how.total_steps / (settings.validations - 1)
        self._progress = progress

    def run(self) -> None:
        """Train; the best weights are put back, also where training is cut short by an error or an interrupt."""
        try:
            self._serve_and_learn(Replay(self._how.memory))
            self.keeper.measure_last(self._how.total_steps)
        finally:
            self.keeper.restore()

    def _serve_and_learn(self, replay: Replay) -> None:
        how = self._how
        while replay.added < how.total_steps:
            self._tick(replay.added)
            replay.add(self._explorer.step(how.exploration(replay.added)))
            if replay.added >= how.warm_up:
                for _ in range(how.gradients):
                    self._learner.step(replay, max(1.0 - replay.added / how.total_steps, 0.0))
        self._tick(replay.added)

    def _tick(self, steps: int) -> None:
        self.keeper.measure_every(self._every, steps)
        self._progress(steps, self.keeper.measured[-1])

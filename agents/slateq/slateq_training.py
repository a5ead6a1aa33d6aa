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
from driftrec.agents.snapshots.learning_state import moments_of, put_moments
from driftrec.agents.snapshots.snapshots import NOTHING_KEPT, Snapshots
from driftrec.agents.snapshots.tree import Tree, parts_of, put_back


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

    def kept(self) -> Tree:
        """All that ``go_on`` takes up; tensors are shared, not copied."""
        networks = {name: dict(getattr(self, name).state_dict()) for name in ("network", "target")}
        draws = self._generator.get_state()
        return {**networks, "moments": moments_of(self._optimizer), "draws": draws, "gradients": self._gradients}

    def go_on(self, kept: Tree) -> None:
        """Learn on where another one of the same settings was ``kept``."""
        self.network.load_state_dict(kept["network"])
        self.target.load_state_dict(kept["target"])
        put_moments(self._optimizer, kept["moments"])
        self._generator.set_state(kept["draws"])
        self._gradients = kept["gradients"]

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
        snapshots: Keep the state now and then; training goes on from the last.

    Raises:
        ValueError: If the last snapshot is spoilt or of another run.

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
        snapshots: Snapshots = NOTHING_KEPT,
    ) -> None:
        self._how = how = settings.slateq
        network = ClickValues(judge, how.unit, seed)
        self.policy = SlateQPolicy(judge, network, setup.slate_size)
        self.keeper = KeepBest(curve, "slateq", self.policy, network)
        exploring = SlateQPolicy(judge, network, setup.slate_size)
        self._explorer = Explorer(setup.envs(how.lanes), exploring, seed=seed, unit=how.unit)
        self._learner = SlateQLearner(judge, network, how, seed)
        self._replay = Replay(how.memory)
        self._every = how.total_steps / (settings.validations - 1)
        self._progress, self._snapshots = progress, snapshots
        self._take_up(snapshots.last())

    def run(self) -> None:
        """Train; the best weights are put back, also where training is cut short by an error or an interrupt."""
        try:
            self._serve_and_learn()
            self.keeper.measure_last(self._how.total_steps)
        finally:
            self.keeper.restore()

    def _serve_and_learn(self) -> None:
        how, replay = self._how, self._replay
        while replay.added < how.total_steps:
            if self._snapshots.due(replay.added):
                self._snapshots.take(replay.added, self._state)
            self._tick(replay.added)
            replay.add(self._explorer.step(how.exploration(replay.added)))
            if replay.added >= how.warm_up:
                for _ in range(how.gradients):
                    self._learner.step(replay, max(1.0 - replay.added / how.total_steps, 0.0))
        self._tick(replay.added)

    def _tick(self, steps: int) -> None:
        self.keeper.measure_every(self._every, steps)
        self._progress(steps, self.keeper.measured[-1])

    def _state(self) -> Tree:
        """All that training goes on from."""
        return {
            "best": parts_of(self.keeper, self.keeper.CHANGING),
            "explorer": self._explorer.kept(),
            "learner": self._learner.kept(),
            "replay": self._replay.kept(),
        }

    def _take_up(self, kept: Tree) -> None:
        """Go on from a snapshot, if there is one."""
        if kept is None:
            return
        put_back(self.keeper, kept["best"])
        self._explorer.go_on(kept["explorer"])
        self._learner.go_on(kept["learner"])
        self._replay.go_on(kept["replay"])

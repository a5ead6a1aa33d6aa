"""One and two steps of policy iteration: values of openings under a policy, and the slates that are best by them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from sklearn.linear_model import Ridge

from driftrec.agents.baselines import Random
from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.keep_best import Progress
from driftrec.agents.evaluation.play import tried
from driftrec.agents.policy import Observation, Policy, Slates
from driftrec.agents.ranker.column_future import so_far
from driftrec.agents.ranker.future import engagement_after
from driftrec.agents.ranker.logs import serve
from driftrec.agents.ranker.recall import Recall
from driftrec.agents.rivals.best_so_far import BestSoFar
from driftrec.agents.rivals.opening_values import OpeningValues, Reader, TopicSight, ValuedSlates
from driftrec.agents.rivals.rival_settings import ValueSettings
from driftrec.agents.setup import Setup
from driftrec.agents.snapshots.snapshots import NOTHING_KEPT, Snapshots
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.vectors import Float


class ValueIteration:
    """Fits values of openings to random slates, then to its own with noise, and tunes how much they count.

    Args:
        setup: World.
        reader: Of the ranker, which stays as it is.
        kind: "q1" for random slates alone, "q2" for a second fit to its own.
        settings: How.
        seed: Source of users, slates and noise.
        curve: Measures.
        progress: Called after every measurement.
        snapshots: Keep every fit, and every weight that was found.

    Attributes:
        network: The best so far.
        steps: Environment steps taken.
    """

    def __init__(
        self,
        setup: Setup,
        reader: Reader,
        kind: str,
        settings: ValueSettings,
        *,
        seed: int,
        curve: Curve,
        progress: Progress = lambda steps, engagement: None,
        snapshots: Snapshots = NOTHING_KEPT,
    ) -> None:
        self.setup, self.reader, self.settings = setup, reader, settings
        self.network = OpeningValues(reader.width)
        self.steps, self._best = 0, BestSoFar(curve, kind, progress)
        self._rounds, self._seed, self._snapshots = 2 if kind == "q2" else 1, seed, snapshots

    @property
    def best_at(self) -> int:
        """Environment steps after which the best was found."""
        return self._best.at

    def run(self) -> None:
        """Fit, weigh and measure, once or twice."""
        values, size = OpeningValues(self.reader.width), self.setup.slate_size
        self._measure(values)
        for number in range(self._rounds):
            own = ValuedSlates(self.reader, values, size, self.settings.noise) if number else None
            values = OpeningValues(self.reader.width)
            self._kept(f"values-{number}", values, partial(self._fit, values, own, number))
            self._kept(f"weight-{number}", values, partial(self._weigh, values))
            self._measure(values)

    def _kept(self, name: str, values: OpeningValues, work: Callable[[], None]) -> None:
        """Work on ``values``, or take them from where they are kept."""

        def done() -> int:
            work()
            return self.steps

        self.steps = self._snapshots.stage(name, values, done)

    def _fit(self, values: OpeningValues, own: ValuedSlates | None, number: int) -> None:
        """Set the slope of ``values`` by logs of ``own``, of random slates where there are none of its own."""
        values.slope.copy_(torch.from_numpy(self._fitted(own, number)))

    def _fitted(self, own: ValuedSlates | None, number: int) -> Float:
        """Slope of the discounted engagement after a slate in what was opened of it, (width,).

        A ridge regression over steps of what follows, on the sum of the openings' numbers, beside the ranker's state
        and how long and rewarding the episode has been, which are not the openings' doing.
        """
        opened, known, after = self._logs(own, number)
        columns = np.concatenate([opened, known], axis=1)
        scale = np.maximum(columns.std(axis=0), 1e-3)
        slope = Ridge(alpha=self.settings.ridge).fit(columns / scale, after).coef_ / scale
        return slope[: self.reader.width].astype(np.float32)

    def _logs(self, own: ValuedSlates | None, number: int) -> tuple[Float, Float, Float]:
        """Sums of the openings' numbers, what else is known, and what followed: one row a step of known future."""
        settings, envs = self.settings, self.setup.envs(self.settings.lanes)
        policy: Policy = Random(self.setup.context)
        for each in (policy, *([own] if own else [])):
            each.reset(settings.lanes, self._seed)
        recall = Recall(self.reader.judge, self.setup.slate_size)
        observation: Observation
        observation, _ = envs.reset(seed=user_seeds(self._seed, f"rival logs {number}", settings.lanes).tolist())
        shape = (settings.log_steps, settings.lanes)
        engagement, over = np.zeros(shape), np.zeros(shape, np.bool_)
        opened = np.empty((*shape, self.reader.width), np.float32)
        states = np.empty((*shape, self.reader.judge.ranker.width), np.float32)
        for t in range(settings.log_steps):
            sight: TopicSight = self.reader(recall(observation))
            slates: Slates = policy.act(observation) if own is None else own.best(sight)
            observation, clicks, _, engagement[t], over[t] = serve(envs, slates)
            features = self.reader.features(sight, slates, clicks)
            opened[t] = (features * clicks[..., None]).sum(axis=1)
            states[t] = sight.view.state
        self.steps += settings.lanes * settings.log_steps
        after = engagement_after(engagement, over, settings.gamma)
        ends = np.logical_or.accumulate(over[::-1])[::-1]
        tail = min(int(3 / (1 - settings.gamma)), settings.log_steps // 2)
        ends[: settings.log_steps - tail] = True  # what is not seen of their future hardly counts
        known = np.concatenate([states, so_far(engagement, over)], axis=2)
        return opened[ends], known[ends], after[ends].astype(np.float32)

    def _weigh(self, values: OpeningValues) -> None:
        """Set the weight that earns most; all meet the same users."""
        users, found = user_seeds(self._seed, "rival", self.settings.users), {}
        for weight in self.settings.weights:
            values.weight.fill_(weight)
            policy = ValuedSlates(self.reader, values, self.setup.slate_size)
            found[weight], taken = tried(self.setup.world, policy, users, self.setup.horizon)
            self.steps += taken
        values.weight.fill_(max(found, key=found.__getitem__))

    def _measure(self, values: OpeningValues) -> None:
        """Keep ``values`` if the users who choose like them better than any before."""
        policy = ValuedSlates(self.reader, values, self.setup.slate_size)
        if self._best.beaten_by(policy, self.steps):
            self.network.load_state_dict(values.state_dict())

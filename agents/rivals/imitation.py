"""Imitation of a planner: the slate head of PPO, which sees the observation alone, learns what the planner shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.evaluation.keep_best import KeepBest, Progress
from driftrec.agents.evaluation.play import play
from driftrec.agents.policy import Observation, Oracle, Slates
from driftrec.agents.ppo.actor_critic import SlateActorCritic, serving_network
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.ranker.protocol import as_tensors
from driftrec.agents.ranker.recall import Recall
from driftrec.agents.rivals.rival_settings import ImitationSettings
from driftrec.agents.setup import Setup
from driftrec.agents.snapshots.snapshots import NOTHING_KEPT, Snapshots
from driftrec.simulators.noise import user_seeds


@dataclass
class Labels:
    """Situations, and what the planner showed in them; leading axis situations.

    Attributes:
        seen: What the candidate stage gave.
        picks: Places of the planner's items among the candidates, by position; another's where it is not among them.
        known: Whether it is, bool, (situations, slate_size).
    """

    seen: dict[str, Tensor]
    picks: Tensor
    known: Tensor

    def to(self, device: torch.device) -> Labels:
        """The same on another device."""
        seen = {name: value.to(device) for name, value in self.seen.items()}
        return Labels(seen, self.picks.to(device), self.known.to(device))

    def __getitem__(self, index: Tensor) -> Labels:
        return Labels({name: value[index] for name, value in self.seen.items()}, self.picks[index], self.known[index])


class Labelled:
    """Serves by itself or lets the planner serve, and notes what the planner would show.

    Args:
        planner: The teacher, which is told the true state.
        policy: Serves; None lets the planner do it.
        stage: Chooses the candidates.
    """

    def __init__(self, planner: Oracle, policy: SlatePolicy | None, stage: CandidateStage) -> None:
        self.planner, self.policy, self.stage = planner, policy, stage
        self._recall = Recall(stage.judge, stage.slate_size)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over."""
        self.planner.reset(num_users, seed)
        self._recall.forget()
        if self.policy is not None:
            self.policy.reset(num_users, seed)

    def see(self, state: Any) -> None:
        """Tell the planner alone."""
        self.planner.see(state)

    def act(self, observation: Observation) -> Slates:
        """Slates of whoever serves; ``noted`` holds the situation and the planner's."""
        wanted = self.planner.act(observation)
        self.noted = labels(self.stage(self._recall(observation)), wanted)
        return wanted if self.policy is None else self.policy.act(observation)


def labels(seen: dict[str, NDArray[Any]], wanted: Slates) -> Labels:
    """What the candidate stage gave with the planner's slates (users, slate_size).

    A position whose item is not among the candidates gets the best of those that the slate does not hold: the picks
    below it are learned as if it had been shown, and itself is not learned.
    """
    candidates = seen["candidates"]
    same = candidates[:, None] == wanted[..., None]  # (users, slate_size, candidates)
    known, picks = same.any(axis=2), same.argmax(axis=2)
    order = np.argsort(same.any(axis=1), axis=1, kind="stable")  # candidates not in the slate first, best first
    which = np.cumsum(~known, axis=1) - 1
    picks = np.where(known, picks, np.take_along_axis(order, np.maximum(which, 0), axis=1))
    return Labels(dict(as_tensors(seen)), torch.from_numpy(picks), torch.from_numpy(known))


class Imitation:
    """Maximum likelihood of the planner's slates, on states that the planner meets and then on those it meets itself.

    Ross, Gordon & Bagnell (2011), "A reduction of imitation learning and structured prediction to no-regret online
    learning" (DAgger): after each round the policy serves, the planner says what it would have shown, and all so far is
    learned again.

    Args:
        setup: World.
        planner: The teacher.
        stage: What the policy sees.
        settings: How.
        seed: Source of users, weights and order.
        curve: Measures.
        progress: Called after every measurement.
        snapshots: Keep what every round has learned; what it watched is large, and is watched again.

    Attributes:
        network: Of the policy, the best so far after ``run``.
        steps: Environment steps taken.
        keeper: Knows when the best was measured.
    """

    def __init__(
        self,
        setup: Setup,
        planner: Oracle,
        stage: CandidateStage,
        settings: ImitationSettings,
        *,
        seed: int,
        curve: Curve,
        progress: Progress = lambda steps, engagement: None,
        snapshots: Snapshots = NOTHING_KEPT,
    ) -> None:
        self.setup, self.planner, self.stage, self.settings, self.seed = setup, planner, stage, settings, seed
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network: SlateActorCritic = serving_network(stage, setup.slate_size, settings.temper)
        self.policy = SlatePolicy(stage, self.network, greedy=True)
        self.keeper = KeepBest(curve, "imitation", self.policy, self.network)
        self.steps, self._progress, self._snapshots = 0, progress, snapshots
        self._generator = torch.Generator().manual_seed(seed)

    @property
    def best_at(self) -> int:
        """Environment steps after which the best was measured."""
        return self.keeper.best_at

    def run(self) -> None:
        """Watch and learn, round by round; the best weights are put back, also where this is cut short."""
        met: list[Labels] = []
        try:
            self._measure()
            for number in range(self.settings.rounds + 1):
                met.append(self._watch(Labelled(self.planner, self.policy if number else None, self.stage), number))
                learning = partial(self._learn, _joined(met))
                self._generator.set_state(self._snapshots.stage(f"round-{number}", self.network, learning))
                self._measure()
        finally:
            self.keeper.restore()

    def _watch(self, served: Labelled, number: int) -> Labels:
        """Situations of new users who are there, with the planner's slates."""
        users, noted = user_seeds(self.seed, f"rival {number}", self.settings.users), []
        _, steps = play(self.setup.world, served, users, horizon=self.setup.horizon, seed=self.seed)
        for step in steps:
            noted.append(served.noted[torch.from_numpy(step.present)])
            self.steps += step.present.size
        return _joined(noted)

    def _learn(self, met: Labels) -> Tensor:
        """Fit the head to what was met, by Adam with a cosine schedule; returns the state of the generator after it."""
        settings = self.settings
        optimizer = torch.optim.Adam(self.network.head.parameters(), settings.learning_rate)
        batches = settings.epochs * -(-len(met.picks) // settings.batch_size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, batches)
        for _ in range(settings.epochs):
            order = torch.randperm(len(met.picks), generator=self._generator)
            for index in order.split(settings.batch_size):
                optimizer.zero_grad()
                self._nats(met[index]).backward()
                optimizer.step()
                schedule.step()
        return self._generator.get_state()

    def _nats(self, batch: Labels) -> Tensor:
        """Mean negative log-likelihood of a pick."""
        batch = batch.to(self.network.device)
        log_p = self.network.of_picks(batch.seen, batch.picks)
        return -(log_p * batch.known).sum() / batch.known.sum().clamp(min=1)

    def _measure(self) -> None:
        self.keeper.measure(self.steps)
        self._progress(self.steps, self.keeper.measured[-1])


def _joined(parts: list[Labels]) -> Labels:
    """Several in a row."""
    seen = {name: torch.cat([part.seen[name] for part in parts]) for name in parts[0].seen}
    return Labels(seen, torch.cat([part.picks for part in parts]), torch.cat([part.known for part in parts]))

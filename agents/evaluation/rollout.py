"""Let one policy serve a fixed audience to the horizon, and write down what became of every user and step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.evaluation.behaviour import Behaviour
from driftrec.agents.evaluation.episodes import persona_columns
from driftrec.agents.evaluation.play import Step, play
from driftrec.agents.policy import Context, Policy
from driftrec.simulators.vectors import unit
from driftrec.simulators.world import World

JOURNEYS = 16
"""Users whose interests are followed step by step."""

JOURNEY_COLUMNS = ("user", "step", "topic", "interest", "session", "hours")


@dataclass
class Rollout:
    """What became of an audience under one policy.

    Attributes:
        episodes: One row a user, see ``driftrec.agents.evaluation.episodes``.
        engagement: Of every user at every step, in the world's unit, 0 after leaving, float32, (steps, users).
        alive: Share of users not gone after each step, (steps,).
        shown: Which items each user was shown, bool, (users, items).
        journeys: One row a step, topic and followed user: interest (cosine to the topic), session, hours away so
            far. Empty in a world without interests.
        behaviour: Means of every step by name, each (steps,); see ``driftrec.agents.evaluation.behaviour``.
    """

    episodes: pd.DataFrame
    engagement: NDArray[np.float32]
    alive: NDArray[np.float64]
    shown: NDArray[np.bool_]
    journeys: pd.DataFrame
    behaviour: Mapping[str, NDArray[np.float64]]


class _Tally:
    """Sums over the steps of an audience's life, from what the world says after each."""

    def __init__(self, world: World[Any], users: int, horizon: int, embeddings: NDArray[np.float32]) -> None:
        self.embeddings = embeddings
        self.engagement = np.zeros((horizon, users), np.float32)
        self.alive = np.zeros(horizon)
        self.gone = np.zeros(users, np.bool_)
        self.between = np.ones(users, np.bool_)  # the next step begins a session
        self.sessions = np.zeros(users, np.int64)  # with at least one step
        self.hours = np.zeros(users)  # away
        self.steps = np.zeros(users, np.int64)
        self.clicks = np.zeros(users, np.int64)
        self.impressions = np.zeros(users, np.int64)
        self.diversity = np.zeros(users)
        self.shown = np.zeros((users, len(embeddings)), np.bool_)
        self.behaviour = Behaviour(world, users, horizon)

    def add(self, step: Step, hidden: Mapping[str, NDArray[Any]]) -> None:
        """Count one step; arguments as of ``Behaviour.add``."""
        number, present, items, feedback = step.number, step.present, step.items[step.present], step.feedback
        self.behaviour.add(step, hidden)
        self.engagement[number, present] = feedback.reward()[present]
        self.sessions[present] += self.between[present]
        self.between = feedback.ended
        self.hours[present] += feedback.gap[present]
        self.gone |= feedback.left
        self.alive[number] = 1.0 - self.gone.mean()
        self.steps[present] += 1
        self.impressions[present] += 1 + (np.diff(np.sort(items, axis=1)) > 0).sum(axis=1)  # no repeats
        self.clicks[present] += feedback.clicks[present].any(axis=1)
        self.diversity[present] += diversity(self.embeddings, items)
        self.shown[present[:, None], items] = True


def roll_out(
    world: World[Any],
    policy: Policy,
    context: Context,
    seeds: NDArray[np.uint64],
    *,
    horizon: int,
    seed: int,
    name: str = "policy",
    tick: Callable[[], None] = lambda: None,
    seen: Callable[[Step], None] = lambda step: None,
) -> Rollout:
    """Serve the users ``seeds`` for up to ``horizon`` steps each.

    A user's noise depends on that user's seed alone, so two policies given the same seeds are compared in pairs.
    ``context`` has the embeddings that measure diversity; ``tick`` is called once for every step to the horizon, for
    progress, and ``seen`` with every step that somebody is there for. The other arguments and the errors are those of
    ``play``.
    """
    state, steps = play(world, policy, seeds, horizon=horizon, seed=seed, name=name)
    people = persona_columns(world, state)
    tally = _Tally(world, len(seeds), horizon, unit_rows(context.item_embeddings))
    hidden = world.reveal(state)
    first = hidden.get("interest")
    journeys = []
    for step in steps:
        journeys.append(_journey(world, hidden, tally, step.number))
        tally.add(step, hidden)
        seen(step)
        hidden = world.reveal(state)
        tick()
    for _ in range(len(journeys), horizon):
        tick()  # nobody is left, but progress is told to the horizon
    drift = np.full(len(seeds), np.nan)
    if first is not None:
        drift = 1.0 - (first * hidden["interest"]).sum(axis=1, dtype=np.float64)  # of unit rows (users, dims)
    return Rollout(
        _episodes(tally, seeds, drift).join(people),
        tally.engagement,
        tally.alive,
        tally.shown,
        pd.concat(journeys),
        tally.behaviour.columns,
    )


def _episodes(tally: _Tally, seeds: NDArray[np.uint64], drift: NDArray[np.float64]) -> pd.DataFrame:
    """One row a user."""
    engagement = tally.engagement.sum(axis=0, dtype=np.float64)
    return pd.DataFrame(
        {
            "user": np.arange(len(seeds)),
            "user_seed": seeds,
            "engagement": engagement,
            "steps": tally.steps,
            "sessions": tally.sessions,
            "session_engagement": engagement / tally.sessions,
            "clicks": tally.clicks,
            "impressions": tally.impressions,
            "click_rate": tally.clicks / tally.steps,
            "churn": tally.gone.astype(np.int64),
            "slate_diversity": tally.diversity / tally.steps,
            "interest_drift": drift,
        }
    )


def _journey(world: World[Any], hidden: Mapping[str, NDArray[Any]], tally: _Tally, step: int) -> pd.DataFrame:
    """Affinity of the first users to every topic, while they are there."""
    topics = world.topics
    if not topics:
        return pd.DataFrame(columns=list(JOURNEY_COLUMNS))
    users = np.flatnonzero(~tally.gone[:JOURNEYS])
    affinity = hidden["interest"][users] @ np.stack(list(topics.values())).T  # (users, topics)
    return pd.DataFrame(
        {
            "user": np.repeat(users, len(topics)),
            "step": step,
            "topic": np.tile(list(topics), len(users)),
            "interest": affinity.ravel().astype(np.float64),  # what a CSV file gives back
            "session": np.repeat((tally.sessions + tally.between)[users], len(topics)),
            "hours": np.repeat(tally.hours[users], len(topics)),
        }
    )


def unit_rows(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1, (items, columns), to the bit as they are where all have it: features of a world may not."""
    told = np.allclose(np.linalg.norm(embeddings, axis=1), 1.0, atol=1e-5)
    return embeddings if told else unit(embeddings)


def diversity(embeddings: NDArray[np.float32], slates: NDArray[np.int64]) -> NDArray[np.float64]:
    """1 - mean cosine over the pairs of positions of each slate, (users,); NaN for slates of one.

    With unit rows e, the sum over ordered pairs is |sum e|^2 - slate_size.
    """
    k = slates.shape[1]
    if k == 1:
        return np.full(len(slates), np.nan)
    total = embeddings[slates[:, 0]].astype(np.float64)
    for position in range(1, k):
        total += embeddings[slates[:, position]]
    return 1.0 - (np.square(total).sum(axis=1) - k) / (k * (k - 1))


RESAMPLES = 500


def step_table(rollout: Rollout, seed: int) -> pd.DataFrame:
    """One row a step: mean engagement over all users with a 95 % bootstrap interval, who is left, the behaviour."""
    steps, users = rollout.engagement.shape
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(users, np.full(users, 1.0 / users), size=RESAMPLES).astype(np.float32) / users
    means = weights @ rollout.engagement.T  # (resamples, steps)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return pd.DataFrame(
        {
            "step": np.arange(steps),
            "engagement": rollout.engagement.mean(axis=1, dtype=np.float64),
            "engagement_low": low,
            "engagement_high": high,
            "alive": rollout.alive,
            **rollout.behaviour,
        }
    )

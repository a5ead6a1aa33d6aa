"""Training a slate policy on a published world: fit the ranker to logged slates, then PPO on top of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from driftrec.agents.baselines import Random
from driftrec.agents.evaluation.curve import Curve
from driftrec.agents.ppo.settings import PPOSettings
from driftrec.agents.ranker.choice import AnyClick, OneClick
from driftrec.agents.ranker.feature_encoders import PastResponses, PastSlates, UserVector
from driftrec.agents.ranker.feature_fitting import FitSettings, Report, engagement_to_come, fit, weigh
from driftrec.agents.ranker.feature_judge import BestSlates, FeatureStage, Judge
from driftrec.agents.ranker.feature_logs import collect, joined
from driftrec.agents.ranker.feature_ranker import FeatureRanker
from driftrec.agents.ranker.items import CANDIDATES, Items
from driftrec.agents.worlds.published_setup import PublishedSetup
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.world import World

PILOT_STEPS = 50
"""Random slates a lane from which an encoder's average user is learned."""


@dataclass(frozen=True)
class PublishedSettings:
    """All that decides what comes out of a training on a published world, beside the world and the seed.

    Attributes:
        fit: How the ranker is fitted.
        ppo: How PPO trains.
        value_steps: Environment steps, rounded up to whole rollouts, in which PPO learns values alone. While they are
            wrong, what comes later counts for nothing, and the policy would turn to what pays at once.
        validations: Measurements of the policy, from before PPO's first step to after its last; the best is kept.
        validation_users: Users of a measurement, always the same.
    """

    fit: FitSettings = field(default_factory=FitSettings)
    ppo: PPOSettings = field(default_factory=PPOSettings)
    value_steps: int = 0
    validations: int = 10
    validation_users: int = 256

    def __post_init__(self) -> None:
        check_ranges(self, value_steps=(0, 1e12), validations=(2, 10_000), validation_users=(1, 1e6))


def make_items(world: World[Any]) -> Items:
    """What agents know of the items of ``world``."""
    shape = world.fields[CANDIDATES].shape if CANDIDATES in world.fields else (0, 0)
    return Items(world.item_features, shape[1])


def make_ranker(world: World[Any], items: Items, seed: int) -> FeatureRanker:
    """An unfitted ranker for ``world``."""
    fields = world.fields
    encoder: UserVector | PastSlates | PastResponses
    if "hist" in fields:
        encoder = PastSlates(items, fields["hist"].shape[0])
    elif "user" not in fields and "cluster" in fields and fields["cluster"].shape[0] > world.slate_size:
        encoder = PastResponses(int(fields["cluster"].high) + 1, world.slate_size)
    else:
        encoder = UserVector(fields["user"].shape[0] if "user" in fields else 0)
    choice = OneClick(world.slate_size) if world.one_click else AnyClick(world.slate_size)
    return FeatureRanker(encoder, items.width, choice, seed)


def make_stage(world: World[Any], judge: Judge, size: int) -> FeatureStage:
    """The candidate stage of ``world``, for at most ``size`` candidates a request.

    Raises:
        ValueError: If it keeps fewer items than a slate has positions.
    """
    stage = FeatureStage(judge, world.num_items, size)
    if stage.size < world.slate_size:
        raise ValueError(
            f"PPOSettings.candidates is {size}, of which {stage.size} are kept, as many of every topic; a slate needs "
            f"at least {world.slate_size}. Raise it."
        )
    return stage


def pilot_steps(ranker: FeatureRanker, settings: FitSettings) -> int:
    """Environment steps from which the average user of the ranker's encoder is learned, 0 where it has none."""
    return PILOT_STEPS * settings.lanes if isinstance(ranker.encoder, PastResponses) else 0


def warm_start(
    setup: PublishedSetup,
    settings: FitSettings,
    *,
    seed: int,
    report: Report,
    curve: Curve,
) -> Judge:
    """Fit a ranker to random slates, then to its own with noise too; weigh the engagement to come.

    An encoder that compares with an average user learns it first, from random slates of its own.

    Args:
        setup: World.
        settings: How.
        seed: Source of all randomness.
        report: Called with lines of progress.
        curve: Measures what has been reached.
    """
    world, lanes = setup.world, setup.envs(settings.lanes)
    items = make_items(world)
    ranker = make_ranker(world, items, seed)
    judge = Judge(ranker, items, farsighted=True)
    logs = []
    policy: Any = Random(setup.context)
    if isinstance(ranker.encoder, PastResponses):
        pilot = collect(lanes, policy, ranker.encoder, items, PILOT_STEPS, seed).rows()
        ranker.encoder.learn(pilot.columns, pilot.clicks)
    curve.env_steps += pilot_steps(ranker, settings)
    for round_seed in np.random.SeedSequence(seed).generate_state(settings.rounds).tolist():
        logs.append(collect(lanes, policy, ranker.encoder, items, settings.log_steps, round_seed))
        curve.env_steps += settings.lanes * settings.log_steps
        fit(ranker, joined([part.rows() for part in logs]), settings, round_seed, report)
        if any(settings.weights):
            users = user_seeds(seed, "future weight", settings.users)
            to_come = engagement_to_come(logs[0], settings.gamma)
            curve.env_steps += weigh(world, judge, to_come, users, setup.horizon, settings, report)
        policy = BestSlates(judge, world.slate_size, settings.noise)
        curve.measure("fitted", BestSlates(judge, world.slate_size))
    return judge

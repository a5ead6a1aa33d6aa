"""Logs that a made-up world writes, for fits to be held against."""

from pathlib import Path

import numpy as np

from driftrec.agents.baselines import Random
from driftrec.agents.evaluation.play import play
from driftrec.agents.fitting_worlds.lives import told_lives
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.setup import context_of
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.noise import user_seeds


def lives_from(parameters, folder: Path, users: int, steps: int, seed: int = 1):
    """LoggedUsers under random slates, the world's items in their order, and the chances of each slate's positions."""
    world = FittedWorld(parameters, slate_size=5)
    policy, seeds = Random(context_of(world)), user_seeds(seed, "log", users)
    state, served = play(world, policy, seeds, horizon=steps, seed=seed)
    chances, file = [], folder / f"log-{seed}.parquet"
    with LogWriter(file) as log:
        tap = log.tap(world, seeds, policy, name="random")
        alone = _alone(world, state)
        for step in served:
            chances.append(_opened(parameters, alone, step.slates, step.feedback.clicks)[step.present])
            tap(step)
            alone = _alone(world, state)
    lives = told_lives(read_log(file))
    order = np.array([int(item) for item in lives.items])
    return lives, order, chances


def _alone(world, state):
    """Chance of every item if it were shown alone."""
    return (world.expected_engagement(state) / world.parameters.engagement).astype(np.float64)


def _opened(parameters, alone, slates, clicks):
    """Chance of every position, and of nothing, (users, slate_size + 1); where several are opened, of each alone."""
    tastes = parameters.tastes
    odds = np.take_along_axis(alone / (1 - alone), slates, axis=1) * np.exp(-tastes.position * np.arange(5))
    if parameters.several:
        topics = parameters.topic[slates]
        for k in range(5):
            above = ((topics[:, :k] == topics[:, [k]]) & clicks[:, :k]).sum(axis=1)
            odds[:, k] *= np.exp(-tastes.takeaway * above)
        return odds / (1 + odds)
    odds = np.column_stack([odds, np.ones(len(odds))])
    return odds / odds.sum(axis=1, keepdims=True)

"""What was observed before each logged slate: by simulating a simulated user again, or rebuilt from the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.evaluation.play import play
from driftrec.agents.logbook.logged_lives import LoggedLives
from driftrec.agents.policy import Observation, Slates
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import kit_of
from driftrec.simulators.offers import OFFERED
from driftrec.simulators.world import World

Seen = Iterator[tuple[int, Observation, Slates]]
"""Step, what was observed of all users before it, and the slates shown as positions in what could be shown; rows of
users who have no such step hold anything."""


def observed(setup: Setup, lives: LoggedLives) -> Seen:
    """The steps of a log with what was observed before each.

    A log with ``user_seed`` is simulated again with the logged slates, which gives exactly what was observed. Of any
    other the past is rebuilt from the log, as far as the world's observation is made of it; its users have the first
    persona, for a log knows none.

    Raises:
        ValueError: If the simulation does not give the logged clicks, so that the log is of another world, or the
            world's observation cannot be rebuilt.
    """
    if lives.shape[2] != setup.slate_size:
        raise ValueError(
            f"{lives.file} has slates of {lives.shape[2]}, {setup.args.world} of {setup.slate_size}. "
            f"Give --slate-size {lives.shape[2]}."
        )
    return _rebuilt(setup, lives) if lives.seeds is None else _replayed(setup.world, lives, lives.seeds)


def _rebuilt(setup: Setup, lives: LoggedLives) -> Seen:
    """Put together from what the log holds."""
    for step, observation in enumerate(kit_of(setup).rebuilt(setup, lives)):
        yield step, observation, positions(observation, lives, step)


class _Shown:
    """A policy that shows what a log says was shown."""

    def __init__(self, lives: LoggedLives) -> None:
        self._lives, self._step = lives, 0

    def reset(self, num_users: int, seed: int) -> None:
        """From the first step."""
        self._step = 0

    def act(self, observation: Observation) -> Slates:
        """The logged slates."""
        slates = positions(observation, self._lives, self._step)
        self._step += 1
        return slates


def positions(observation: Observation, lives: LoggedLives, step: int) -> Slates:
    """The logged slates of one step as positions in what could be shown, (users, slate_size).

    Raises:
        ValueError: If an item was not on offer.
    """
    items, there = lives.items[:, step], lives.there[:, step]
    usual = np.tile(np.arange(items.shape[1]), (len(items), 1))
    offered = observation.get(OFFERED)
    if offered is None or offered.ndim != 2:
        return np.where(there[:, None], items, usual)
    same = offered[:, None] == items[..., None]  # (users, slate_size, offered)
    lost = there[:, None] & ~same.any(axis=2)
    if lost.any():
        _refuse(lives, step, int(np.argwhere(lost)[0, 0]), "shows what was not on offer")
    return np.where(there[:, None], same.argmax(axis=2), usual)


def _replayed(world: World[Any], lives: LoggedLives, seeds: NDArray[np.uint64]) -> Seen:
    """Simulated again."""
    _, steps = play(world, _Shown(lives), seeds, horizon=lives.shape[1], seed=0)
    for step in steps:
        there = lives.there[:, step.number]
        same = (step.feedback.clicks == lives.clicks[:, step.number]).all(axis=1)
        if (there & ~same).any():
            _refuse(lives, step.number, int(np.argmax(there & ~same)), "clicks otherwise when simulated again")
        yield step.number, step.observation, step.slates


def _refuse(lives: LoggedLives, step: int, user: int, what: str) -> None:
    raise ValueError(
        f"{lives.file}: the log's user number {user} {what}, at step {step}. The log is of another world: give the "
        "--world, --catalogue, --config and --options that it was written with."
    )

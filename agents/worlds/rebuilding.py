"""What a recommender of texts observes of a log's users: their past, put together from what the log holds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from driftrec.agents.logbook.logged_lives import LoggedLives
from driftrec.agents.policy import Observation
from driftrec.agents.setup import Setup
from driftrec.simulators.past import Past

REBUILT = {"persona", "shown", "clicked", "engagement", "age", "read_items", "read_minutes", "read_age", "clock"}
"""Fields of an observation that follow from a log."""


def rebuilt_past(setup: Setup, lives: LoggedLives) -> Iterator[Observation]:
    """What was observed of all users before each step, see ``kit.Kit.rebuilt``."""
    fields = setup.world.fields
    if _untold(setup):
        raise cannot_rebuild(setup, lives, _untold(setup))
    users, steps, size = lives.shape
    history, memory = fields["shown"].shape[0], fields["read_items"].shape[0]
    past = Past(np.zeros(users, np.int32), history, memory, size)
    for step in range(steps):
        there = lives.there[:, step]
        past.clock[there, 0] = lives.hours[there, step]
        fresh = there & (lives.session[:, step] != past.clock[:, 1])
        past.clock[fresh, 1] = lives.session[fresh, step]
        past.clock[fresh, 2:] = 0.0
        yield past.observe()
        slates = np.where(there[:, None], lives.items[:, step], -1)
        past.add(slates, lives.clicks[:, step], lives.engagement[:, step].astype(np.float32), 0.0)


def check_told(setup: Setup) -> None:
    """Raise ValueError if the world's observation holds what no log tells, so that its runs serve no user of one."""
    if what := _untold(setup):
        raise ValueError(
            f"What {setup.args.world} observes ({what}) is not in a log, so that a run of it serves no logged users. "
            "Train in a world that observes the past alone, such as driftrec/News-v0."
        )


def _untold(setup: Setup) -> str:
    """What the world observes that is not in a log, in words; empty where there is nothing."""
    fields = set(setup.world.fields)
    return ", ".join(sorted(fields - REBUILT)) or ("" if {"shown", "read_items"} <= fields else "no past")


def cannot_rebuild(setup: Setup, lives: LoggedLives, what: str) -> ValueError:
    """The error of a world whose observation holds ``what`` no log tells."""
    return ValueError(
        f"{lives.file} has no user_seed, and what {setup.args.world} observes ({what}) is not in a log. "
        "Give a log that driftrec wrote, or a world that observes the past alone, such as driftrec/News-v0."
    )

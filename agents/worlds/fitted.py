"""Worlds fitted to logs: the kit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.logbook.logged_lives import LoggedLives
from driftrec.agents.policy import Observation
from driftrec.agents.setup import Setup, json_object, set_up
from driftrec.agents.worlds.feature_kit import FeatureKit
from driftrec.agents.worlds.later import LaterWorld, check_left, places_of
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.fitted.folder import save_world
from driftrec.simulators.fitted.parameters import FittedParameters
from driftrec.simulators.moving.round_world import RoundWorld

STRENGTHS = np.logspace(-2, 3, 11)
"""Of the ridge that foretells a new item by its text; that is taken which foretells items left out best."""

AGAIN = 5.0
"""Utility lost by what was opened before, from which on it is not shown again: its odds are 148 times less."""

FEW = 10
"""Fewer items with texts teach nothing: a new one is like the mean."""


class FittedKit(FeatureKit):
    """Of ``driftrec/Fitted-v0``: features of items and of what users opened; no planner is known."""

    def topics(self, setup: Setup) -> NDArray[np.int64]:
        """Those of the fit, see ``Kit``."""
        return _world(setup).known.topic

    def once(self, setup: Setup) -> bool:
        """Whether the fit found that hardly anything is opened twice, as of ratings."""
        return _world(setup).known.tastes.repeat >= AGAIN

    def item_ids(self, setup: Setup) -> list[str]:
        """Those of the log that was fitted to, see ``Kit``."""
        return list(_world(setup).parameters.ids)

    def later(self, setup: Setup, catalogue: Setting, folder: Path) -> LaterWorld:
        """New items lie where their texts say, by those of the items that stayed, see ``Kit``."""
        world: Any = setup.world
        place = places_of(world.known.ids, catalogue.catalogue.ids)
        check_left(place, setup.slate_size)
        options = json_object("options", setup.args.options)
        for name, old in (("world", world.parameters), ("known", world.known)):
            if name == "world" or options.get("known"):
                save_world(folder / name, _with_newcomers(old, catalogue, place))
                options[name] = str(folder / name)
        there = set_up(replace(setup.args, options=json.dumps(options)))
        rows = np.full(there.world.num_items, -1, np.int64)
        rows[: len(world.known.ids)] = np.arange(len(world.known.ids))
        withheld = rows >= 0
        withheld[place[place >= 0]] = False
        return LaterWorld(replace(there, withheld=withheld), rows)

    def rebuilt(self, setup: Setup, lives: LoggedLives) -> Iterator[Observation]:
        """Memories of what was opened, see ``Kit``."""
        world: Any = setup.world
        users, steps, _ = lives.shape
        state = world.reset(np.zeros(users, np.uint64))
        for step in range(steps):
            yield world.observe(state)
            if step + 1 == steps:
                return
            on = lives.there[:, step + 1]
            hours = np.where(on, lives.hours[:, step + 1] - lives.hours[:, step], 0.0)
            ended = on & (lives.session[:, step + 1] != lives.session[:, step])
            opened = np.where(lives.clicks[:, step], lives.items[:, step], -1)
            brought = lives.engagement[:, step].astype(np.float32)
            world.remember(state, opened, brought, ended, hours.astype(np.float32))


def _world(setup: Setup) -> FittedWorld:
    """The world, also where it is that of a round."""
    world: Any = setup.world.base if isinstance(setup.world, RoundWorld) else setup.world
    there: FittedWorld = world
    return there


def _with_newcomers(old: FittedParameters, new: Setting, place: NDArray[np.int64]) -> FittedParameters:
    """``old`` with the items of ``new`` that it lacks behind its own, by ridge regressions on the texts of the others.

    Their strengths are those that foretell items left out best, so that texts that say nothing give the mean.
    """
    known, fresh = np.flatnonzero(place >= 0), np.flatnonzero(place < 0)
    if not len(fresh):
        return old
    parts = [part for part in (old.lift, old.marks) if part is not None]
    told = np.column_stack([*parts, old.vectors, old.quality, np.log(old.engagement)])[place[known]]
    texts = new.item_embeddings.astype(np.float64)
    if len(known) < FEW:
        found = np.repeat(told.mean(axis=0)[None], len(fresh), axis=0)
    else:
        found = RidgeCV(STRENGTHS, alpha_per_target=True).fit(texts[known], told).predict(texts[fresh])
    *vectors, quality, engagement = found.T.astype(np.float32)
    lift, marks = old.lift, old.marks
    if lift is not None:
        lift = np.append(lift, vectors.pop(0))
    if marks is not None:
        marks = np.concatenate([marks, np.column_stack([vectors.pop(0) for _ in range(marks.shape[1])])])
    nearest = known[(texts[fresh] @ texts[known].T).argmax(axis=1)]
    return replace(
        old,
        ids=(*old.ids, *(new.catalogue.ids[item] for item in fresh)),
        vectors=np.concatenate([old.vectors, np.column_stack(vectors)]),
        quality=np.append(old.quality, quality),
        topic=np.append(old.topic, old.topic[place[nearest]]),
        engagement=np.append(old.engagement, np.exp(engagement)),
        lift=lift,
        marks=marks,
    )


KITS = {"driftrec/Fitted-v0": FittedKit()}
"""By environment id."""

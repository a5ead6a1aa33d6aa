"""From fitted models to a world's parameters: topics, engagement, people, and what a log leaves open."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from sklearn.cluster import KMeans

from driftrec.agents.fitting_worlds.lives import NOTHING, TRAIN, LoggedUsers
from driftrec.agents.fitting_worlds.marks_fit import fit_marks
from driftrec.agents.fitting_worlds.taste_model import KnownItems, TasteModel
from driftrec.agents.fitting_worlds.visit_fit import fit_visits
from driftrec.simulators.fitted.parameters import FittedParameters, VisitRates
from driftrec.simulators.vectors import Double

USUAL_EVENTS = 5.0
"""An item's mean engagement is drawn to that of all items as if so many events more had been usual."""

QUANTILES = 64
"""Of the log's engagement, from which the world draws."""

ASSUMED_SLATE, ASSUMED_OPENED = 5, 0.3
"""Where a log does not tell what was passed over, a random slate of so many items is opened so often."""


def near_items(model: TasteModel, count: int, seed: int) -> NDArray[np.int64]:
    """Topics as groups of items whose vectors are near each other, (items,)."""
    vectors = model.vectors().detach().numpy()
    found = KMeans(min(count, len(vectors)), n_init=4, random_state=seed).fit_predict(vectors)
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def parameters_of(model: TasteModel, lives: LoggedUsers, known: KnownItems, weights: Double) -> FittedParameters:
    """The parameters of a world.

    Args:
        model: With all terms.
        lives: What it was fitted to.
        known: Of the items, with topics.
        weights: How often each user counts, (users,).
    """
    assert known.topic is not None
    mean, spread = item_engagement(lives, weights)
    opened = lives.opened != NOTHING
    there = np.unique(lives.user[(lives.part == TRAIN) & (weights[lives.user] > 0)])
    there = np.repeat(there, weights[there].astype(np.int64))  # who was drawn twice stands for two
    vectors, quality = model.vectors().detach().numpy(), model.quality().detach().numpy()
    people, tastes = model.people(0)[there], model.tastes()
    if lives.shown is None:
        tastes = replace(tastes, no_click=_assumed(people @ vectors.T + quality))
    engaged = engagement_ranks(lives, weights)
    world = FittedParameters(
        tastes,
        VisitRates(),
        lives.items,
        vectors=vectors.astype(np.float32),
        quality=quality.astype(np.float32),
        topic=known.topic,
        engagement=mean.astype(np.float32),
        people=people.astype(np.float32),
        spread=spread,
        low=float(max(lives.engagement[opened].min(), 0.0)),
        high=float(lives.engagement[opened].max()),
        several=lives.clicks is not None,
        **asdict(engaged),
    )
    return with_visits(world, lives, weights)


def with_visits(world: FittedParameters, lives: LoggedUsers, weights: Double) -> FittedParameters:
    """The world with visits, and marks by its items' traits, of a log of its items, see ``parameters_of``."""
    lift = np.zeros(len(world.ids)) if world.lift is None else world.lift
    traits = np.column_stack([np.ones(len(world.ids)), world.quality, lift, world.vectors]).astype(np.float64)
    visits, marks, fading = fit_marks(lives, weights, fit_visits(lives, weights), traits)
    return replace(world, visits=visits, marks=marks, fading=fading)


def item_engagement(lives: LoggedUsers, weights: Double) -> tuple[Double, float]:
    """Mean engagement of each item when it is opened, drawn to the usual, (items,), and the deviation around it."""
    rows = np.flatnonzero(lives.opened != NOTHING)
    item, weight, value = lives.opened[rows], weights[lives.user[rows]], lives.engagement[rows]
    usual, many = float(np.average(value, weights=weight)), len(lives.items)
    total, count = np.bincount(item, weight * value, many), np.bincount(item, weight, many)
    mean = (total + USUAL_EVENTS * usual) / (count + USUAL_EVENTS)
    return mean, float(np.sqrt(np.average((value - mean[item]) ** 2, weights=weight)))


@dataclass(frozen=True)
class Engaged:
    """How engagement of an opening is spread; see ``FittedParameters``, whose names these are."""

    logged: NDArray[np.float32]
    lift: NDArray[np.float32]
    level: float
    rest: float


def engagement_ranks(lives: LoggedUsers, weights: Double) -> Engaged:
    """The log's own engagement, and how an item and a user move the place in it, as a normal number.

    Places are those of the middle of equal values. Items' lifts are drawn to 0 by ``USUAL_EVENTS``; users' levels have
    the variance that is left over what chance would make of a user's mean.
    """
    rows = np.flatnonzero((lives.opened != NOTHING) & (weights[lives.user] > 0))
    item, user, value, weight = lives.opened[rows], lives.user[rows], lives.engagement[rows], weights[lives.user[rows]]
    order = np.argsort(value, kind="stable")
    upto = np.cumsum(weight[order])
    logged = value[order][np.searchsorted(upto, (np.arange(QUANTILES) + 0.5) / QUANTILES * upto[-1])]
    values, which = np.unique(value, return_inverse=True)
    mass = np.bincount(which, weight, len(values))
    place = ndtri((np.cumsum(mass) - mass / 2) / mass.sum())[which]
    place /= max(float(np.sqrt(np.average(place**2, weights=weight))), 1e-6)  # of many equal values less than 1
    many = len(lives.items)
    lift = np.bincount(item, weight * place, many) / (np.bincount(item, weight, many) + USUAL_EVENTS)
    left = place - lift[item]
    count = np.bincount(user, minlength=len(lives.users)).astype(float)
    mean = np.bincount(user, left, len(lives.users)) / np.maximum(count, 1)
    within = float(np.average((left - mean[user]) ** 2 * (count / np.maximum(count - 1, 1))[user], weights=weight))
    between = np.average(mean[count > 0] ** 2 - within / count[count > 0], weights=weights[count > 0])
    level = float(np.sqrt(np.clip(between, 0.0, 1.0)))
    spread = np.average(lift[item] ** 2, weights=weight) + level**2
    shrink = 1.0 / np.sqrt(max(spread, 1.0))  # together they move no more than a standard normal number
    rest = float(np.sqrt(np.clip(1.0 - spread, 0.0, 1.0)))
    return Engaged(logged.astype(np.float32), (lift * shrink).astype(np.float32), level * shrink, rest)


def _assumed(utility: NDArray[np.float32]) -> float:
    """Utility of opening nothing by which half the people (people, items) open more often than assumed."""
    usual = np.median(np.log(np.exp(utility.astype(np.float64)).mean(axis=1)))
    odds = np.log(ASSUMED_OPENED / (1.0 - ASSUMED_OPENED))
    return float(np.clip(np.log(ASSUMED_SLATE) + usual - odds, -80, 80))

"""What moving means in each kind of world: which arrays a trend shifts, how time is told, what a part of it is."""

from __future__ import annotations

import copy
from dataclasses import fields, replace
from functools import singledispatch
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.feed.feed_state import FeedState
from driftrec.simulators.feed.feed_world import FeedWorld
from driftrec.simulators.feed.song_state import SongState
from driftrec.simulators.feed.stream_world import StreamState, StreamWorld
from driftrec.simulators.fitted.fitted_state import FittedState
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.shop.customers import ShopState
from driftrec.simulators.shop.world import ShopWorld
from driftrec.simulators.vectors import Double, Float, unit
from driftrec.simulators.wire.calendar import Calendar

Movable = Any
"""A world that is known to ``lean``: those of feeds, the shop, and those fitted to logs."""

Items = TypeVar("Items", bound=Catalogue)


def check_movable(world: Any) -> None:
    """Raise ValueError unless it is known how the world moves."""
    if not isinstance(world, FeedWorld | ShopWorld | FittedWorld):
        raise ValueError(
            f"Nothing is known of how a {type(world).__name__} moves between rounds. Give --world driftrec/Video-v0, "
            "Music-v0, NewsStream-v0, Shop-v0 or Fitted-v0."
        )


def directions(world: Movable) -> Float:
    """Where topics lie, (topics, dims): of a fitted world's, which are numbers alone, the mean of their items."""
    if not isinstance(world, FittedWorld):
        found: Float = world.catalogue.topic_directions()
        return found
    p = world.parameters
    sums = np.zeros((p.num_topics, world.dims), np.float32)
    np.add.at(sums, p.topic, p.vectors)
    return unit(sums)


def interests(world: Movable) -> Float:
    """Of all people whom users are drawn from, (people, dims)."""
    found: Float = world.parameters.people if isinstance(world, FittedWorld) else world.personas.interest
    return found


@singledispatch
def lean(state: Any, trend: Float, directions: Float) -> None:
    """Let a trend (topics,) take hold of users, in place; its negative takes it away; ``directions`` of the topics."""
    raise NotImplementedError(type(state).__name__)


@lean.register
def _(state: FeedState, trend: Float, directions: Float) -> None:
    for liked in (state.home, state.potential, state.taste):
        liked += trend


@lean.register
def _(state: ShopState, trend: Float, directions: Float) -> None:
    state.rate *= np.exp(trend)


@lean.register
def _(state: FittedState, trend: Float, directions: Float) -> None:
    state.own += trend @ directions


def lived(state: Any) -> Double:
    """Hours since every user's first visit, (users,)."""
    if isinstance(state, FittedState):
        return state.hours.copy()
    clock = state.clock[:, 0].astype(np.float64)
    return clock * 24.0 if isinstance(state, ShopState) else clock


def arrive(world: Movable, state: Any, start: float) -> Double:
    """Let new users come in the first day of the round that begins at hour ``start``.

    Returns:
        Hour of each one's first visit, (users,).
    """
    came = np.full(len(state.gone), start)
    if isinstance(state, FeedState):
        came += state.hour
    if isinstance(state, StreamState):
        state.arrival[:] = came
        look(world, state)
    return came


def look(world: Movable, state: Any) -> None:
    """Let users see what is on offer at their time, in place: what a calendar tells has changed with the round."""
    if isinstance(state, StreamState):
        state.moment[:] = world.calendar.moment(state.arrival + state.clock[:, 0])
        state.offer[:] = world.calendar.places(state.moment)


def own_calendar(world: Movable) -> bool:
    """Whether the world itself says what is on offer when."""
    return isinstance(world, StreamWorld)


def appeared(world: StreamWorld, start: float, hours: float) -> NDArray[np.bool_]:
    """Items of a calendar that appear in the ``hours`` from ``start`` on, (items,)."""
    dates = world.catalogue.hours
    return (dates >= start) & (dates < start + hours)


class Stretch(Calendar):
    """A calendar of which time never leaves one stretch: whoever stays longer lives through it again.

    So nobody who learns in a round meets what appears after it.

    Args:
        whole: The calendar.
        start: Hour at which the stretch begins.
        hours: How long it is.
    """

    def __init__(self, whole: Calendar, start: float, hours: float) -> None:
        vars(self).update(vars(whole))
        self._from, self._span = np.float32(start), np.float32(hours)

    def moment(self, hours: Float) -> Float:
        """As of ``Calendar``, within the stretch."""
        return super().moment(self._from + (hours - self._from) % self._span)


def within(world: Movable, start: float, hours: float) -> Movable:
    """The world in a round: one with a calendar never leaves the stretch."""
    if not isinstance(world, StreamWorld):
        return world
    there = copy.copy(world)
    there.calendar = Stretch(world.calendar, start, hours)
    return there


def peopled(world: Movable, people: NDArray[np.int64]) -> Movable:
    """The same world with another audience to draw users from: ``people`` of its own, some several times."""
    if isinstance(world, FittedWorld):
        drawn = replace(world.parameters, people=world.parameters.people[people])
        return FittedWorld(drawn, world.slate_size, world.known)
    personas = world.personas
    drawn_from = Personas(tuple(personas.texts[p] for p in people), personas.interest[people])
    other = _again(world, world.catalogue, drawn_from)
    if isinstance(world, StreamWorld):
        other.calendar = world.calendar
    return other


def numbered_anew(state: Any, people: NDArray[np.int64]) -> None:
    """Let new users of a world of ``peopled`` have the number of their persona in the whole audience, in place."""
    if not isinstance(state, FittedState):  # whose people have no names
        state.persona[:] = people[state.persona]


def narrowed(world: Movable, items: NDArray[np.int64]) -> Movable:
    """The world of ``items`` alone, (n,), without a calendar: for oracles of what is on offer.

    What was worked out from the whole catalogue, such as what sets an item apart within its topic, stays.
    """
    there = _again(world, rows_of(world.catalogue, items), world.personas)
    if isinstance(world, FeedWorld):
        there.traits, there.usual = world.traits[items], world.usual
    else:
        there.centres = world.centres
    return there


def narrowed_state(state: Any, items: NDArray[np.int64]) -> Any:
    """What such a world knows of users, as far as appraising items asks for it; ``items`` as of ``narrowed``."""
    if isinstance(state, SongState):
        return replace(state, seen=state.seen[:, items], heard=state.heard[:, items])
    return replace(state, seen=state.seen[:, items]) if isinstance(state, FeedState) else state


def rows_of(catalogue: Items, items: NDArray[np.int64]) -> Items:
    """The ``items`` of a catalogue, which keeps its topics."""
    told: dict[str, Any] = {}
    for field in fields(catalogue):
        value = getattr(catalogue, field.name)
        if isinstance(value, np.ndarray):
            told[field.name] = value[items]
        elif field.name != "topic_names":
            told[field.name] = tuple(value[item] for item in items)
    return replace(catalogue, **told)


def _again(world: FeedWorld | ShopWorld, catalogue: Any, personas: Personas) -> Movable:
    """A world of the same kind, sizes and mechanisms."""
    sizes = {"slate_size": world.slate_size, "history": world.history_length, "config": world.config}
    if isinstance(world, StreamWorld):
        sizes["num_candidates"] = world.num_items
    made: Any = type(world)
    return made(catalogue, personas, **sizes)

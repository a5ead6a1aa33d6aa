"""The one loop in which a policy serves users; rollout, validation, tuning and verification tally what it yields."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.policy import Observation, Oracle, Policy, Slates, failed
from driftrec.simulators.offers import items_of
from driftrec.simulators.vectors import Double
from driftrec.simulators.world import Feedback, State, World, check_slates, part, put


@dataclass(frozen=True)
class Step:
    """One step of an audience.

    Attributes:
        number: From 0.
        observation: Of all users before it.
        present: Users who were there before it, (present,).
        slates: What was chosen for all users, (users, slate_size); those who are gone see nothing of it.
        items: The same as items of the catalogue, where only some are on offer, see ``items_of``; else ``slates``.
        feedback: What came of it.
    """

    number: int
    observation: Observation
    present: NDArray[np.intp]
    slates: NDArray[np.int64]
    items: NDArray[np.int64]
    feedback: Feedback


def play(
    world: World[State],
    policy: Policy,
    seeds: NDArray[np.uint64],
    *,
    horizon: int | None,
    seed: int,
    name: str | None = None,
) -> tuple[State, Iterator[Step]]:
    """Let a policy serve the users ``seeds`` to the horizon, or until all have left.

    A policy that learns while it serves is told of every step, once the caller has seen it and asks for the next.

    Args:
        world: The world.
        policy: The decider; an ``Oracle`` is told the true state, a copy, before each choice.
        seeds: One a user.
        horizon: Steps at most; None plays until all have left.
        seed: The policy's own source of randomness.
        name: What to call the policy in errors; None leaves errors of its own code as they are.

    Returns:
        The users as they arrive, a state that every step moves on in place, and the steps, served one by one as they
        are asked for.

    Raises:
        TypeError: If the policy's slates are not integers.
        ValueError: If their shape is wrong or an item does not exist; names policy, step, user and position.
        PolicyError: From an error in the code of a policy with a name; the error is kept as the cause.
    """
    state = world.reset(seeds)
    with _in_policy(name, "reset"):
        policy.reset(len(seeds), seed)
    numbers = itertools.count() if horizon is None else range(horizon)
    return state, _steps(world, policy, state, np.zeros(len(seeds), np.bool_), numbers, name)


def _steps(
    world: World[State], policy: Policy, state: State, gone: NDArray[np.bool_], numbers: Iterable[int], name: str | None
) -> Iterator[Step]:
    """Steps with these numbers, or as many as somebody is there for; ``gone`` is kept up to date."""
    for number in numbers:
        present = np.flatnonzero(~gone)
        if not present.size:
            return
        observation = world.observe(state)
        slates = _slates(world, policy, state, observation, number, name)
        feedback = world.step(state, slates)
        gone |= feedback.left
        yield Step(number, observation, present, slates, items_of(observation, slates), feedback)
        if hasattr(policy, "update"):
            seen = np.full_like(slates, -1)
            seen[present] = slates[present]
            with _in_policy(name, "update"):
                policy.update(observation, seen, feedback.clicks, feedback.engagement)


def play_on(
    world: World[State],
    policy: Policy,
    state: State,
    there: Callable[[], NDArray[np.bool_]],
    *,
    seed: int,
    name: str,
) -> Iterator[Step]:
    """Let a policy serve users who have a past, each at a pace of their own, while anybody is there.

    Args:
        world: The world.
        policy: As of ``play``, but that it is not told of steps: it learns between rounds. It chooses for all users in
            every step, and what it chooses for those who are not there nobody sees.
        state: The users, moved on in place.
        there: Tells before every step who is served in it, (users,).
        seed: The policy's own source of randomness.
        name: What to call the policy in errors.

    Yields:
        Steps of those who are there. Errors as of ``play``.
    """
    with _in_policy(name, "reset"):
        policy.reset(len(there()), seed)
    for number in itertools.count():
        present = np.flatnonzero(there())
        if not present.size:
            return
        observation = world.observe(state)
        slates = _slates(world, policy, state, observation, number, name)
        some = part(state, present)
        feedback = world.step(some, slates[present])
        put(state, present, some)
        whole = _spread(feedback, present, len(slates))
        yield Step(number, observation, present, slates, items_of(observation, slates), whole)


def play_while(
    world: World[State],
    state: State,
    users: int,
    shown: Callable[[State, NDArray[np.intp], int], Slates],
    over: Callable[[NDArray[np.intp]], NDArray[np.bool_]],
    horizon: int,
) -> Iterator[tuple[NDArray[np.intp], Slates, Feedback]]:
    """Show users slates until each is gone, or it is over for them; only those who are left cost anything.

    Args:
        world: The world.
        state: The users.
        users: How many.
        shown: Slates for the users of these numbers, who are in this state, at this step.
        over: For whom of these users it is over, asked after each step.
        horizon: Steps at most.

    Yields:
        The users of each step by their numbers, what they were shown, and what came of it.
    """
    there = np.arange(users)
    for number in range(horizon):
        if not there.size:
            return
        slates = shown(state, there, number)
        feedback = world.step(state, slates)
        yield there, slates, feedback
        stay = ~(feedback.left | over(there))
        if not stay.all():
            there, state = there[stay], part(state, np.flatnonzero(stay))


def _spread(feedback: Feedback, present: NDArray[np.intp], users: int) -> Feedback:
    """``feedback`` of those who are there as of all ``users``; to the others nothing has happened."""
    told = {}
    for field in fields(feedback):
        value = getattr(feedback, field.name)
        told[field.name] = np.zeros((users, *value.shape[1:]), value.dtype)
        told[field.name][present] = value
    return replace(feedback, **told)


def _slates(
    world: World[State], policy: Policy, state: State, observation: Observation, number: int, name: str | None
) -> NDArray[np.int64]:
    """What the policy chooses, checked."""
    chosen = _choose(policy, state, observation, name)
    try:
        return check_slates(chosen, len(next(iter(observation.values()))), world.slate_size, world.num_items)
    except (TypeError, ValueError) as error:
        raise type(error)(f"Policy {name or type(policy).__name__!r}, step {number}: {error}") from error


def _choose(policy: Policy, state: Any, observation: Observation, name: str | None) -> Any:
    """Slates as the policy gives them, unchecked."""
    if isinstance(policy, Oracle):
        with _in_policy(name, "see"):
            policy.see(copy.deepcopy(state))
    with _in_policy(name, "act"):
        return policy.act(observation)


@contextmanager
def _in_policy(name: str | None, method: str) -> Iterator[None]:
    """Say whose code an error comes from, if it has a name, and keep the error."""
    try:
        yield
    except Exception as error:
        if name is None:
            raise
        raise failed(name, method, error) from error


def imagine(world: World[State], state: State, slates: NDArray[np.int64], policy: Oracle, steps: int) -> Double:
    """What ``slates`` would bring with what follows if ``policy`` served on, engagement of every user, (users,).

    Args:
        world: The world.
        state: Users to try it on, moved on in place: copies.
        slates: Shown first, (users, slate_size).
        policy: Serves from then on, by the state alone.
        steps: Steps in all.
    """
    earned = world.step(state, slates).reward().astype(np.float64)
    for _ in range(steps - 1):
        policy.see(state)
        earned += world.step(state, policy.act({})).reward()
    return earned


def brought(world: World[State], state: State, slates: NDArray[np.int64], times: int = 1) -> Double:
    """What ``slates`` would bring the last of so many ``times`` in a row, engagement of every user, (users,).

    ``state`` stays as it is. The users meet the noise that they would meet: two slates are compared in pairs.
    """
    imagined = copy.deepcopy(state)
    for _ in range(times - 1):
        world.step(imagined, slates)
    return world.step(imagined, slates).reward().astype(np.float64)


def mean_engagement(world: World[Any], policy: Policy, seeds: NDArray[np.uint64], horizon: int) -> float:
    """Mean engagement a user over an episode, in the world's unit; arguments and errors are those of ``play``."""
    return tried(world, policy, seeds, horizon)[0]


def tried(world: World[Any], policy: Policy, seeds: NDArray[np.uint64], horizon: int) -> tuple[float, int]:
    """``mean_engagement``, and the environment steps that all users together took before they left.

    A policy that has ``stay(rows)``, and does not learn, serves none who has left: it is told the rows of those who go
    on, and they are all its users from then on.
    """
    total, taken = 0.0, 0
    served = _remaining if hasattr(policy, "stay") and not hasattr(policy, "update") else _present
    for there, reward in served(world, policy, seeds, horizon):
        taken += there
        total += reward
    return total / len(seeds), taken


def _present(world: World[Any], policy: Policy, seeds: NDArray[np.uint64], horizon: int) -> Iterator[tuple[int, float]]:
    """How many were there and what they all brought, step by step."""
    _, steps = play(world, policy, seeds, horizon=horizon, seed=0)
    for step in steps:
        yield step.present.size, float(step.feedback.reward().sum(dtype=np.float64))


def _remaining(world: World[Any], policy: Any, seeds: NDArray[np.uint64], horizon: int) -> Iterator[tuple[int, float]]:
    """The same, the policy asked for them alone."""

    def shown(state: Any, there: NDArray[np.intp], number: int) -> Slates:
        return _slates(world, policy, state, world.observe(state), number, None)

    def over(there: NDArray[np.intp]) -> NDArray[np.bool_]:
        return np.zeros(len(there), np.bool_)

    policy.reset(len(seeds), 0)
    for there, _, feedback in play_while(world, world.reset(seeds), len(seeds), shown, over, horizon):
        yield there.size, float(feedback.reward().sum(dtype=np.float64))
        if feedback.left.any():
            policy.stay(np.flatnonzero(~feedback.left))

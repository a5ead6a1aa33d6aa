"""One user's last step in words: the time, the slate, what was opened, and what changed. Render mode "ansi"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.offers import OFFERED, items_of
from driftrec.simulators.world import Feedback, World

MODES = ("ansi",)
"""Known render modes of an environment of one user."""

MOST_CHANGES = 3
"""Entries of a vector whose changes are told, the largest ones."""

_FEEDBACK = {field.name for field in fields(Feedback)}


def check_render_mode(mode: str | None) -> None:
    """Raise TypeError unless ``mode`` is None or known.

    Not ValueError: after a TypeError stable-baselines3's ``make_vec_env`` does without its "rgb_array".
    """
    if mode is not None and mode not in MODES:
        raise TypeError(f"render_mode is {mode!r}; known: {', '.join(map(repr, MODES))}, or None to render nothing.")


def check_nothing_drawn(mode: str | None) -> None:
    """Raise TypeError unless ``mode`` is None: many users are too many for words."""
    if mode is not None:
        raise TypeError(
            f"render_mode is {mode!r}; many users at once render nothing. Leave it out, or step one user, "
            "gymnasium.make(..., render_mode='ansi')."
        )


class Account:
    """What happened last to one user, in words.

    Args:
        world: The user's.
        horizon: Steps of an episode, None for no limit.
    """

    def __init__(self, world: World[Any], horizon: int | None) -> None:
        self._world = world
        self._of = "" if horizon is None else f" of {horizon}"
        self._seen: dict[str, Any] = {}  # observation and truth after the last step

    def begin(self, observation: Mapping[str, Any], info: Mapping[str, Any]) -> str:
        """A new user, who has seen nothing."""
        self._seen = _copied(observation, info)
        return self._when(0)

    def step(
        self, steps: int, slate: NDArray[np.int64], observation: Mapping[str, Any], info: Mapping[str, Any]
    ) -> str:
        """The step that showed ``slate``, (slate_size,), the episode's number ``steps``."""
        before, self._seen = self._seen, _copied(observation, info)
        lines = [self._when(steps)]
        offer = {name: value[None] for name, value in before.items() if name == OFFERED}
        for position, item in enumerate(items_of(offer, slate[None])[0].tolist()):
            opened = f"  <- opened, {info['engagement'][position]:.3g} {self._world.unit}"
            words = describe(self._world, before, item)
            lines.append(f"  {position + 1}. {words}{opened if info['clicks'][position] else ''}")
        lines += ["  nothing was opened"] * (not info["clicks"].any())
        if info["left"]:
            lines.append("  the user left for good")
        elif info["ended"]:
            lines.append(f"  the session ended; the user came back after {info['gap']:.1f} hours")
        return "\n".join(lines + [f"  {change}" for change in self._changes(before)])

    def _when(self, steps: int) -> str:
        return f"Step {steps}{self._of}{moment(self._world, self._seen)}"

    def _changes(self, before: Mapping[str, Any]) -> list[str]:
        """The user's hidden numbers that moved, the largest changes of each kind."""
        lines = []
        was = hidden_numbers(self._world, before["truth"])
        for kind, parts in hidden_numbers(self._world, self._seen["truth"]).items():
            change = {part: abs(float(value) - float(was[kind][part])) for part, value in parts.items()}
            largest = sorted(change, key=lambda part: -change[part])[:MOST_CHANGES]
            lines += [
                f"{kind}{', ' * bool(part)}{part}: {_shown(was[kind][part])} -> {_shown(parts[part])}"
                for part in largest
                if change[part] > 0.005
            ]
        return lines


def hidden_numbers(world: World[Any], truth: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is hidden of one user, by kind in words and by topic; "" for numbers that are not kept by topic.

    Args:
        world: The user's.
        truth: One row of what the world's ``reveal`` returns; what it tells of candidates is left out.
    """
    kept = {kind: value for kind, value in truth.items() if not kind.startswith("candidate")}
    if "interests" in kept:
        kept.pop("interest")  # the same, scaled
    return {kind.replace("_", " "): _by_topic(world, kind, value) for kind, value in kept.items()}


def _by_topic(world: World[Any], kind: str, value: Any) -> dict[str, Any]:
    """A hidden number under "", or the entries of a hidden vector by names."""
    topics = world.topics
    if np.ndim(value) == 0:
        return {"": value}
    if kind == "interest" and topics:  # a direction in the space of texts
        value = np.stack(list(topics.values())) @ value
    names = topics if len(topics) == len(value) else [f"topic {i}" for i in range(len(value))]
    return dict(zip(names, value, strict=True))


@singledispatch
def describe(world: World[Any], seen: Mapping[str, Any], item: int) -> str:
    """An item in words; a world without texts registers its own.

    Args:
        world: The item's.
        seen: Observation and, under "info", the info before the item was shown.
        item: Its number.
    """
    catalogue = world.catalogue
    if catalogue is None:
        return f"item {item}"
    return f"{catalogue.titles[item]} [{item}, {catalogue.topic_names[catalogue.topic[item]]}]"


@singledispatch
def moment(world: World[Any], seen: Mapping[str, Any]) -> str:
    """When it is by the user's clock, in words that follow the number of the step; a world may register its own.

    Args:
        world: The user's.
        seen: The observation.
    """
    if "clock" not in seen:
        return ""
    hours, session = seen["clock"][:2]
    return f", hour {hours:.1f}, session {session:.0f}"


def _copied(observation: Mapping[str, Any], info: Mapping[str, Any]) -> dict[str, Any]:
    """Copies, since the caller may write into what it was given."""
    copies = {name: np.copy(value) for name, value in info.items()}
    truth = {name: value for name, value in copies.items() if name not in _FEEDBACK}
    return {**{name: np.copy(value) for name, value in observation.items()}, "info": copies, "truth": truth}


def _shown(value: Any) -> str:
    """A number with two decimals, a count without, a truth as yes or no."""
    kind = np.asarray(value).dtype.kind
    if kind == "b":
        return "yes" if value else "no"
    return f"{value:.2f}" if kind == "f" else f"{value:d}"

"""How long episodes may be, and how an environment's spec tells of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.envs.registration import EnvSpec

from driftrec.simulators.sizes import size
from driftrec.simulators.world import World


def limit(world: World[Any], horizon: int | None) -> int | None:
    """``horizon`` as an int, or None.

    Args:
        world: Whose episodes it cuts.
        horizon: Steps, or None for no limit.

    Raises:
        TypeError: If it is neither None nor an integer.
        ValueError: If it is below 1, or None where no episode of the world could ever end.
    """
    if horizon is None:
        world.check_ends()
        return None
    return size("horizon", horizon, "at least 1 step, or None for no limit")


def check_same_limit(max_episode_steps: int | None, horizon: int | None) -> None:
    """Raise ValueError if gymnasium's ``max_episode_steps`` is given and not the horizon itself.

    ``gymnasium.make_vec`` hands it on as an argument, from its caller or from the spec of an environment made before.
    """
    if max_episode_steps is not None and max_episode_steps != horizon:
        raise ValueError(
            f"max_episode_steps is {max_episode_steps!r} and the horizon {horizon}, but there is one limit; use "
            f"horizon={max_episode_steps!r}, or give both the same number where a spec holds another."
        )


def told(spec: EnvSpec | None, horizon: int | None) -> EnvSpec | None:
    """A copy of ``spec`` that tells the horizon as ``max_episode_steps``, with numbers that JSON can hold."""
    if spec is None:
        return None
    return dataclasses.replace(spec, max_episode_steps=horizon, kwargs=_plain(spec.kwargs))


def _plain(value: Any) -> Any:
    """``value``, nested, with Python's numbers in place of NumPy's."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value))
    return value.item() if isinstance(value, np.generic) else value

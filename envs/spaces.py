"""Gymnasium spaces of a world."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from driftrec.simulators.world import World


def observation_space(world: World[Any]) -> spaces.Dict:
    """A Dict of Boxes for one user, in the order of ``world.fields``."""
    return spaces.Dict({name: spaces.Box(f.low, f.high, f.shape, f.dtype) for name, f in world.fields.items()})


def action_space(world: World[Any]) -> spaces.MultiDiscrete:
    """One item position for every position of the slate."""
    return spaces.MultiDiscrete(np.full(world.slate_size, world.num_items), dtype=np.int64)

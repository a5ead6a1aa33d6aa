"""Users of SARDINE whose clicks are certain."""

import dataclasses

import numpy as np

from driftrec.simulators.published.sardine import SardineWorld
from driftrec.simulators.published.sardine_boredom import Boredom
from driftrec.simulators.published.sardine_config import SardineConfig
from driftrec.simulators.published.sardine_items import SardineItems

AXES = SardineItems(np.eye(10, dtype=np.float32), "one item a topic")
SURE = SardineConfig(offset=0.3, click_propensity=1.0)  # scores of liked items are 0.577: clicked for certain
LIKED = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], np.float32) / np.sqrt(np.float32(3))  # topics 0, 1 and 2
SEEDS = np.arange(60, dtype=np.uint64)


def made(slate_size=1, corrected=False, observer=None, **config):
    return SardineWorld(AXES, slate_size, dataclasses.replace(SURE, **config), observer, corrected)


def newborn(world, users=1):
    """Users who like topics 0, 1 and 2, without the first slate's clicks."""
    state = world.reset(np.arange(users, dtype=np.uint64))
    state.interest[:] = state.current[:] = LIKED
    state.boredom = Boredom.none(users, 10, world.config)
    return state


def clicked(world, state, *slates):
    """Clicks of the first user on each of the slates."""
    users = len(state.step)
    return [int(world.step(state, np.tile(slate, (users, 1))).clicks[0].sum()) for slate in slates]

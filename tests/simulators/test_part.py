"""Some users of a state, to look at."""

import numpy as np
import pytest

from driftrec.envs.news import news_world
from driftrec.simulators.published.recsim_interest_evolution import InterestEvolutionWorld
from driftrec.simulators.published.recsim_interest_exploration import InterestExplorationWorld
from driftrec.simulators.world import part

WORLDS = {"news": news_world, "evolution": InterestEvolutionWorld, "exploration": InterestExplorationWorld}


@pytest.mark.parametrize("make", WORLDS.values(), ids=WORLDS.keys())
@pytest.mark.parametrize("steps", [0, 7])
def test_some_users_are_seen_as_among_all(make, steps):
    world = make()
    state, rows = world.reset(np.arange(9, dtype=np.uint64)), slice(3, 8)
    for step in range(steps):
        world.step(state, np.tile(np.arange(world.slate_size) + step, (9, 1)))
    some = part(state, rows)
    for look in (world.observe, world.reveal):
        for name, value in look(state).items():
            np.testing.assert_array_equal(look(some)[name], value[rows], err_msg=name)
    whole, cut = world.appraise(state), world.appraise(some)
    np.testing.assert_allclose(cut.attraction, whole.attraction[rows], rtol=1e-5)
    np.testing.assert_allclose(cut.engagement, whole.engagement[rows], rtol=1e-5)


def test_nothing_is_copied_and_the_state_stays():
    world = news_world()
    state = world.reset(np.arange(9, dtype=np.uint64))
    some = part(state, slice(2, 4))
    assert np.shares_memory(some.interest, state.interest)
    assert np.shares_memory(some.read.items, state.read.items)
    assert len(state.interest) == len(state.read.items) == 9

"""Tables that never change: copies are the same object, pickled ones as read-only as before."""

import copy
import pickle
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from driftrec.envs.catalogues import packaged_catalogue
from driftrec.envs.news import NewsEnv, NewsVectorEnv
from driftrec.simulators.published.sardine_items import generate_items, sardine_items
from driftrec.simulators.shared import Shared

ITEMS, PERSONAS = packaged_catalogue()


def arrays(table):
    return {f.name: getattr(table, f.name) for f in fields(table) if isinstance(getattr(table, f.name), np.ndarray)}


@dataclass(frozen=True)
class Pair(Shared):
    left: np.ndarray
    right: np.ndarray | None = None


@pytest.mark.parametrize(
    "table", [ITEMS, PERSONAS, generate_items(20), Pair(np.ones(3))], ids=lambda t: type(t).__name__
)
def test_copies_are_shared_and_nobody_writes(table):
    assert copy.copy(table) is copy.deepcopy(table) is table
    back = pickle.loads(pickle.dumps(table))
    assert arrays(back).keys() == arrays(table).keys() != set()
    for name, values in arrays(back).items():
        np.testing.assert_array_equal(values, getattr(table, name))
        for array in (values, getattr(table, name)):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


def test_the_array_that_was_given_stays_writeable():
    given = np.zeros(3)
    pair = Pair(given)
    given[0] = 1
    assert pair.left.tolist() == [1, 0, 0]


def test_a_pickled_table_is_checked_again():
    spoilt = replace(PERSONAS)
    object.__setattr__(spoilt, "interest", 2 * PERSONAS.interest)
    with pytest.raises(ValueError, match="rows must have length 1"):
        pickle.loads(pickle.dumps(spoilt))


@pytest.mark.parametrize("make", [NewsEnv, lambda: NewsVectorEnv(2)], ids=["one", "vector"])
def test_a_copied_environment_holds_the_same_catalogue(make):
    env = make()
    twin = copy.deepcopy(env)
    assert twin.world is not env.world
    assert twin.world.catalogue is env.world.catalogue
    assert twin.world.personas is env.world.personas


@pytest.mark.parametrize("source", ["auto", "generated"])
def test_items_of_a_published_world_are_made_once(source):
    assert sardine_items(1000, source) is sardine_items(1000, source)

"""A fitted world that offers what a log says was on offer."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.realism.offering import Offering, logged_offers
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.fitted.parameters import Tastes
from driftrec.simulators.offers import OFFERED

PLACE = np.append(np.arange(40)[::-1], -1)
"""A catalogue of 41, whose last item the fitted world lacks."""

OFFERS = np.array([[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 40]]])


def offering():
    world = FittedWorld(replace(made_up(tastes=Tastes(no_click=-30.0)), people=made_up().people[:1]), 1)
    return Offering(world, PLACE, OFFERS)


def test_positions_are_among_what_is_on_offer_to_each_user():
    """Users take turns, and the last offer stays. Failed with places that were not those of the catalogue."""
    world = offering()
    state = world.reset(np.arange(3, dtype=np.uint64))
    np.testing.assert_array_equal(world.observe(state)[OFFERED], OFFERS[[0, 1, 0], 0])
    world.step(state, np.array([[1], [2], [0]]))
    assert [np.flatnonzero(row).tolist() for row in state.opened] == [[38], [31], [39]]
    for _ in range(3):
        np.testing.assert_array_equal(world.observe(state)[OFFERED], OFFERS[[0, 1, 0], 1])
        world.step(state, np.array([[0], [0], [0]]))


def test_an_item_that_the_log_never_showed_is_refused():
    world = offering()
    state = world.reset(np.arange(2, dtype=np.uint64))
    world.step(state, np.zeros((2, 1), np.int64))
    with pytest.raises(ValueError, match="holds an item that the fitted world lacks"):
        world.step(state, np.array([[0], [2]]))


def test_offers_are_those_of_the_log(tmp_path):
    rows = [
        ("random", "0", "b", 0, ["x", "y"]),
        ("random", "0", "b", 0, None),
        ("random", "0", "a", 0, ["y", "z"]),
        ("random", "0", "b", 1, ["z", "x"]),
        ("random", "1", "b", 1, ["z", "z"]),
        ("own", "0", "b", 1, ["z", "z"]),
    ]
    table = pd.DataFrame(rows, columns=["policy", "version", "user", "step", "candidates"])
    table.to_parquet(tmp_path / "log.parquet")
    offers = logged_offers(tmp_path / "log.parquet", "random", "0", {"x": 0, "y": 1, "z": 2})
    assert offers.tolist() == [[[1, 2], [1, 2]], [[0, 1], [2, 0]]]

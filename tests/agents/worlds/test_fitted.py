"""Items that a fitted world did not know when it was fitted."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from driftrec.agents.worlds.fitted import _with_newcomers
from driftrec.simulators.fitted.example import made_up


@pytest.mark.parametrize("told", [False, True], ids=["plain", "with lift and marks"])
def test_newcomers_have_what_their_texts_say_of_all_that_is_known_of_items(told):
    """Two items more, with the texts of items 0 and 1, in a world whose texts tell items apart by one number."""
    world = made_up()
    level = np.linspace(-1.0, 1.0, len(world.ids)).astype(np.float32)
    if told:
        levels = np.sort(np.random.default_rng(0).normal(size=9)).astype(np.float32)
        world = replace(world, logged=levels, lift=level, marks=np.column_stack([level, 2 * level, -level]))
    texts = np.column_stack([level, np.ones_like(level)])
    catalogue = SimpleNamespace(ids=(*world.ids, "new", "newer"))
    new = SimpleNamespace(catalogue=catalogue, item_embeddings=np.concatenate([texts, texts[[0, -1]]]))
    place = np.append(np.arange(len(world.ids)), [-1, -1])
    found = _with_newcomers(world, new, place)
    assert found.ids == catalogue.ids
    assert found.vectors.shape == (len(world.ids) + 2, world.vectors.shape[1])
    if not told:
        assert found.lift is None
        assert found.marks is None
        return
    np.testing.assert_allclose(found.lift[-2:], [-1.0, 1.0], atol=0.05)
    np.testing.assert_allclose(found.marks[-2:], [[-1.0, -2.0, 1.0], [1.0, 2.0, -1.0]], atol=0.1)
    np.testing.assert_array_equal(found.marks[:-2], world.marks)

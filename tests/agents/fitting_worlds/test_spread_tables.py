"""Uncertainty of shapes and of items."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from driftrec.agents.fitting_worlds.spread_tables import items_table, shapes_table
from driftrec.simulators.fitted.example import made_up


def worlds():
    """One, and three replicates whose vectors are turned and moved a little, and of which one lacks a shape."""
    world = made_up()
    world = replace(world, visits=replace(world.visits, first_end=(1.0, -1.0, 0.5)))
    rng, found = np.random.default_rng(0), []
    for shape in ((1.2, -1.0, 0.5), (0.8, -1.0, 0.5), ()):
        turn, _ = np.linalg.qr(rng.standard_normal((world.vectors.shape[1],) * 2))
        moved = world.vectors + 0.1 * rng.standard_normal(world.vectors.shape)
        told = {"vectors": (moved @ turn).astype(np.float32), "visits": replace(world.visits, first_end=shape)}
        found.append(replace(world, quality=world.quality + np.float32(len(found)), **told))
    return world, found


def test_a_shape_has_a_row_a_group_of_counts():
    table = shapes_table(*worlds())
    assert table["count"].tolist() == ["1", "2 to 3", "4 and more"]
    assert table.value.tolist() == [1.0, -1.0, 0.5]
    sd = np.std([1.2, 0.8, 0.0], ddof=1)  # a replicate without the shape adds nothing
    assert table.sd[0] == pytest.approx(sd)
    assert table.high[0] - (2 * 1.0 - 2.0 / 3) == pytest.approx(student.ppf(0.975, 2) * np.sqrt(4 / 3) * sd)
    assert shapes_table(made_up(), []).empty


def test_vectors_that_are_turned_are_as_far_as_they_moved():
    """Failed, with 1.4 and more, without the turn back."""
    world, replicates = worlds()
    table = items_table(world, replicates)
    assert table.item.tolist() == list(world.ids)
    assert table.quality_sd.to_numpy() == pytest.approx(1.0)
    assert (table.engagement_sd == 0).all()
    expected = 0.1 * np.sqrt(world.vectors.shape[1])
    assert np.sqrt(np.mean(table.vector_sd**2)) == pytest.approx(expected, rel=0.25)


def test_without_replicates_there_are_values_alone():
    world, _ = worlds()
    assert items_table(world, []).drop(columns=["item", "quality", "engagement"]).isna().all().all()
    assert shapes_table(world, [])[["sd", "low", "high"]].isna().all().all()


def test_marks_have_their_ends_and_a_replicate_without_has_none():
    """Failed with a replicate without marks left out."""
    world, replicates = worlds()
    marks = np.arange(3 * len(world.ids), dtype=np.float32).reshape(-1, 3)
    told = [replace(replicates[0], marks=marks + 1), replace(replicates[1], marks=marks - 1), replicates[2]]
    table = items_table(replace(world, marks=marks), told)
    assert table.mark_churn.tolist() == marks[:, 2].tolist()
    assert table.mark_end_sd[1] == pytest.approx(np.std([4.0, 2.0, 0.0], ddof=1))
    assert (table.mark_short_share_low <= table.mark_short_share).all()
    still = marks * np.array([1, 0, 1], np.float32)
    table = items_table(replace(world, marks=still), told)
    assert table.mark_short_share_low.isna().all()  # nothing is claimed of what is not moved
    assert table.mark_churn_low.notna().all()
    assert not [name for name in items_table(world, replicates) if name.startswith("mark")]

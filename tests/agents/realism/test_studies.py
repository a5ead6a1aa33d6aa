"""The studies behind docs/fit.md: intervals that hold the truth, and twins that rank policies."""

import numpy as np
import pandas as pd
import pytest

from driftrec.agents.fitting_worlds.lives import told_lives
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.realism.coverage import STUDIES, coverage_tables, shares_held
from driftrec.agents.realism.twin import twin_of, write_log
from driftrec.agents.realism.twin_policies import EIGHT, Weighed, Weighs
from driftrec.agents.realism.twin_ranks import Ranked, ranked
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.simulators.fitted.example import made_up, made_up_with_habits, made_up_with_marks

SHORT = FitWorldSettings(dims=3, epochs=1, least_steps=1)


def test_shares_count_the_fits_whose_interval_holds_the_truth():
    low, high = np.array([0.0, 1.0, 2.0]), np.array([2.0, 3.0, 4.0])
    table = pd.DataFrame({"name": "fast", "value": 1.0, "low": low, "high": high, "true": 1.5})
    held = shares_held([table])
    assert held.held["fast"] == pytest.approx(2 / 3)
    assert held.width["fast"] == 2


def test_every_number_with_a_truth_is_told_beside_it():
    (table,) = coverage_tables(3, 4, users=12, steps=6, bootstrap=2, settings=SHORT)
    told, world = table.set_index("name"), made_up(seed=3)
    assert told.true["fast"] == world.tastes.fast
    assert told.true["no_click"] == pytest.approx(world.tastes.no_click - world.quality.mean())
    assert (told.low <= told.high)[~told.index.str.startswith("churn")].all()
    assert told.true["own_spread"] == pytest.approx(np.sqrt(np.mean(world.people**2)))
    assert (table.seed == 3).all()
    assert sorted(told.true["quality of an item"]) == pytest.approx(sorted(world.quality - world.quality.mean()))
    assert "level" not in told.index


def test_marks_and_levels_are_told_beside_their_truth():
    """Failed on items in the order of the world, which is not that of the log."""
    study, world = STUDIES["marks"], made_up_with_marks(seed=0)
    longer = FitWorldSettings(dims=3, epochs=1, least_steps=80)
    (table,) = coverage_tables(0, 1, study=study, users=120, steps=40, bootstrap=2, settings=longer)
    told = table.set_index("name")
    assert told.true["level"] == world.level
    assert told.value["level"] == pytest.approx(world.level, abs=0.15)
    assert "end" not in told.index
    mark = table[table.name == "mark_end of an item"]
    assert np.corrcoef(mark.value, mark.true)[0, 1] > 0.7


def test_of_worlds_with_habits_these_are_told_and_no_memories():
    (table,) = coverage_tables(0, 1, study=STUDIES["habits"], users=12, steps=6, bootstrap=2, settings=SHORT)
    told, tastes = table.set_index("name").true, made_up_with_habits().tastes
    for name in ("threshold", "keep", "habit", "habit_half_life", "takeaway", "satiation"):
        assert told[name] == getattr(tastes, name)
    assert not {"fast", "slow", "mark_half_life"} & set(told.index)


def test_a_policy_remembers_what_it_is_told(tmp_path):
    """Near shows what is like the opened item, the seen comes last, and a topic that was opened loses."""
    world = made_up()
    shown = {}
    for name, weighs in {
        "near": Weighs(near=1.0),
        "not again": Weighs(near=0.01, seen=5.0),
        "topics": Weighs(quality=0.01, topic=5.0),
    }.items():
        policy = Weighed(world, np.arange(40), 5, weighs)
        policy.reset(1, seed=0)
        slate = np.array([[3, 5, 7, 9, 11]])
        policy.update({}, slate, slate == 3, np.zeros((1, 5)))
        shown[name] = policy.act({})[0]
    like = world.vectors @ world.vectors[3]
    assert set(shown["near"]) == set(np.argsort(-like)[:5])
    assert not set(shown["not again"]) & {3, 5, 7, 9, 11}
    assert (world.topic[shown["topics"]] != world.topic[3]).all()


def test_the_true_world_ranks_as_itself():
    """Failed when places of items were not those of the world."""
    setup = set_up(WorldArgs("driftrec/Fitted-v0", horizon=20))
    found = ranked(setup, setup.world.parameters, users=60, seed=1)
    np.testing.assert_allclose(found.world, found.twin)
    alike = found.agreement(seed=1)
    assert alike["Spearman"].mean == pytest.approx(1)
    assert alike["Kendall"].mean == pytest.approx(1)
    table = found.table(seed=1)
    assert set(table.policy) == set(EIGHT)
    assert (table.world_low < table.world).all()
    assert table.world.is_monotonic_decreasing


def test_ranks_are_as_alike_as_noise_lets_them_be():
    """Eight policies far apart are told apart; eight of one mean are not, and the ceiling says so."""
    noise = np.random.default_rng(0).standard_normal((2, 8, 200))
    far = 10.0 * np.arange(8)[:, None]
    clear, lost = Ranked(noise[0] + far, noise[1] + far), Ranked(noise[0], noise[1])
    assert all((one.mean, one.low) == (pytest.approx(1), pytest.approx(1)) for one in clear.agreement(1).values())
    alike = lost.agreement(1)
    assert alike["Spearman"].low < 0 < alike["Spearman"].high
    assert alike["ceiling"].low < 0.8
    turned = Ranked(noise[0] + far, noise[1] - far).agreement(1)
    assert turned["Spearman"].high == pytest.approx(-1)


def test_a_twin_is_fitted_to_a_world_of_texts(tmp_path):
    setup = set_up(WorldArgs("driftrec/NewsStream-v0", horizon=4))
    assert write_log(setup, tmp_path / "log.parquet", 600, 1) >= 600
    log = read_log(tmp_path / "log.parquet")
    assert set(log.rows["policy"]) == {"random", "own"}
    twin = twin_of(setup, told_lives(log), SHORT, 1, lambda line: None)
    found = ranked(setup, twin, users=6, seed=1)
    assert found.world.any()
    assert found.twin.any()

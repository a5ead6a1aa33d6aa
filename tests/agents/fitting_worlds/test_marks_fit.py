"""What was opened moves visits: marks that are lived by are found, and none where there are none."""

from dataclasses import replace

import numpy as np
import pytest

from driftrec.agents.fitting_worlds.visit_fit import fit_visits
from driftrec.agents.fitting_worlds.world_parts import with_visits
from driftrec.simulators.fitted.example import made_up, made_up_with_marks
from driftrec.simulators.fitted.parameters import Marks
from tests.agents.fitting_worlds.logged import lives_from


def marked():
    """A world in which items of high quality are regretted: sessions end, users stay away, and are gone."""
    world = made_up(people=1)
    marks = np.outer(world.quality, [0.5, -0.6, 0.7]).astype(np.float32)
    return replace(world, marks=marks, fading=Marks(4.0, tuple((0.4 * marks.mean(axis=0)).tolist())))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Worlds of a log, with the quality of their items: fitted where there are marks, and where there are none."""
    told = {}
    for name, world in {"marks": marked(), "none": made_up(people=1)}.items():
        lives, order, _ = lives_from(world, tmp_path_factory.mktemp(name), users=600, steps=60)
        arrays = {key: getattr(world, key)[order] for key in ("vectors", "quality", "topic", "engagement")}
        plain = replace(world, ids=lives.items, marks=None, **arrays)
        told[name] = with_visits(plain, lives, np.ones(len(lives.users))), lives
    return told


def test_what_is_regretted_is_found(found):
    """Slopes on quality, beside true ones of .5, -.6 and .7; bounds set by looking at three seeds.

    Failed with marks that do not fade, with those of the slate after, and with the sign of time away turned.
    """
    world, _ = found["marks"]
    slopes = [np.polyfit(world.quality, column, 1)[0] for column in world.marks.T]
    assert slopes[0] == pytest.approx(0.5, abs=0.2)
    assert slopes[1] == pytest.approx(-0.6, abs=0.35)
    assert slopes[2] == pytest.approx(0.7, abs=0.35)
    assert 2.5 < world.fading.half_life < 6.5


def test_marks_are_not_taken_for_places_in_a_session(tmp_path):
    """Fitted before marks, places took some of what these and content are: -.40 was found of content's -.50."""
    world = made_up_with_marks(seed=0)
    lives, order, _ = lives_from(world, tmp_path, users=240, steps=80)
    arrays = {key: getattr(world, key)[order] for key in ("vectors", "quality", "topic", "engagement", "lift")}
    fitted = with_visits(replace(world, ids=lives.items, marks=None, **arrays), lives, np.ones(240))
    assert fit_visits(lives, np.ones(240)).first_end  # marks add up within a session, and look like places
    assert (fitted.visits.first_end, fitted.visits.later_end) == ((), ())
    true = world.visits.content * fitted.visits.usual / world.visits.usual
    assert fitted.visits.content == pytest.approx(true, abs=0.06)
    assert np.polyfit(world.marks[order, 0], fitted.marks[:, 0], 1)[0] == pytest.approx(1.0, abs=0.1)  # .8 it was
    assert fitted.fading.half_life == pytest.approx(5.0, rel=0.15)  # between those that are tried


def test_where_visits_do_not_hang_on_items_there_are_no_marks(found):
    world, lives = found["none"]
    assert world.marks is None
    assert world.visits == fit_visits(lives, np.ones(len(lives.users)))

"""What a round has on offer, who comes, and that all of it follows from settings, seed and number."""

import numpy as np
import pytest

from driftrec.simulators.moving.course import Course
from driftrec.simulators.moving.moves import Moves, Shock
from tests.simulators.moving.worlds import WORLDS

VIDEO, STREAM = WORLDS["video"], WORLDS["stream"]


def test_items_come_and_go_and_never_return():
    course = Course(VIDEO(), Moves(offered=0.3, arrivals=0.2), 1)
    offers = [course.offered(number) for number in range(8)]
    assert {int(offer.sum()) for offer in offers} == {course.count}
    assert not course.fresh(0).any()
    for number in range(1, 8):
        came = offers[number] & ~offers[number - 1]
        np.testing.assert_array_equal(came, course.fresh(number))
        assert came.sum() == round(0.2 * course.count)
        earlier = np.any(offers[: number - 1] or [np.zeros_like(came)], axis=0)
        assert not (came & earlier).any()


def test_a_shock_of_arrivals_is_a_wave_of_new_items():
    course = Course(VIDEO(), Moves(offered=0.3, shocks=(Shock(2, arrivals=0.5),)), 1)
    assert course.fresh(2).sum() == round(0.6 * course.count)


def test_a_round_is_a_function_of_settings_seed_and_number():
    one, again, other = (Course(VIDEO(), Moves(), seed) for seed in (1, 1, 2))
    again.trend(7)  # in whatever order rounds are asked for
    for what in ("offered", "fresh", "trend", "people"):
        np.testing.assert_array_equal(getattr(one, what)(3), getattr(again, what)(3))
        assert (getattr(one, what)(3) != getattr(other, what)(3)).any()
    np.testing.assert_array_equal(one.newcomers(3, 9), again.newcomers(3, 9))
    np.testing.assert_array_equal(one.leaving(3, 90), again.leaving(3, 90))


def test_a_course_does_not_depend_on_what_comes_after_it():
    calm, later = Course(VIDEO(), Moves(), 1), Course(VIDEO(), Moves(shocks=(Shock(5, trend=2.0, mix=2.0),)), 1)
    np.testing.assert_array_equal(calm.trend(4), later.trend(4))
    np.testing.assert_array_equal(calm.people(4), later.people(4))
    assert np.abs(later.trend(5)).max() > 2 * np.abs(calm.trend(5)).max()


def test_trends_raise_and_lower_topics_and_fade():
    course = Course(VIDEO(), Moves(trend=0.0, keep=0.5, shocks=(Shock(1, trend=1.0),)), 1)
    assert not course.trend(0).any()
    assert course.trend(1).min() < 0 < course.trend(1).max()
    assert abs(course.trend(1).mean()) < 1e-6
    np.testing.assert_allclose(course.trend(3), course.trend(1) / 4, rtol=1e-5)


def test_the_mix_moves_to_personas_of_raised_topics():
    calm = Course(VIDEO(), Moves(mix=0.0), 1)
    np.testing.assert_array_equal(calm.people(5), np.arange(VIDEO().personas.num_personas))
    course = Course(VIDEO(), Moves(mix=0.0, shocks=(Shock(1, mix=1.5),)), 1)
    group = course._group
    drawn = np.bincount(group[course.people(1)], minlength=VIDEO().num_topics)
    usual = np.bincount(group, minlength=VIDEO().num_topics)
    wanted = usual * np.exp(course._walk(2, "mix", 1))
    np.testing.assert_allclose(drawn / drawn.sum(), wanted / wanted.sum(), atol=0.007)  # two of 320 personas


def test_users_leave_at_the_rate_of_the_settings():
    course = Course(VIDEO(), Moves(churn=0.2), 1)
    assert 0.18 < course.leaving(1, 10_000).mean() < 0.22  # five standard errors


def test_a_calendar_brings_its_own_items():
    course = Course(STREAM(), Moves(), 1)
    assert course.offered(3) is None
    dates = STREAM().catalogue.hours
    np.testing.assert_array_equal(course.fresh(3), (dates >= 504) & (dates < 672))


@pytest.mark.parametrize(
    ("world", "moves", "rounds", "said"),
    [
        (VIDEO, Moves(offered=0.9), 8, r"8 rounds need 1,544 items, and the catalogue has 1,008\. Lower Moves.offered"),
        (VIDEO, Moves(offered=0.005), 2, "which is 5 of 1008 items, too few for slates of 10"),
        (STREAM, Moves(), 60, "--rounds is 60; the calendar has 52 stretches of 168 hours"),
        (STREAM, Moves(shocks=(Shock(1, arrivals=0.5),)), 2, "this world's own calendar brings its items"),
    ],
)
def test_what_cannot_be_is_refused_in_words(world, moves, rounds, said):
    with pytest.raises(ValueError, match=said):
        Course(world(), moves, 1).check(rounds)

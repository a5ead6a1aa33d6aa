"""Who is bored in SARDINE, when, for how long, and what of it is observed: by hand."""

import numpy as np
import pytest

from tests.simulators.published.sardine_users import LIKED, clicked, made, newborn


def test_a_bored_user_clicks_nothing_for_exactly_five_steps():
    world = made()
    assert clicked(world, newborn(world), *[[0]] * 17) == [1] * 5 + [0] * 5 + [1] * 5 + [0] * 2
    liked_too = [[0]] * 5 + [[1], [2], [1], [2], [1]] + [[1]]
    assert clicked(world, newborn(world), *liked_too) == [1] * 5 + [0] * 5 + [1]  # bored by one, bored of all


def test_four_clicks_of_five_do_not_bore():
    world = made()
    assert clicked(world, newborn(world), *[[0], [0], [0], [0], [1]] * 6) == [1] * 30


def test_clicks_count_in_a_window_of_five_interactions():
    """Five clicks on a topic within five steps bore, within six they do not (9 is not liked)."""
    world = made(slate_size=2)
    within_five = [[0, 9]] * 3 + [[9, 9]] + [[0, 0]] + [[1, 2]]
    assert clicked(world, newborn(world), *within_five) == [1, 1, 1, 0, 2, 0]
    within_six = [[0, 9]] * 3 + [[9, 9]] * 2 + [[0, 0]] + [[1, 2]]
    assert clicked(world, newborn(world), *within_six) == [1, 1, 1, 0, 0, 2, 2]


@pytest.mark.parametrize(("recent_clicks", "then"), [(10, 8), (9, 8), (16, 0)])
def test_only_the_last_clicks_count(recent_clicks, then):
    """Four old clicks on topic 0 are pushed out of a log of ten by the eight of the next slate, one of them on 0."""
    world = made(slate_size=8, recent_clicks=recent_clicks)
    first, second = [0, 0, 0, 0, 1, 1, 1, 1], [2, 2, 2, 2, 0, 1, 9, 9]
    assert clicked(world, newborn(world), first) == [8]
    state = newborn(world)
    state.interest[:, 3] = state.current[:, 3] = 1  # topic 3 is liked as well
    assert clicked(world, state, first, [2, 2, 2, 2, 3, 3, 3, 0], [2, 3] * 4) == [8, 8, then]
    assert clicked(world, newborn(world), first, second) == [8, 6]


def test_more_clicks_than_the_log_holds_leave_the_lowest_positions():
    world = made(slate_size=10, recent_clicks=4)
    state = newborn(world)
    clicked(world, state, [0, 0, 0, 0, 0, 0, 1, 1, 1, 2])
    np.testing.assert_array_equal(state.boredom.counts[0], [0, 3, 1] + [0] * 7)
    clicked(world, state, [2, 9, 9, 9, 9, 9, 9, 9, 9, 9])  # the ring goes on where it stopped
    np.testing.assert_array_equal(state.boredom.counts[0], [0, 2, 2] + [0] * 7)


def test_loss_of_interest_takes_only_the_boring_topic():
    world = made(boredom_type="user_tloi")
    slates = [[0]] * 5 + [[0], [1], [0], [1], [0]] + [[0], [1]]
    assert clicked(world, newborn(world), *slates) == [1] * 5 + [0, 1, 0, 1, 0] + [1, 1]


def test_the_ideal_state_by_hand():
    world = made()
    state = newborn(world)
    clicked(world, state, [0], [0], [1])
    np.testing.assert_allclose(world.observe(state)["user"][0], [*LIKED, 0.4, 0.2, *[0] * 8, *[1] * 10], rtol=1e-6)
    clicked(world, state, *[[0]] * 5)  # with the fourth, the click on topic 1 still stood among the last five
    assert world.reveal(state)["bored"][0].tolist() == [True] + [False] * 9
    clicked(world, state, [0])
    user = world.observe(state)["user"][0]
    np.testing.assert_allclose(user, [*[0] * 10, *user[10:20], 0.8, *[1] * 9], rtol=1e-6)

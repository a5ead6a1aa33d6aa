"""Whom SARDINE's users are born as, and how clicks move their interest."""

import numpy as np
import pytest

from driftrec.envs.sardine import sardine_world
from tests.simulators.published.sardine_users import (
    LIKED,
    clicked,
    made,
    newborn,
)


@pytest.mark.parametrize(("corrected", "mean"), [(False, np.full(10, 0.1)), (True, np.eye(10)[0])])
def test_influence_by_hand(corrected, mean):
    """u <- 0.95 u + 0.05 m, to length 1; published m: the number 0.1, mean of an axis; corrected: the axis itself."""
    world = made(omega=0.95, corrected=corrected)
    state = newborn(world)
    clicked(world, state, [0])
    moved = 0.95 * LIKED + 0.05 * mean
    np.testing.assert_allclose(state.interest[0], moved / np.linalg.norm(moved), rtol=1e-6)
    towards_all = state.interest[0].sum() - LIKED.sum()
    towards_clicked = state.interest[0, 0] - LIKED[0]
    assert (towards_all > 0, towards_clicked > 0) == ((False, True) if corrected else (True, False))


@pytest.mark.parametrize(("corrected", "mean"), [(False, np.full(10, 0.1)), (True, [1 / 3, 2 / 3, *[0] * 8])])
def test_influence_is_by_the_mean_of_all_clicked(corrected, mean):
    world = made(slate_size=4, omega=0.9, corrected=corrected)
    state = newborn(world)
    clicked(world, state, [0, 9, 1, 1])
    moved = 0.9 * LIKED + 0.1 * np.asarray(mean)
    np.testing.assert_allclose(state.interest[0], moved / np.linalg.norm(moved), rtol=1e-6)


def test_without_a_click_interest_stays():
    world = made(omega=0.5)
    state = newborn(world)
    assert clicked(world, state, [9], [8]) == [0, 0]
    np.testing.assert_array_equal(state.interest[0], LIKED)


def test_users_have_three_to_five_topics_and_length_one():
    """How many: the binomial of ten topics at 0.4 each, given 3 to 5: 0.215, 0.251 and 0.201 of 0.666.

    20,000 users; bound: 4.5 standard errors of a share. With 2 to 5 topics (tried), it fails.
    """
    interest = sardine_world("SlateTopK-Bored").first_interests(np.arange(20_000, dtype=np.uint64))
    np.testing.assert_allclose(np.linalg.norm(interest, axis=1), 1, rtol=1e-6)
    assert interest.min() == 0
    number = np.bincount((interest > 0).sum(axis=1), minlength=11)
    assert number[3:6].sum() == 20_000
    binomial = np.array([120 * 0.4**3 * 0.6**7, 210 * 0.4**4 * 0.6**6, 252 * 0.4**5 * 0.6**5])
    expected = binomial / binomial.sum()
    assert (np.abs(number[3:6] / 20_000 - expected) <= 4.5 * np.sqrt(expected * (1 - expected) / 20_000)).all()
    share = (interest > 0).mean(axis=0)  # no topic is liked more often than another
    assert np.abs(share - share.mean()).max() <= 4.5 * np.sqrt(0.4 * 0.6 / 20_000)

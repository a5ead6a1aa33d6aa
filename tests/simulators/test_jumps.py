"""Jumps to a new interest happen to exactly those whose draw says so."""

import numpy as np
import pytest

from driftrec.simulators.drift import InterestDrift


@pytest.mark.parametrize("rate", [0.0, 1e-6, 0.002, 0.5, 100.0])
def test_a_user_jumps_if_the_draw_is_below_the_chance(rate):
    rng = np.random.default_rng(0)
    users = 20_000
    hours = np.exp(rng.uniform(-12, 7, users)).astype(np.float32)
    chance = -np.expm1(-rate * hours)
    whether = rng.random(users, np.float32)
    whether[::2] = chance[::2]  # not below
    whether[1::4] = np.nextafter(chance[1::4], np.float32(-1))  # just below
    whether = np.clip(whether, 0, np.float32(1 - 2.0**-24))
    interest = np.tile(np.array([1, 0], np.float32), (users, 1))
    topics = np.array([[0, 1]], np.float32)
    InterestDrift(jump_rate=rate).maybe_jump(interest, topics, hours, whether, np.zeros(users, np.float32))
    np.testing.assert_array_equal(interest[:, 1] > 0, whether < chance)

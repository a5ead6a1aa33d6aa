"""The gate: who may serve next."""

import numpy as np
import pytest

from driftrec.agents.rounds.gate import verdict_on

INCUMBENT = np.random.default_rng(0).gamma(2.0, 20.0, 200)
NOISE = np.random.default_rng(1).normal(0.0, 2.0, 200)


@pytest.mark.parametrize(
    ("gain", "tolerance", "promoted"),
    [(3.0, 0.0, True), (0.0, 0.0, False), (0.0, 0.05, True), (-3.0, 0.05, False), (-3.0, 0.2, True)],
)
def test_the_lower_end_is_held_against_the_tolerance(gain, tolerance, promoted):
    """With the upper end held against it, on purpose, the second was promoted: no better, and no tolerance."""
    verdict = verdict_on(INCUMBENT + gain + NOISE, INCUMBENT, tolerance=tolerance, seed=0, unit="minutes")
    assert verdict.promoted is promoted
    assert verdict.bound == pytest.approx(-tolerance * INCUMBENT.mean())
    assert verdict.low < verdict.mean < verdict.high
    assert ("not below" in verdict.why) is promoted


def test_the_same_policy_passes_without_tolerance():
    assert verdict_on(INCUMBENT, INCUMBENT, tolerance=0.0, seed=0, unit="minutes").promoted


def test_users_are_compared_in_pairs():
    """Between users engagement varies by tens of minutes: unpaired, a gain of 1 would not be told."""
    verdict = verdict_on(INCUMBENT + 1.0 + NOISE / 4, INCUMBENT, tolerance=0.0, seed=0, unit="minutes")
    assert verdict.promoted
    assert verdict.high - verdict.low < 0.5

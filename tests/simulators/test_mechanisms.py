"""Every mechanism: which way it points, exact values where there are some, and the ranges of its parameters."""

import numpy as np
import pytest

from driftrec.simulators.choice import MultinomialLogit
from driftrec.simulators.drift import InterestDrift
from driftrec.simulators.engagement import Reading, sigmoid
from driftrec.simulators.retention import Return, SessionEnd
from driftrec.simulators.satiation import TopicSatiation
from driftrec.simulators.satisfaction import Satisfaction


def f(*values):
    return np.array(values, np.float32)


ATTRACTION = {"affinity": 0.2, "allure": 0.3, "satiation": 0.1, "repeat": 0.0, "satisfaction": 0.5}


@pytest.mark.parametrize(
    ("name", "low", "high", "sign"),
    [
        ("affinity", -0.5, 0.5, 1),
        ("allure", -1.0, 1.0, 1),
        ("satiation", 0.0, 1.0, -1),
        ("repeat", 0.0, 1.0, -1),
        ("satisfaction", 0.0, 1.0, 1),
    ],
)
def test_attraction_follows_each_cause(name, low, high, sign):
    before, after = (
        MultinomialLogit().attraction(**{k: f(v) for k, v in {**ATTRACTION, name: value}.items()})[0]
        for value in (low, high)
    )
    coefficient = getattr(MultinomialLogit(), "trust" if name == "satisfaction" else name)
    assert np.log(after / before) == pytest.approx(sign * coefficient * (high - low), rel=1e-4)


def test_lower_positions_weigh_less():
    np.testing.assert_allclose(MultinomialLogit(position=0.5).position_weights(3), np.exp([0, -0.5, -1]), rtol=1e-6)


def test_choose_inverts_the_cumulative_weights():
    weights = np.repeat(f(1, 0, 2)[:, None], 5, axis=1)  # and 1 for opening nothing
    chosen = MultinomialLogit(no_click=0.0).choose(weights, f(0.0, 0.24, 0.26, 0.74, 0.76))
    assert chosen.tolist() == [0, 0, 2, 2, -1]


CAUSES = ("affinity", "allure", "satiation", "repeat", "trust", "position")


def exact_shares(choice, slates):
    """P(open k) and, last, P(no-click) in float64 without a cut, (slate_size + 1, users)."""
    affinity, allure, satiation, repeat, satisfaction = (part.astype(np.float64) for part in slates)
    utility = choice.affinity * affinity + choice.allure * allure + choice.trust * (satisfaction - 0.5)
    utility -= choice.satiation * satiation + choice.repeat * repeat + choice.position * np.arange(5)[:, None]
    utility = np.vstack([utility, np.full((1, utility.shape[1]), choice.no_click)])
    weights = np.exp(utility - utility.max(axis=0))
    return weights / weights.sum(axis=0)


@pytest.mark.parametrize("no_click", [-20.0, 2.8, 20.0])
@pytest.mark.parametrize("highest", [*[(name,) for name in CAUSES], CAUSES[:1] + CAUSES[2:], CAUSES[:2], CAUSES])
def test_at_the_bounds_of_every_setting_clicks_are_as_frequent_as_stated(highest, no_click):
    choice = MultinomialLogit(**dict.fromkeys(highest, 20.0), no_click=no_click)
    rng = np.random.default_rng(0)
    users = 4000
    shape = (5, users)  # allure as far out as that of a thousand items
    slates = [
        rng.uniform(-1, 1, shape),
        rng.normal(size=shape).clip(-3.5, 3.5),
        rng.uniform(0, 1, shape),
        rng.integers(2, size=shape),
        rng.uniform(0, 1, users),
    ]
    slates = [part.astype(np.float32) for part in slates]
    for part, best in zip(slates, (1.0, 3.5, 0.0, 0.0, 1.0), strict=True):
        part[..., 0] = best  # whatever draws one user draws all the same
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        weights = choice.attraction(*slates) * choice.position_weights(5)[:, None]
        opened = choice.choose(weights, rng.random(users, dtype=np.float32))
    assert np.isfinite(weights).all()
    shares = np.array([(opened == k).mean() for k in (0, 1, 2, 3, 4, -1)])
    exact = exact_shares(choice, slates)
    error = np.sqrt((exact * (1 - exact)).sum(axis=1)) / users  # standard error of each share
    off = np.abs(shares - exact.mean(axis=1))
    assert (off <= 4.5 * error + 1 / users).all()  # six shares in each of 27 cases: false alarm below 0.2 %


def test_no_click_makes_opening_rarer():
    draw = np.linspace(0, 1, 1000, endpoint=False, dtype=np.float32)
    opened = [(MultinomialLogit(no_click=x).choose(np.ones((2, 1000), np.float32), draw) >= 0).sum() for x in (0, 2)]
    assert opened == [667, round(1000 * 2 / (2 + np.exp(2)) + 0.5)]


@pytest.mark.parametrize(
    ("length", "affinity", "allure", "minutes"),
    [
        (3.0, 0.0, 0.0, 3 / (1 + np.e)),  # log-odds -1
        (6.0, 0.0, 0.0, 6 / (1 + np.e)),
        (3.0, 0.5, 0.0, 3 / 2),  # -1 + 2 * 0.5
        (3.0, 0.0, 1.0, 3 / (1 + np.exp(0.4))),  # -1 + 0.6
        (3.0, -0.5, 2.0, 3 / (1 + np.exp(0.8))),  # -1 - 1 + 1.2
    ],
)
def test_mean_minutes_are_the_length_times_the_share_that_stays(length, affinity, allure, minutes):
    reading = Reading(base=-1.0, affinity=2.0, allure=0.6)
    assert reading.expected(f(length), f(affinity), f(allure)) == pytest.approx(minutes, rel=1e-5)


def test_reading_noise_has_mean_one_and_is_bounded():
    z = np.random.default_rng(0).standard_normal(100_000).astype(np.float32)
    minutes = Reading().minutes(f(3), f(0.2), f(0.0), z)
    expected = Reading().expected(f(3), f(0.2), f(0.0))[0]
    assert abs(minutes.mean() / expected - 1) < 5 * 0.31 / np.sqrt(len(z))  # five standard errors
    assert Reading().minutes(f(3), f(1), f(5), f(5.9)) <= Reading().longest(3.0)
    np.testing.assert_allclose(Reading(spread=0).minutes(f(3), f(0.2), f(0.0), z), expected)


def test_sigmoid():
    with np.errstate(all="raise", under="ignore"):
        assert sigmoid(f(-1000, 1000)) == pytest.approx([0, 1])
    np.testing.assert_allclose(sigmoid(f(-80, 0, np.log(3), 80)), [0, 0.5, 0.75, 1], atol=1e-7)


@pytest.mark.parametrize(
    ("quality", "allure", "affinity", "odds"),
    [(0.0, 0.0, 0.0, -0.5), (1.0, 0.0, 0.0, 0.7), (0.0, 1.0, 0.0, -1.3), (0.0, 0.0, 1.0, 1.0), (2.0, -1.0, -0.5, 1.95)],
)
def test_worth_rises_with_quality_and_affinity_and_falls_with_allure(quality, allure, affinity, odds):
    satisfaction = Satisfaction(base=-0.5, quality=1.2, allure=0.8, affinity=1.5)
    worth = satisfaction.worth(f(quality), f(allure), f(affinity))
    assert worth == pytest.approx(1 / (1 + np.exp(-odds)), rel=1e-5)


def test_satisfaction_moves_towards_worth_and_falls_with_boredom():
    s = Satisfaction(rate=0.25, boredom=0.1)
    after = s.after(f(0.5, 0.5, 0.5), np.array([True, True, False]), f(0.9, 0.1, 0.9))
    np.testing.assert_allclose(after, [0.6, 0.4, 0.45], rtol=1e-6)


def test_satisfaction_starts_between_its_bounds():
    np.testing.assert_allclose(Satisfaction(start_low=0.2, start_high=0.6).start(f(0, 0.5, 1)), [0.2, 0.4, 0.6])


def test_satiation_builds_on_opening_and_halves_in_a_half_life():
    satiation = np.zeros((2, 3), np.float32)
    mechanism = TopicSatiation(gain=0.5, half_life=12)
    for _ in range(2):
        mechanism.build(satiation, np.array([1]), np.array([2]))
    np.testing.assert_allclose(satiation, [[0, 0, 0], [0, 0, 0.75]])
    mechanism.decay(satiation, f(12, 12))
    np.testing.assert_allclose(satiation[1], [0, 0, 0.375], rtol=1e-6)


def test_reading_draws_interest_to_the_item():
    interest = np.eye(4, dtype=np.float32)[:2].copy()
    InterestDrift(towards=0.5).consume(interest, np.array([0]), np.eye(4, dtype=np.float32)[3:])
    np.testing.assert_allclose(interest, [[0.5**0.5, 0, 0, 0.5**0.5], [0, 1, 0, 0]], rtol=1e-6)


def test_interest_returns_home_with_time():
    home = np.repeat(f(1, 0)[None], 3, axis=0)
    interest = np.repeat(f(0, 1)[None], 3, axis=0)
    InterestDrift(walk=0, half_life=10).pass_time(interest, home, f(0, 10, 1000), np.ones((3, 2), np.float32))
    np.testing.assert_allclose(interest, [[0, 1], [0.5**0.5, 0.5**0.5], [1, 0]], atol=1e-6)


def test_the_walk_grows_with_the_root_of_time():
    interest = np.repeat(f(1, 0)[None], 3, axis=0)
    noise = np.repeat(f(0, 1)[None], 3, axis=0)
    InterestDrift(walk=0.1).pass_time(interest, interest.copy(), f(0, 1, 4), noise)
    np.testing.assert_allclose(interest[:, 1] / interest[:, 0], [0, 0.1, 0.2], rtol=1e-5)


def test_jumps_come_with_time_and_lead_to_the_drawn_topic():
    interest = np.repeat(f(1, 0, 0)[None], 3, axis=0)
    topics = np.eye(3, dtype=np.float32)[1:]
    drift = InterestDrift(jump_rate=0.1, jump=1.0)  # 10 hours: chance 0.632
    drift.maybe_jump(interest, topics, f(10, 10, 0), f(0.63, 0.64, 0.0), f(0.6, 0.6, 0.6))
    np.testing.assert_allclose(interest, [[0.5**0.5, 0, 0.5**0.5], [1, 0, 0], [1, 0, 0]], rtol=1e-6)


def test_sessions_end_sooner_when_tired_or_disappointed():
    end = SessionEnd(base=-2, satisfaction=3, tired=1)
    p = end.probability(f(0.5, 1.0, 0.0, 0.5), f(0, 0, 0, 30))
    np.testing.assert_allclose(p, 1 / (1 + np.exp([2, 3.5, 0.5, 1])), rtol=1e-5)


def test_gaps_shrink_with_satisfaction_up_to_the_longest():
    back = Return(mean_gap=10, satisfaction=2, max_gap=20)
    gaps = back.gap(f(0.5, 1.0, 0.0), f(1, 1, 1))
    np.testing.assert_allclose(gaps, [10, 10 / np.e, 20], rtol=1e-6)


def test_churn_grows_with_the_gap():
    p = Return(churn_rate=0.01).churn_probability(f(0, 10, 100))
    np.testing.assert_allclose(p, 1 - np.exp([0, -0.1, -1]), rtol=1e-5)
    assert not Return(churn_rate=0).churn_probability(f(1e6)).any()


@pytest.mark.parametrize(
    ("mechanism", "name", "value"),
    [
        *[(MultinomialLogit, n, -0.1) for n in ("affinity", "allure", "satiation", "repeat", "trust", "position")],
        *[(MultinomialLogit, n, 20.1) for n in ("affinity", "allure", "satiation", "repeat", "trust", "position")],
        *[(MultinomialLogit, "no_click", value) for value in (-21, 21)],
        (MultinomialLogit, "affinity", float("nan")),
        *[(Reading, n, 21) for n in ("base", "affinity", "allure")],
        (Reading, "spread", 1.1),
        *[(Satisfaction, n, 21) for n in ("base", "quality", "allure", "affinity")],
        *[(Satisfaction, n, 1.1) for n in ("rate", "boredom", "start_low", "start_high")],
        (TopicSatiation, "gain", 1.1),
        (TopicSatiation, "half_life", 0),
        *[(InterestDrift, n, -0.1) for n in ("towards", "walk", "half_life", "jump_rate", "jump")],
        *[(SessionEnd, n, 41) for n in ("base", "satisfaction", "tired")],
        *[(Return, n, -1) for n in ("mean_gap", "satisfaction", "max_gap", "churn_rate")],
    ],
)
def test_parameters_out_of_range_are_refused(mechanism, name, value):
    with pytest.raises(ValueError, match=rf"{mechanism.__name__}\.{name} is {value}; it must be between"):
        mechanism(**{name: value})


def test_start_low_must_not_exceed_start_high():
    with pytest.raises(ValueError, match=r"Satisfaction\.start_low is 0\.5; it must be between 0 and 0\.4"):
        Satisfaction(start_low=0.5, start_high=0.4)

"""Every mechanism of the shop: which way it points, exact values where there are some, and the ranges."""

import dataclasses
import re

import numpy as np
import pytest

from driftrec.simulators.settings import updated
from driftrec.simulators.shop.browsing import Browsing, of_one_category
from driftrec.simulators.shop.buying import Consideration, Later, Purchase
from driftrec.simulators.shop.config import ShopConfig
from driftrec.simulators.shop.needs import Complements, Needs
from driftrec.simulators.shop.visits import Contentment, Visits
from driftrec.simulators.shop.wear import Wear
from tests.simulators.lives import nested, one_by_one


def f(*values):
    return np.array(values, np.float32)


def test_needs_ripen_at_their_own_rate_and_no_further():
    need, rate = f(-0.5, -0.5, 0.9)[:, None], f(0.1, 0.0, 0.1)[:, None]
    Needs(durable=0.5).grow(need, rate, f(5.0))
    np.testing.assert_allclose(need[:, 0], [0.25, -0.5, 1.0])
    Needs(durable=0.5).grow(need, rate, f(5.0))
    assert need[0, 0] == 1.0  # ripe again after the period, ten days


def test_a_share_of_needs_never_arises():
    needs, rng = Needs(period=10, spread=0.5, never=0.3), np.random.default_rng(0)
    normal, chance = rng.standard_normal((50, 4000)).astype(np.float32), rng.random((50, 4000), np.float32)
    rate = needs.rates(normal, chance)
    assert (rate == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert np.log(rate[rate > 0]).mean() == pytest.approx(-np.log(10), abs=0.01)
    assert np.log(rate[rate > 0]).std() == pytest.approx(0.5, abs=0.01)
    start = needs.start(rate, chance)
    assert (start[rate == 0] == -0.5).all()
    assert start.min() == -0.5
    assert start.max() <= 1.0


def test_a_complement_calls_most_where_there_is_no_need():
    urge = Complements(strength=0.8).urge(f(-0.5, 0.0, 0.5, 1.0, 0.5), f(1, 1, 1, 1, 0))
    np.testing.assert_allclose(urge, [0.8, 0.8, 0.9, 1.0, 0.5])


def test_what_is_looked_at_takes_from_its_category_below():
    same = of_one_category(np.array([[0, 0], [0, 1], [1, 1]]))
    logits = np.full((3, 2), 0.5, np.float32)
    viewed = Browsing(takeaway=1.0, position=0.0).viewed(logits, same)
    assert viewed.T.tolist() == [[True, False, True], [True, True, False]]
    assert Browsing(takeaway=0.0, position=0.0).viewed(logits, same).all()
    assert not Browsing(takeaway=0.0, position=0.3).viewed(logits, same)[2].any()  # lower places are looked at less


def test_of_a_category_one_thing_is_bought_from_a_page():
    same = of_one_category(np.array([[0], [0], [1]]))
    bought = Purchase().bought(f(1, 1, 1)[:, None], np.ones((3, 1), np.bool_), same)
    assert bought[:, 0].tolist() == [True, False, True]
    assert Purchase().bought(f(1, 1, 1)[:, None], np.array([[False], [True], [True]]), same)[1, 0]


BUYING = {"price": 10.0, "quality": 0.0, "allure": 0.0}


@pytest.mark.parametrize(
    ("name", "low", "high", "sign"), [("quality", -1, 1, 1), ("allure", -1, 1, 1), ("price", 10, 10 * np.e, -0.5)]
)
def test_what_an_offer_has_follows_each_cause(name, low, high, sign):
    purchase = Purchase()
    before, after = (purchase.of_items(*(f(v) for v in {**BUYING, name: value}.values()))[0] for value in (low, high))
    assert after - before == pytest.approx(sign * 2 * getattr(purchase, name), rel=1e-5)


def test_an_editorial_is_not_for_sale():
    assert Purchase().of_items(f(0, 5), f(0, 0), f(0, 0))[0] == -np.inf


def test_need_consideration_and_liking_attract():
    assert (np.diff(Purchase().of_categories(f(0, 1), f(0, 0))) > 0).all()
    assert (np.diff(Purchase().of_categories(f(0, 0), f(0, 1))) > 0).all()
    browsing = Browsing().of_categories(f(0, 1, 0, 0), f(0, 0, 1, 0), np.array([0, 0, 0, 1], np.bool_))
    np.testing.assert_allclose(browsing, [0, 1.0, 0.4, -4.0])


def test_consideration_grows_by_what_is_looked_at_and_is_never_full():
    mind = f(0.5, 0.5, 0.5, 0.0)
    Consideration(offer=0.1, editorial=0.35).grow(mind, np.array([0, 1, 0, 2]), np.array([0, 0, 1, 1]))
    np.testing.assert_allclose(mind, [0.5, 0.55, 0.675, 1 - 0.81 * 0.65], rtol=1e-6)


def test_likelier_offers_are_bought_sooner_and_needs_go_elsewhere_when_ripe():
    hazards = np.empty((3, 1), np.float32)
    Later(delay=0.4, hesitation=0.7).here(f(0, 0, 1)[:, None], f(-np.inf, 0.7, 0.7)[:, None], hazards)
    np.testing.assert_allclose(hazards[:, 0], [0, 0.2, 0.4 / (1 + np.exp(-1))], rtol=1e-6)
    Later(elsewhere=0.04, ripe=0.6).away(f(0.5, 0.8, 1.0)[:, None], hazards)
    np.testing.assert_allclose(hazards[:, 0], [0, 0.02, 0.04], atol=1e-7)


def test_wear_mutes_at_the_threshold_costs_once_and_rests_far_below():
    wear, threshold = f(3.9, 4.0, 5.0)[:, None], f(4, 4, 4)[:, None]
    muted = np.array([[False], [False], [True]])
    mechanism = Wear(annoyance=0.2, rested=0.25)
    np.testing.assert_allclose(mechanism.mute(wear, threshold, muted), [0.8])
    assert muted[:, 0].tolist() == [False, True, True]
    np.testing.assert_allclose(mechanism.mute(wear, threshold, muted), [1.0])  # annoyed already
    mechanism.rest(f(0.9, 1.1, 3.9)[:, None], threshold, muted)
    assert muted[:, 0].tolist() == [False, True, True]


def test_editorials_wear_less():
    wear = f(0, 0)
    Wear(editorial=0.4).add(wear, np.array([2, 0]), np.array([0, 2]))
    np.testing.assert_allclose(wear, [2.0, 0.8])


def test_thresholds_are_the_users_own():
    thresholds = Wear(threshold=4, spread=0.5).thresholds(np.random.default_rng(0).standard_normal(20_000, np.float32))
    assert np.log(thresholds).mean() == pytest.approx(np.log(4), abs=0.02)
    assert np.log(thresholds).std() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("offer", "viewed", "bought", "after"),
    [(1, 1, 1, 0.5 + 0.3 * 0.3), (1, 1, 0, 0.5), (1, 0, 0, 0.5 * 0.996), (0, 1, 0, 0.5 + 0.02 * 0.5)],
)
def test_satisfaction_moves_to_what_was_worth_it(offer, viewed, bought, after):
    flags = (np.array([[x]], np.bool_) for x in (offer, 1, viewed, bought))
    moved = Contentment().after_page(f(0.5), f(0.8)[:, None], *flags)
    assert moved[0] == pytest.approx(after, rel=1e-5)


def test_quality_is_worth_it_and_allure_is_not():
    worth = Contentment().worth(f(0, 1, 0), f(0, 0, 1))
    assert worth[1] > worth[0] == 0.5 > worth[2]


def test_gaps_at_the_centre_are_those_of_the_logs():
    """Within 10 %, of KuaiRand-Pure's first ten days."""
    visits, rng = Visits(), np.random.default_rng(0)
    n = 2_000_000
    often = visits.habit(rng.random(n, np.float32))
    days = visits.days(np.full(n, visits.centre, np.float32), often, rng.exponential(size=n).astype(np.float32))
    logged = [0.617, 0.165, 0.079, 0.047, 0.031, 0.021, 0.014, 0.009, 0.006, 0.004]
    np.testing.assert_allclose([(days == day).mean() for day in range(1, 11)], logged, rtol=0.1, atol=5e-4)


def test_the_satisfied_come_sooner_and_stay():
    visits = Visits(satisfaction=2.0)
    short, long = visits.days(f(0.9, 0.1), np.array([False, False]), f(3.0, 3.0))
    assert short < long
    assert (np.diff(visits.lost(f(1, 10, 30), f(0.5, 0.5, 0.5))) > 0).all()
    assert (np.diff(visits.lost(f(5, 5, 5), f(0.1, 0.5, 0.9))) < 0).all()
    np.testing.assert_allclose(visits.lost(f(5), f(visits.tipping)), 1 - np.exp(-5 * visits.churn), rtol=1e-5)
    assert (visits.days(f(0.0), np.array([False]), f(16.0)) == visits.longest).all()


@pytest.mark.parametrize("path", [path for path, _ in one_by_one(ShopConfig()) if path != ("counts",)], ids=".".join)
def test_a_number_out_of_range_is_refused_by_name(path):
    with pytest.raises(ValueError, match=rf"{path[-1]} is -1e\+09|{path[-1]} is -1000000000"):
        updated(ShopConfig(), nested(path, -1_000_000_000))


def test_what_is_counted_is_one_of_two():
    message = "ShopConfig.counts is 'clicks'; it must be 'money' or 'purchases'."
    with pytest.raises(ValueError, match=re.escape(message)):
        ShopConfig(counts="clicks")


def test_a_start_upside_down_is_refused():
    with pytest.raises(ValueError, match=r"start_low is 0\.7, above start_high, 0\.6; swap them"):
        dataclasses.replace(Contentment(), start_low=0.7)

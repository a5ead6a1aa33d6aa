"""The batched shop lives the lives on docs/scenarios-shop.md: compared with a second writing of that page."""

import math

import numpy as np
import pytest

from driftrec.envs.shop import shop_world
from tests.simulators.scalar_shop import EMPTY, Impression, ScalarCustomer

USERS, STEPS, HISTORY = 24, 40, 15

CONFIGS = {
    "defaults": {},
    # Everything happens often: views, purchases at once, later and elsewhere, muting and rest, leaving.
    "lively": {
        "memory": 5,
        "browsing": {"base": 1.0},
        "purchase": {"base": -3.0},
        "later": {"elsewhere": 0.3},
        "wear": {"half_life": 3.0},
        "visits": {"churn": 0.02},
    },
    "purchases": {"counts": "purchases", "browsing": {"base": 1.0}, "purchase": {"base": -2.0}},
}


@pytest.fixture(params=CONFIGS)
def lives(request):
    """World, batch, the same customers one by one, and pages in which items and categories repeat."""
    world = shop_world(history=HISTORY, config=CONFIGS[request.param])
    seeds = np.arange(100, 100 + USERS, dtype=np.uint64)
    pages = np.random.default_rng(2).integers(30, size=(STEPS, USERS, world.slate_size)) * 33
    return world, world.reset(seeds), [ScalarCustomer(world, int(seed)) for seed in seeds], pages


def assert_same_state(state, users, when):
    by_name = {
        "taste": "taste",
        "liking": "liking",
        "rate": "rate",
        "threshold": "threshold",
        "need": "need",
        "call": "call",
        "consideration": "mind",
        "wear": "wear",
        "views": "views",
        "bought": "bought",
        "satisfaction": "s",
    }
    for batched, scalar in by_name.items():
        expected = [getattr(user, scalar) for user in users]
        np.testing.assert_allclose(
            getattr(state, batched), expected, rtol=2e-4, atol=2e-5, err_msg=f"{batched}, step {when}"
        )
    for batched, scalar in {"muted": "muted", "often": "often", "gone": "gone", "persona": "persona"}.items():
        expected = [getattr(user, scalar) for user in users]
        np.testing.assert_array_equal(getattr(state, batched), expected, err_msg=f"{batched}, step {when}")


def assert_same_sight(world, state, users, when):
    seen = world.observe(state)
    none = [Impression(EMPTY, False, 0.0, math.inf)] * HISTORY
    past = [(none + user.impressions)[-HISTORY:] for user in users]
    minds = [[(s.item, s.money, user.day - s.day) if s else (EMPTY, 0, 0) for s in user.slots] for user in users]
    expected = {
        "shown": [[x.item for x in row] for row in past],
        "clicked": [[x.viewed for x in row] for row in past],
        "engagement": [[x.money for x in row] for row in past],
        "age": [
            [0.0 if x.item == EMPTY else user.day - x.day for x in row] for user, row in zip(users, past, strict=True)
        ],
        "clock": [[user.day, user.visits, user.away, user.between] for user in users],
        "since_purchase": [[min(user.day - day, 1000) for day in user.bought] for user in users],
        **{
            f"read_{name}": [[x[i] for x in row] for row in minds] for i, name in enumerate(("items", "minutes", "age"))
        },
    }
    for name, rows in expected.items():
        np.testing.assert_allclose(seen[name], rows, rtol=1e-4, err_msg=f"{name}, step {when}")


def test_every_customer_lives_the_life_on_the_page(lives):
    world, state, users, pages = lives
    assert_same_state(state, users, 0)
    views = sales = later = left = muted = 0
    for when, page in enumerate(pages, 1):
        feedback = world.step(state, page)
        happened = [user.step(row) for user, row in zip(users, page.tolist(), strict=True)]
        for name, told in (("viewed", feedback.clicks), ("ended", feedback.ended), ("left", feedback.left)):
            np.testing.assert_array_equal(told, [h[name] for h in happened], err_msg=f"{name}, step {when}")
        for name, told in (("money", feedback.engagement), ("later", feedback.later), ("days", feedback.gap / 24)):
            np.testing.assert_allclose(told, [h[name] for h in happened], rtol=1e-4, err_msg=f"{name}, step {when}")
        assert_same_state(state, users, when)
        assert_same_sight(world, state, users, when)
        views, sales = views + feedback.clicks.sum(), sales + (feedback.engagement > 0).sum()
        later, left, muted = later + (feedback.later > 0).sum(), left + feedback.left.sum(), muted + state.muted.sum()
    assert views > 100  # else there was little to compare
    assert later > 0
    assert left > 3
    assert muted > 10
    assert sales > (0 if world.config.purchase.base < -5 else 20)


def test_what_an_observer_expects_of_every_item_after_ten_visits(lives):
    world, state, users, pages = lives
    for page in pages[:10]:
        world.step(state, page)
        for user, row in zip(users, page.tolist(), strict=True):
            user.step(row)
    view, buy = world.view_logits(state), world.buy_logits(state)
    items = [i for i in range(0, world.num_items, 31) if world.offer[i]]
    rows = [[user.view_odds(i) for i in items] for user in users]
    np.testing.assert_allclose(view[:, items], rows, rtol=1e-3, atol=1e-4)
    rows = [[user.buy_odds(i) for i in items] for user in users]
    np.testing.assert_allclose(buy[:, items], rows, rtol=1e-3, atol=1e-4)
    chance = 1 / (1 + np.exp(-view[:, items].astype(float))) / (1 + np.exp(-buy[:, items].astype(float)))
    np.testing.assert_allclose(world.expected_engagement(state)[:, items], chance * world.gain[items], rtol=1e-4)

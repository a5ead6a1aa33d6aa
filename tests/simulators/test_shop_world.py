"""The shop as a whole: the same lives in any batch, pages, delayed purchases, live settings and refusals."""

import copy
import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from driftrec.envs.shop import packaged_goods, shop_world
from driftrec.simulators.own_texts import catalogue_of, personas_of
from driftrec.simulators.shop.config import ShopConfig
from driftrec.simulators.shop.goods import priced
from driftrec.simulators.shop.world import ShopWorld
from tests.same import assert_same
from tests.simulators.lives import nested, one_by_one, trajectory

# Things sell often, now and later, so that little is compared in vain.
LIVELY = {"browsing": {"base": 0.0}, "purchase": {"base": -4.0}}
WORLD = shop_world(config=LIVELY)
USERS, STEPS = 300, 40
SEEDS = np.arange(USERS, dtype=np.uint64)
ROOT = Path(__file__).parents[2]


def later(state):
    return {"later": state.clock[:, 3].copy()}


def pages(steps=STEPS, users=USERS, items=1008, size=6):
    return np.random.default_rng(7).integers(items, size=(steps, users, size))


def digest():
    whole = trajectory(WORLD, SEEDS[:40], pages()[:, :40], later)
    return hashlib.sha256(b"".join(np.ascontiguousarray(v).tobytes() for v in whole.values())).hexdigest()


@pytest.fixture(scope="module")
def batch():
    return trajectory(WORLD, SEEDS, pages(), later)


@pytest.mark.parametrize("user", [0, 17, 123, 299])
def test_a_user_alone_lives_the_same_life_as_in_a_batch(batch, user):
    alone = trajectory(WORLD, SEEDS[user : user + 1], pages()[:, user : user + 1], later)
    assert_same(alone, {name: value[:, user : user + 1] for name, value in batch.items()})


def test_the_order_of_users_changes_nothing(batch):
    order = np.random.default_rng(0).permutation(USERS)
    permuted = trajectory(WORLD, SEEDS[order], pages()[:, order], later)
    assert_same(permuted, {name: value[:, order] for name, value in batch.items()})


def test_another_process_computes_the_same_bits():
    done = subprocess.run([sys.executable, "-m", __name__], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest()


def test_things_are_looked_at_as_often_as_the_odds_say():
    """With one thing a page there is no takeaway."""
    world, views, chances = shop_world(slate_size=1), [], []
    state = world.reset(SEEDS)
    for page in pages(size=1):
        here = ~state.gone
        odds = np.take_along_axis(world.view_logits(state), page, axis=1)[:, 0].astype(float)
        chances.append((1 / (1 + np.exp(-odds)))[here])
        views.append(world.step(state, page).clicks[here, 0])
    chance, viewed = np.concatenate(chances), np.concatenate(views)
    assert abs(viewed.sum() - chance.sum()) < 4 * np.sqrt((chance * (1 - chance)).sum())
    assert viewed.sum() > 1000


def test_what_is_bought_was_looked_at_and_has_a_price(batch):
    sold = batch["engagement"] > 0
    assert sold.sum() > 500
    assert batch["clicks"][sold].all()
    np.testing.assert_array_equal(batch["engagement"][sold], WORLD.catalogue.price[pages()[sold]])


def test_later_purchases_are_rewarded_when_they_happen():
    state = WORLD.reset(SEEDS)
    total = 0
    for page in pages():
        gone = state.gone.copy()
        feedback = WORLD.step(state, page)
        seen = WORLD.observe(state)
        np.testing.assert_array_equal(seen["clock"][~gone, 3], feedback.later[~gone])
        np.testing.assert_allclose(feedback.reward(), feedback.engagement.sum(axis=1) + feedback.later, rtol=1e-6)
        told = (seen["read_minutes"] == feedback.later[:, None]).any(axis=1)  # which thing it was
        assert told[feedback.later > 0].all()
        total += (feedback.later > 0).sum()
    assert total > 100


def test_purchases_count_as_one_each():
    counted = shop_world(config={**LIVELY, "counts": "purchases"})
    assert (WORLD.unit, counted.unit) == ("euros", "purchases")
    money, number = (trajectory(world, SEEDS[:50], pages()[:, :50], later) for world in (WORLD, counted))
    for name in ("engagement", "later"):
        np.testing.assert_array_equal(number[name], money[name] > 0)


def test_a_repeat_in_a_page_is_an_empty_position():
    world = shop_world(config=LIVELY)
    one, other = (world.reset(SEEDS) for _ in range(2))
    page = np.array([5, 5, 9, 5, 9, 12])
    feedback = world.step(one, np.tile(page, (USERS, 1)))
    assert not feedback.clicks[:, [1, 3, 4]].any()
    assert (world.observe(one)["shown"][:, -6:] == [5, -1, 9, -1, -1, 12]).all()
    world.step(other, np.tile([5, 6, 9, 7, 8, 12], (USERS, 1)))
    assert one.wear.sum() < other.wear.sum()


def test_users_who_are_gone_see_and_do_nothing(batch):
    gone = np.cumsum(batch["left"], axis=0) - batch["left"] > 0  # before the step
    assert gone.any()
    for name in ("clicks", "engagement", "gap", "ended", "left"):
        assert not batch[name][gone].any()
    when, who = np.nonzero(gone[:-1] & gone[1:])
    for name in ("interest", "need", "consideration", "muted", "satisfaction"):
        np.testing.assert_array_equal(batch[name][when + 1, who], batch[name][when, who])


def test_observations_are_copies_and_stay_in_their_spaces(batch):
    state = WORLD.reset(SEEDS)
    WORLD.step(state, pages()[0])
    seen = WORLD.observe(state)
    for value in seen.values():
        value[...] = 0
    assert WORLD.observe(state)["clock"].any()
    for name, field in WORLD.fields.items():
        value = batch[f"seen {name}"]
        assert value.dtype == field.dtype
        assert value.shape[2:] == field.shape
        assert value.min() >= field.low
        assert value.max() <= field.high


def test_a_copied_state_lives_on_by_itself():
    state = WORLD.reset(SEEDS)
    WORLD.step(state, pages()[0])
    twin = copy.deepcopy(state)
    first = WORLD.step(state, pages()[1])
    assert_same(first.as_info(), WORLD.step(twin, pages()[1]).as_info())
    assert_same(WORLD.observe(state), WORLD.observe(twin))


SETTINGS = [path for path, _ in one_by_one(ShopConfig())]


@pytest.mark.parametrize("path", SETTINGS, ids=".".join)
def test_every_setting_is_alive(path):
    """Another number gives other lives."""
    value = dict(one_by_one(ShopConfig()))[path]
    others = {"counts": "purchases", "start_low": 0.1, "start_high": 0.9, "memory": 3, "longest": 2.0}
    other = others[path[-1]] if path[-1] in others else value * 0.5 + (0 if value else 0.3)
    config = copy.deepcopy(LIVELY)
    changed = nested(path, other)
    for name, part in changed.items():
        config[name] = {**config.get(name, {}), **part} if isinstance(part, dict) else part
    few = SEEDS[:100], pages()[:, :100]
    before, after = (trajectory(world, *few, later) for world in (WORLD, shop_world(config=config)))
    names = [name for name in before if before[name].shape == after[name].shape]
    assert any((before[name] != after[name]).any() for name in names) or len(names) < len(before)


def test_sizes_that_do_not_fit_are_refused():
    goods, personas = packaged_goods()
    with pytest.raises(ValueError, match="slate_size is 2000; it must be at least 1 and at most the 1008 items"):
        ShopWorld(goods, personas, slate_size=2000)
    with pytest.raises(TypeError, match="history"):
        ShopWorld(goods, personas, history=2.5)
    flat = replace(personas, interest=np.eye(320, 3, dtype=np.float32) * 0 + np.eye(1, 3, dtype=np.float32))
    with pytest.raises(ValueError, match="Items live in 16 dimensions and personas in 3; make both with the same rule"):
        ShopWorld(goods, flat)


@pytest.mark.parametrize(
    ("price", "complaint"),
    [
        ([1.0, -2.0], "Item 'b' costs -2; prices are above 0, or 0 for an editorial."),
        ([0.0, 0.0], "Every price is 0, so nothing is for sale; give offers a price above 0."),
        ([1.0, np.nan], "price of 'b' (row 1) holds NaN or infinity; every number must be finite."),
        ([1.0], "Column 'price' has 1 rows for 2 item ids."),
    ],
)
def test_prices_that_are_none_are_refused(price, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        priced(catalogue_of(["a", "b"], np.eye(2)), np.array(price, np.float32))


def test_a_shop_of_two_things_and_one_category_serves():
    goods = priced(catalogue_of(["a", "b"], np.eye(2)), np.array([5, 0], np.float32))
    world = ShopWorld(goods, personas_of(["Likes a."], [[1, 0]]), slate_size=2)
    state = world.reset(SEEDS)
    for _ in range(5):
        world.step(state, np.tile([0, 1], (USERS, 1)))
    assert world.observe(state)["since_purchase"].shape == (USERS, 1)


def test_nobody_ever_lost_needs_a_horizon():
    shop_world().check_ends()
    with pytest.raises(ValueError, match=r"No episode could ever end: .* Set a horizon, or a larger visits\.churn"):
        shop_world(config={"visits": {"churn": 0.0}}).check_ends()


if __name__ == "__main__":
    print(digest())

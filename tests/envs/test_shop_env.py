"""The shop's environment: own catalogues with prices, words, and input that cannot be."""

import re

import gymnasium as gym
import numpy as np
import pytest

import driftrec.envs  # noqa: F401 (registers)
from driftrec.envs.shop import PRICES_FILE, packaged_goods
from driftrec.simulators.catalogue import save_catalogue
from driftrec.simulators.own_texts import catalogue_of, personas_of

SHOP = "driftrec/Shop-v0"
TITLES = ["Lamp", "Rug", "How to choose a rug", "Vase", "Clock", "Bowl"]


@pytest.fixture
def folder(tmp_path):
    """A catalogue of six things in two topics, without prices."""
    goods = catalogue_of(TITLES, np.eye(6, 4) + 0.1, topics=["Light", "Floor", "Floor", "Table", "Table", "Table"])
    save_catalogue(tmp_path, goods, personas_of(["Likes lamps."], [[1, 0, 0, 0]]), {})
    return tmp_path


def prices(folder, text):
    (folder / PRICES_FILE).write_text(text, encoding="utf-8")


def test_an_own_catalogue_with_prices_serves(folder):
    prices(folder, "id,price\n" + "".join(f"{title},{9.5 if title[0] != 'H' else 0}\n" for title in TITLES))
    env = gym.make(SHOP, catalogue=str(folder), horizon=5)
    observation, _ = env.reset(seed=0)
    assert observation["since_purchase"].shape == (3,)
    assert env.unwrapped.world.offer.tolist() == [True, True, False, True, True, True]
    for _ in range(3):
        env.step(np.arange(6))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("id;price\nLamp;3\n", "begins with ['id;price']. Write a header id,price and a line an item"),
        ("id,price\nLamp,3\n", "has no price of 5 items, such as 'Rug'. Write a header id,price"),
        ("id,price\n" + "".join(f"{t},cheap\n" for t in TITLES), "the price of 'Lamp' is 'cheap'; give a number"),
        ("id,price\n" + "".join(f"{t},-1\n" for t in TITLES), "Item 'Lamp' costs -1; prices are above 0"),
    ],
)
def test_prices_that_do_not_fit_are_told(folder, text, complaint):
    prices(folder, text)
    with pytest.raises(ValueError, match=re.escape(complaint)):
        gym.make(SHOP, catalogue=str(folder))


def test_a_catalogue_without_prices_says_what_to_do(folder):
    with pytest.raises(
        FileNotFoundError, match=r"has no prices\.csv, which this world needs\. Write a header id,price"
    ):
        gym.make(SHOP, catalogue=str(folder))


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ({"wear": {"treshold": 3}}, "config.wear.treshold is not a setting. Did you mean 'threshold'?"),
        ({"waer": {}}, "config.waer is not a setting. Did you mean 'wear'?"),
        ({"wear": {"threshold": -1}}, "Wear.threshold is -1.0; it must be between 0.01 and 1e+06."),
        ({"counts": "euros"}, "ShopConfig.counts is 'euros'; it must be 'money' or 'purchases'."),
        ({"visits": {"churn": float("nan")}}, "config.visits.churn is nan; it must be finite."),
    ],
)
def test_unknown_and_impossible_settings_are_told(config, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        gym.make(SHOP, config=config)


def test_without_churn_a_horizon_is_needed():
    with pytest.raises(ValueError, match="No episode could ever end"):
        gym.make(SHOP, horizon=None, config={"visits": {"churn": 0}})


def test_a_visit_is_told_in_words():
    env = gym.make(SHOP, render_mode="ansi")
    env.reset(seed=3)
    goods, _ = packaged_goods()
    offer, editorial = np.flatnonzero(goods.price > 0)[:5], np.flatnonzero(goods.price == 0)[:1]
    env.step(np.r_[offer, editorial])
    words = env.render()
    assert re.match(r"Step 1 of 100, day \d+, visit 2\n", words)
    topic = goods.topic_names[goods.topic[offer[0]]]
    assert f"1. {goods.titles[offer[0]]} [{offer[0]}, {topic}, {goods.price[offer[0]]:.2f} euros]" in words
    assert ", editorial]" in words

"""Draws the packaged goods and their customers: hidden numbers first, then texts that carry them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.catalogue import Personas
from driftrec.simulators.newsroom.geometry import SUBTOPICS_PER_TOPIC, subtopic_centres
from driftrec.simulators.shop.goods import Goods
from driftrec.simulators.shop.words import shelves
from driftrec.simulators.shop.writing import Copywriter, write_customer
from driftrec.simulators.vectors import unit
from driftrec.simulators.written import Person, around_quality, count_of, people

ITEM_SPREAD = 0.3  # length of a thing's offset from its shelf's unit vector
QUALITY_ALLURE_CORRELATION = -0.5
EDITORIAL_SHARE = 8 / 30
MEDIAN_PRICE, LOG_PRICE_SPREAD = 20.0, 0.7
QUALITY_PRICE_CORRELATION = 0.3
PRICE_RANGE = (3.0, 200.0)
MAX_GOODS = 6000
MAX_CUSTOMERS = 5000


def generate_goods(num_items: int = 1008, seed: int = 0) -> Goods:
    """Invented things in 12 categories of four shelves, in equal parts up to rounding, some of them editorials.

    ``latent = normalise(shelf centre + 0.3 * random unit vector)``. Quality and allure are standard normal with
    correlation -0.5. Of every shelf 8 in 30 are editorials, without a price; prices are log-normal around 20 euros, cut
    to 3 to 200, their log with correlation 0.3 to quality. The texts tell category and shelf by their words, quality
    and allure by their style and mostly the price, none of them perfectly.

    Args:
        num_items: Number of things, 48 to ``MAX_GOODS``.
        seed: Same seed, same goods. The geometry of interest space does not depend on it.

    Raises:
        TypeError: If ``num_items`` is not whole.
        ValueError: If ``num_items`` is out of range.
    """
    kinds = len(shelves())
    num_items = count_of("num_items", num_items, MAX_GOODS, f"give {kinds}, one a shelf, to {{most}}", least=kinds)
    rng = np.random.default_rng([seed, num_items])
    shelf = rng.permutation(np.resize(np.arange(kinds), num_items))
    centres = shelf_centres()[shelf]
    latent = unit(centres + ITEM_SPREAD * unit(rng.normal(size=centres.shape)))
    quality, allure, price = _hidden(rng, shelf)
    titles = _write(rng, shelf, quality, allure, price)
    return Goods(
        ids=tuple(f"g{i + 1:04d}" for i in range(num_items)),
        titles=tuple(titles),
        texts=tuple(titles.values()),
        topic_names=tuple(dict.fromkeys(each.category for each in shelves())),
        subtopics=tuple(shelves()[s].name for s in shelf),
        topic=(shelf // SUBTOPICS_PER_TOPIC).astype(np.int64),
        latent=latent.astype(np.float32),
        quality=quality.astype(np.float32),
        allure=allure.astype(np.float32),
        minutes=np.where(price > 0, price, 1).astype(np.float32),
        price=price.astype(np.float32),
    )


def generate_customers(num_personas: int = 320, seed: int = 0) -> Personas:
    """Invented people, each with two to four shelves of at least two categories.

    ``interest = normalise(sum_j w_j shelf_j)`` with unequal Dirichlet weights; the text names the heaviest first.

    Args:
        num_personas: Number of people, 1 to ``MAX_CUSTOMERS``.
        seed: Same seed, same people.

    Raises:
        TypeError: If ``num_personas`` is not whole.
        ValueError: If ``num_personas`` is out of range.
    """
    num_personas = count_of("num_personas", num_personas, MAX_CUSTOMERS)
    rng, centres = np.random.default_rng([seed, 1]), shelf_centres()

    def draw() -> Person | None:
        chosen = rng.choice(len(centres), size=int(rng.integers(2, 5)), replace=False)
        if len(set(chosen // SUBTOPICS_PER_TOPIC)) == 1:
            return None
        weights = np.sort(0.1 / len(chosen) + 0.9 * rng.dirichlet(np.full(len(chosen), 2.0)))[::-1]
        return write_customer(rng, [shelves()[s] for s in chosen]), unit(weights @ centres[chosen])

    return people(num_personas, draw)


def shelf_centres() -> NDArray[np.float64]:
    """Where the shelves lie in interest space, the directions of the news' first topics, (shelves, dims)."""
    centres = subtopic_centres()
    return centres.reshape(-1, centres.shape[-1])[: len(shelves())]


def _hidden(rng: np.random.Generator, shelf: NDArray[np.int64]) -> NDArray[np.float64]:
    """Quality, allure and price, (3, items)."""
    correlations = QUALITY_ALLURE_CORRELATION, QUALITY_PRICE_CORRELATION
    quality, allure, dear = around_quality(rng, len(shelf), *correlations)
    price = np.clip(MEDIAN_PRICE * np.exp(LOG_PRICE_SPREAD * dear), *PRICE_RANGE).round(2)
    order = np.argsort(shelf, kind="stable")
    place = np.arange(len(shelf)) - np.searchsorted(shelf[order], shelf[order])  # within the shelf
    price[order[np.floor((place + 1) * EDITORIAL_SHARE) > np.floor(place * EDITORIAL_SHARE)]] = 0.0
    return np.stack([quality, allure, price])


def _write(
    rng: np.random.Generator,
    shelf: NDArray[np.int64],
    quality: NDArray[np.float64],
    allure: NDArray[np.float64],
    price: NDArray[np.float64],
) -> dict[str, str]:
    """Texts by title, in the order of the items."""
    written: dict[str, str] = {}
    for s, q, a, p in zip(shelf, quality, allure, price, strict=True):
        beside = (s // SUBTOPICS_PER_TOPIC + 1) * SUBTOPICS_PER_TOPIC + rng.integers(SUBTOPICS_PER_TOPIC)
        other = shelves()[int(beside) % len(shelves())]
        title, text = Copywriter(rng, shelves()[s], other, q, a, p).title_and_text(written)
        written[title] = text
    return written

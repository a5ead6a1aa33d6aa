"""A simulated world for items that are only known by their texts: the derive rule.

The rule fills in what a list of titles lacks, all drawn from one seed. The text embeddings shape the interest space but
do not own it, so that a recommender that trusts its encoder is often right and sometimes wrong. Quality and allure do
not depend on the text at all: they can be learnt from feedback only.

- Latents: principal components of the embeddings (zeros where there are fewer than ``dims``), each divided by the
  square root of its standard deviation, so that strong directions count more but not all; rows scaled to length 1;
  then turned by a random orthogonal direction so that the cosine to the text's position is ``text_share``.
- Topics: the items' own, "Other" where one is missing; if no item has one, k-means clusters of the embeddings, as many
  as the square root of the number of items, named by the two words most typical of their titles. Of very many items the
  clusters are those of mini-batches, see ``components``.
- Subtopics: the items' moods, "" where there is none.
- Quality and allure: normal, correlation -0.5. Minutes: lognormal, median 3.5, in [1, 10].
- Personas: see ``derive_personas``.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils import gen_batches

from driftrec.agents.catalogues.components import CHUNK, cluster, component_scores
from driftrec.agents.catalogues.read_items import ReadItems
from driftrec.simulators.catalogue import Catalogue, Personas
from driftrec.simulators.vectors import unit

RULE = "derive-3"
"""Name of this rule, stored as provenance; change it when the same seed gives another catalogue. derive-2 gave the same
for up to ``components.LARGE`` items."""

OTHER_TOPIC = "Other"
"""Topic of items without one in a file that names topics."""

QUALITY_ALLURE_CORRELATION = -0.5
MEDIAN_MINUTES = 3.5  # attention for an item's page, not the running time of a film
ANCHOR_SHARE = 0.5  # of an interest's parts: the rest is the anchor's topic

OPENINGS = (
    "Enjoys {topic}, above all {titles}",
    "Cares most about {topic}, with {titles} as the favourite",
    "A follower of {topic} who keeps coming back to {titles}",
    "Mostly here for {topic}; liked {titles} best",
)
FURTHER = ("also {topic} such as {titles}", "some {topic} like {titles}", "now and then {topic}, say {titles}")


class Derived(NamedTuple):
    """A catalogue, its audience, and the items that each persona's text names, the dearest first."""

    catalogue: Catalogue
    personas: Personas
    anchors: tuple[tuple[int, ...], ...]


def derive_catalogue(
    items: ReadItems,
    item_embeddings: NDArray[np.float32],
    *,
    seed: int,
    num_topics: int = 20,
    num_personas: int = 320,
    dims: int = 16,
    text_share: float = 0.8,
) -> Derived:
    """Make a catalogue and its audience from items and their text embeddings, by the rule above.

    Args:
        items: The items.
        item_embeddings: Shape (items, embedding).
        seed: Of everything drawn, not negative.
        num_topics: At most this many clusters if no item names a topic; fewer of a few dozen items, for satiation with
            a topic of one item or two would mean little.
        num_personas: At most this many personas, all different; a handful of items gives fewer.
        dims: Dimensions of interest space, at least 2.
        text_share: Cosine between a true position and the one its text gives, in [0, 1]; 1: the encoder knows all.

    Raises:
        ValueError: If not one row an item, fewer than 2 items, or a setting out of its range.
    """
    if item_embeddings.ndim != 2 or len(item_embeddings) != len(items):
        raise ValueError(f"Embeddings of shape {item_embeddings.shape} for {len(items)} items; need one row an item.")
    if len(items) < 2:
        raise ValueError(f"{len(items)} item does not make a catalogue; give at least 2.")
    if dims < 2 or num_topics < 1 or num_personas < 1 or not 0 <= text_share <= 1:
        raise ValueError(
            f"dims is {dims} (at least 2), num_topics {num_topics} (at least 1), num_personas {num_personas} "
            f"(at least 1), text_share {text_share} (in [0, 1]): one is out of its range."
        )
    latent_rng, hidden_rng, persona_rng = np.random.default_rng(seed).spawn(3)
    names, topic = _topics(items, item_embeddings, num_topics, seed)
    latent = _turned(text_positions(item_embeddings, dims), text_share, latent_rng)
    hidden = _hidden_columns(len(items), hidden_rng)
    subtopics = items.moods or ("",) * len(items)
    catalogue = Catalogue(items.ids, items.titles, items.texts, names, subtopics, topic, latent, *hidden)
    found = _drawn_personas(catalogue, num_personas, persona_rng)
    anchors = tuple(tuple(named) for named, _ in found.values())
    return Derived(catalogue, _personas(found), anchors)


def text_positions(embeddings: NDArray[np.float32], dims: int) -> NDArray[np.float64]:
    """Where the texts alone put the items: unit rows, zeros for a text at the mean, (items, dims)."""
    positions = np.zeros((len(embeddings), dims))
    if not np.ptp(embeddings, axis=0).any():
        return positions  # texts that are all equal have no components
    wanted = min(dims, *embeddings.shape)
    scores = component_scores(embeddings, wanted)  # (items, wanted)
    spread = scores.std(axis=0)
    real = spread > 1e-6 * spread[0]  # the others are rounding, and dividing would blow them up
    positions[:, :wanted][:, real] = scores[:, real] / np.sqrt(spread[real])
    return unit(positions)


def _turned(positions: NDArray[np.float64], share: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Turn unit rows away by a random orthogonal direction each, so that the cosine is ``share``."""
    turned = np.empty(positions.shape, np.float32)
    for rows in gen_batches(len(positions), CHUNK):
        known = positions[rows]
        noise = rng.standard_normal(known.shape)
        noise -= (noise * known).sum(axis=1, keepdims=True) * known
        cosine = np.where(known.any(axis=1, keepdims=True), share, 0.0)  # no position: all noise
        turned[rows] = cosine * known + np.sqrt(1 - cosine**2) * unit(noise)
    return turned


def _hidden_columns(n: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], ...]:
    """Quality, allure and minutes, each float32 (items,)."""
    rho = QUALITY_ALLURE_CORRELATION
    quality, other = rng.standard_normal((2, n))
    allure = rho * quality + np.sqrt(1 - rho**2) * other
    minutes = np.clip(rng.lognormal(np.log(MEDIAN_MINUTES), 0.5, n), 1.0, 10.0)
    return quality.astype(np.float32), allure.astype(np.float32), minutes.astype(np.float32)


def _topics(
    items: ReadItems, embeddings: NDArray[np.float32], num_topics: int, seed: int
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Topic names and each item's topic."""
    if any(items.topics):
        named = [name or OTHER_TOPIC for name in items.topics]
        places = {name: place for place, name in enumerate(sorted(set(named)))}
        return tuple(places), np.array([places[name] for name in named], np.int64)
    topic = cluster(embeddings, min(num_topics, round(np.sqrt(len(items)))), seed)
    return _cluster_names(items.titles, topic), topic


def _cluster_names(titles: tuple[str, ...], topic: NDArray[np.int64]) -> tuple[str, ...]:
    """Names made of the two words that set a cluster's titles apart, all different."""
    vectorizer = TfidfVectorizer(stop_words="english", token_pattern=r"(?u)\b[^\W\d_]{3,}\b")
    try:
        weights = vectorizer.fit_transform(titles)  # (items, words)
    except ValueError:  # no title holds a word
        return tuple(f"topic {t + 1}" for t in range(topic.max() + 1))
    words, everywhere = vectorizer.get_feature_names_out(), weights.mean(axis=0)
    names = []
    for t in range(topic.max() + 1):
        excess = np.asarray(weights[topic == t].mean(axis=0) - everywhere).ravel()  # (words,)
        best = np.argsort(-excess, kind="stable")[:2]
        name = " and ".join(words[i] for i in best if excess[i] > 0) or "topic"
        names.append(f"{name} {t + 1}" if name in names or name == "topic" else name)
    return tuple(names)


def derive_personas(catalogue: Catalogue, num_personas: int, rng: np.random.Generator) -> Personas:
    """Draw an audience: each persona loves one to four anchor items from one to three topics.

    A persona's interest is the weighted sum, scaled to length 1, over its anchors of half the anchor's latent and half
    its topic's mean direction; the weights are unequal and fall in the order in which its text names the anchors.
    Topics are drawn in proportion to the square root of their size.

    Args:
        catalogue: The items.
        num_personas: At most this many; fewer if the items do not make as many different texts.
        rng: Draws everything.
    """
    return _personas(_drawn_personas(catalogue, num_personas, rng))


Drawn = dict[str, tuple[list[int], NDArray[np.float64]]]
"""Anchors and interest of personas by text."""


def _personas(found: Drawn) -> Personas:
    interest = np.array([each for _, each in found.values()])
    return Personas(tuple(found), unit(interest).astype(np.float32))


def _drawn_personas(catalogue: Catalogue, num_personas: int, rng: np.random.Generator) -> Drawn:
    means = catalogue.topic_directions()
    found: Drawn = {}
    for _ in range(20 * num_personas):
        if len(found) == num_personas:
            break
        anchors = _draw_anchors(catalogue.topic, rng)
        weights = np.sort(rng.dirichlet(np.ones(len(anchors))))[::-1]
        parts = ANCHOR_SHARE * catalogue.latent[anchors] + (1 - ANCHOR_SHARE) * means[catalogue.topic[anchors]]
        found.setdefault(_describe(catalogue, anchors, rng), (anchors, weights @ parts))
    return found


def _draw_anchors(topic: NDArray[np.int64], rng: np.random.Generator) -> list[int]:
    """One to four different items from at most three topics."""
    sizes = np.bincount(topic)
    present = np.flatnonzero(sizes)
    chance = np.sqrt(sizes[present])
    count = int(rng.integers(1, 5))
    topics = min(count, int(rng.integers(1, 4)), len(present))
    chosen = rng.choice(present, topics, replace=False, p=chance / chance.sum())
    anchors: list[int] = []
    for i in sorted(k % len(chosen) for k in range(count)):  # a topic's anchors stand together
        left = np.setdiff1d(np.flatnonzero(topic == chosen[i]), anchors)
        if left.size:
            anchors.append(int(rng.choice(left)))
    return anchors


def _describe(catalogue: Catalogue, anchors: list[int], rng: np.random.Generator) -> str:
    """A self-description that names the anchors with their topics."""
    parts: list[str] = []
    for topic, group in groupby(anchors, key=lambda i: catalogue.topic_names[catalogue.topic[i]]):
        pattern = str(rng.choice(FURTHER if parts else OPENINGS))
        titles = " and ".join(f'"{catalogue.titles[i][:80]}"' for i in group)
        parts.append(pattern.format(topic=topic, titles=titles))
    return "; ".join(parts) + "."

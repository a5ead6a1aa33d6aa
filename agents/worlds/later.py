"""A world whose items are those of a later catalogue: what a trained policy must know to serve it untrained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.setup import LONGEST, Setup, make_env, resolved
from driftrec.simulators.catalogue import Catalogue, save_catalogue

SAME = 1e-3
"""Embeddings that differ by less in every entry are of one text: of padding, last bits differ."""


@dataclass(frozen=True)
class LaterWorld:
    """A world as a policy trained in it meets it later.

    Items keep their places, those that are gone too, which are withheld: what users opened of them still tells. What
    is new stands behind them.

    Attributes:
        setup: The world.
        rows: Place of every item when the policy was trained, -1 of those that it never met, (items,).
    """

    setup: Setup
    rows: NDArray[np.int64]


def places_of(old: tuple[str, ...], new: tuple[str, ...]) -> NDArray[np.int64]:
    """Place among the ids ``old`` of every id of ``new``, -1 where there is none, (new items,)."""
    place = {item: number for number, item in enumerate(old)}
    return np.array([place.get(item, -1) for item in new], np.int64)


def check_left(place: NDArray[np.int64], slate_size: int) -> None:
    """Raise ValueError if no item is known or too few are there; ``place`` as of ``places_of``."""
    if (place < 0).all():
        raise ValueError("The later catalogue holds none of the items of the training. Give a later form of its own.")
    if len(place) < slate_size:
        raise ValueError(
            f"The later catalogue holds {len(place)} items, and slates have {slate_size} positions. Keep more items."
        )


def later_texts(setup: Setup, new: Setting, folder: Path) -> LaterWorld:
    """The same world with the items of ``new``, known by their texts.

    An item of another text than before stands behind the others like a new one, and keeps what was learned of it.
    People and topics are those of old; a new item has the topic of its name, or else that of the nearest text. What
    only the simulation knows of a new item, it takes from that one.

    Args:
        setup: The world of the training.
        new: The later catalogue.
        folder: Where the joined catalogue is written, for the world to read.

    Raises:
        ValueError: If the text encoder is another, no item is known, or fewer are left than a slate has positions.
    """
    old = setup.setting
    assert old is not None
    if old.encoder_fingerprint != new.encoder_fingerprint:
        raise ValueError(
            "The later catalogue was encoded by another text encoder than that of the training. Encode it anew with it."
        )
    place = places_of(old.catalogue.ids, new.catalogue.ids)
    check_left(place, setup.slate_size)
    told = np.abs(new.item_embeddings - old.item_embeddings[place]).max(axis=1) < SAME
    fresh = np.flatnonzero((place < 0) | ~told)
    withheld = np.ones(old.catalogue.num_items, np.bool_)
    withheld[place[(place >= 0) & told]] = False
    catalogue = _joined(old, new, place, fresh)
    save_catalogue(folder, catalogue, old.personas, {"rule": "a catalogue of a training and a later one"})
    setting = replace(
        old,
        catalogue=catalogue,
        item_embeddings=np.concatenate([old.item_embeddings, new.item_embeddings[fresh]]),
    )
    args = replace(setup.args, catalogue=str(folder))
    env = make_env(args)
    hidden = np.append(withheld, np.zeros(len(fresh), np.bool_))
    later = Setup(
        resolved(args, env),
        env.world,
        env.horizon or LONGEST,
        setting,
        withheld=hidden,
        newcomers=len(fresh),
        device=setup.device,
    )
    return LaterWorld(later, np.append(np.arange(len(withheld)), place[fresh]))


def _joined(old: Setting, new: Setting, place: NDArray[np.int64], fresh: NDArray[np.int64]) -> Catalogue:
    """The items of old in their places, by their titles of today, and the ``fresh`` ones of ``new`` behind them."""
    was, now = old.catalogue, new.catalogue
    nearest = (new.item_embeddings[fresh] @ old.item_embeddings.T).argmax(axis=1)
    like = np.where(place[fresh] >= 0, place[fresh], nearest)
    topics = {name: number for number, name in enumerate(was.topic_names[: int(was.topic.max()) + 1])}
    named = [topics.get(now.topic_names[now.topic[item]], -1) for item in fresh]
    topic = np.where((place[fresh] < 0) & (np.array(named, np.int64) >= 0), named, was.topic[like])
    ids, titles = list(was.ids), list(was.titles)
    for item, row in enumerate(place):
        if row >= 0:
            titles[row] = now.titles[item]
    for row in place[fresh][place[fresh] >= 0]:
        ids[row] = f"{ids[row]} (before its text was changed)"
    return Catalogue(
        (*ids, *(now.ids[item] for item in fresh)),
        (*titles, *(now.titles[item] for item in fresh)),
        (*was.texts, *(now.texts[item] for item in fresh)),
        was.topic_names,
        (*was.subtopics, *(now.subtopics[item] for item in fresh)),
        np.append(was.topic, topic).astype(np.int64),
        np.concatenate([was.latent, was.latent[like]]),
        np.append(was.quality, was.quality[like]),
        np.append(was.allure, was.allure[like]),
        np.append(was.minutes, np.where(place[fresh] >= 0, was.minutes[like], now.minutes[fresh])),
    )

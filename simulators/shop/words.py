"""The words of the shop, read from ``vocabulary.json`` and ``grammar.json``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Shelf:
    """What one shelf of a category holds and is talked of with.

    Attributes:
        category: Its category's name.
        name: Its own.
        products: Kinds of things, singular, without article.
        uses: What they are for, as noun phrases.
        traits: What a good one has: "a full tang".
        likes: What a customer likes about it, in everyday words.
        habits: What such a customer does, third person.
    """

    category: str
    name: str
    products: tuple[str, ...]
    uses: tuple[str, ...]
    traits: tuple[str, ...]
    likes: tuple[str, ...]
    habits: tuple[str, ...]


@cache
def shelves() -> tuple[Shelf, ...]:
    """Four shelves of each of the 12 categories, in a fixed order; a category goes with the one after it."""
    return tuple(
        Shelf(entry["name"], name, **{key: tuple(values) for key, values in words.items()})
        for entry in _read("vocabulary.json")["categories"]
        for name, words in entry["shelves"].items()
    )


@cache
def rules() -> dict[str, Any]:
    """Sentence patterns as format strings; rules of style hold five lists of them, from low to high."""
    return _read("grammar.json")


def _read(name: str) -> dict[str, Any]:
    return json.loads((_FOLDER / name).read_text(encoding="utf-8"))

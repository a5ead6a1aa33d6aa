"""SARDINE's items: the packaged embeddings where the package ``sardine-rec`` is installed, else the published rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.extras import install
from driftrec.simulators.settings import nearest
from driftrec.simulators.shared import Shared
from driftrec.simulators.sizes import size

NUM_TOPICS = 10
"""Dimensions of items and users: one a topic."""

PACKAGED = {1000: "item_embeddings_focused_small.npy", 10: "item_embeddings_rerank.npy"}
"""The files of sardine-rec 1.0.8 that its registered worlds read, by number of items."""

ITEM_SEED = 0
"""Seed of the generated items: the same ones always."""


@dataclass(frozen=True)
class SardineItems(Shared):
    """A catalogue, read or made once for all worlds that hold it.

    Attributes:
        embeddings: Not negative, rows of length 1, float32, (items, topics).
        source: "packaged", from sardine-rec, or "generated", by ``generate_items``.
    """

    embeddings: NDArray[np.float32]
    source: str

    @property
    def main_topics(self) -> NDArray[np.int8]:
        """Topic of the largest entry of every item, (items,)."""
        return self.embeddings.argmax(axis=1).astype(np.int8)


def sardine_items(num_items: int, embeddings: str = "auto") -> SardineItems:
    """The catalogue of a world.

    Args:
        num_items: Items, at least 1. Packaged are 1000 and 10.
        embeddings: "auto" for the packaged items where they are installed and so many, else generated ones;
            "packaged" to demand them; "generated" never to look.

    Raises:
        TypeError: If the number is not whole.
        ValueError: If a name or number is wrong, or no packaged file holds so many items.
        FileNotFoundError: If packaged items are demanded and not installed.
    """
    num_items = size("num_items", num_items)
    sources: dict[str, Callable[[int], SardineItems]] = {
        "auto": lambda count: _packaged_if_there(count) or generate_items(count),
        "packaged": _demand_packaged,
        "generated": generate_items,
    }
    if embeddings not in sources:
        raise ValueError(f"embeddings is {embeddings!r}, which is no source. {nearest(str(embeddings), sources)}")
    return sources[embeddings](num_items)


@lru_cache(maxsize=4)
def generate_items(num_items: int, seed: int = ITEM_SEED) -> SardineItems:
    """Items by the published rule: U(0, 1) entries on two or three random topics, scaled to length 1."""
    rng = np.random.default_rng(seed)
    entries = rng.uniform(size=(num_items, NUM_TOPICS))
    kept = rng.integers(2, 4, size=(num_items, 1))
    rank = rng.permuted(np.tile(np.arange(NUM_TOPICS), (num_items, 1)), axis=1)
    entries *= rank < kept
    entries /= np.linalg.norm(entries, axis=1, keepdims=True)
    return SardineItems(entries.astype(np.float32), "generated")


def packaged_file(name: str) -> Path | None:
    """Where sardine-rec keeps a file of embeddings; None without it. Runs none of the package's code."""
    spec = find_spec("sardine")
    folders = (spec and spec.submodule_search_locations) or ()
    files = (Path(folder) / "embeddings" / name for folder in folders)
    return next((file for file in files if file.is_file()), None)


def _packaged_if_there(num_items: int) -> SardineItems | None:
    file = packaged_file(PACKAGED[num_items]) if num_items in PACKAGED else None
    return None if file is None else _read_items(file)


@lru_cache(maxsize=4)
def _read_items(file: Path) -> SardineItems:
    return SardineItems(np.load(file, allow_pickle=False).astype(np.float32), "packaged")


def _demand_packaged(num_items: int) -> SardineItems:
    if num_items not in PACKAGED:
        counts = " or ".join(map(str, PACKAGED))
        raise ValueError(f"num_items is {num_items}; the packaged catalogues hold {counts}. Take 'generated' ones.")
    items = _packaged_if_there(num_items)
    if items is None:
        raise FileNotFoundError(
            f"embeddings is 'packaged' and sardine-rec's {PACKAGED[num_items]} is not installed; "
            f"{install('peers')}, or take 'generated' ones."
        )
    return items

"""What a catalogue folder tells of a log's items: embeddings of their texts, and topics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.catalogues.setting import load_setting
from driftrec.agents.fitting_worlds.taste_model import KnownItems

COLUMNS = 64
"""Of embeddings that a fit takes: those in which the texts differ most, for every gradient reads all of them."""


def known_of(folder: Path | None, items: Sequence[str]) -> KnownItems:
    """Embeddings, of ``COLUMNS`` at most, and topics of ``items`` from a catalogue folder, nothing without one.

    Args:
        folder: Written by ``driftrec encode``.
        items: Ids in the log.

    Raises:
        FileNotFoundError: If it is no such folder.
        ValueError: If it lacks an item of the log; names the first.
    """
    if folder is None:
        return KnownItems()
    setting = load_setting(folder)
    place = {item: number for number, item in enumerate(setting.catalogue.ids)}
    missing = [item for item in items if item not in place]
    if missing:
        raise ValueError(
            f"{folder} lacks {len(missing):,} items of the log, such as {missing[0]!r}. Give the log's catalogue."
        )
    rows = np.array([place[item] for item in items])
    topic = np.unique(setting.catalogue.topic[rows], return_inverse=True)[1].astype(np.int64)
    return KnownItems(topic, leading(setting.item_embeddings[rows]))


def leading(texts: NDArray[np.float32], columns: int = COLUMNS) -> NDArray[np.float32]:
    """Embeddings by their principal directions, as many ``columns`` at most; all of them leave products as they are."""
    _, _, directions = np.linalg.svd(texts, full_matrices=False)
    return (texts @ directions[:columns].T).astype(np.float32)

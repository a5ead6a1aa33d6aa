"""What a catalogue folder tells of a log's items: embeddings of their texts, and topics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.fitting_worlds.taste_model import KnownItems

COLUMNS = 64
"""Of embeddings that a fit takes: those in which the texts differ most, for every gradient reads all of them."""


def known_of(setting: Setting | None, items: Sequence[str]) -> KnownItems:
    """Embeddings, of ``COLUMNS`` at most, and topics of ``items`` of a catalogue; nothing without one."""
    if setting is None:
        return KnownItems()
    place = {item: number for number, item in enumerate(setting.catalogue.ids)}
    rows = np.array([place[item] for item in items])
    topic = np.unique(setting.catalogue.topic[rows], return_inverse=True)[1].astype(np.int64)
    return KnownItems(topic, leading(setting.item_embeddings[rows]))


def leading(texts: NDArray[np.float32], columns: int = COLUMNS) -> NDArray[np.float32]:
    """Embeddings by their principal directions, as many ``columns`` at most; all of them leave products as they are."""
    _, _, directions = np.linalg.svd(texts, full_matrices=False)
    return (texts @ directions[:columns].T).astype(np.float32)

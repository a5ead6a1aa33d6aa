"""Everything a run needs to know about items and people before it starts: ``Setting``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.catalogue_folder import EMBEDDINGS_FILE, check_encoder, load_embeddings
from driftrec.agents.embedding_cache import encode_cached
from driftrec.agents.policy import Context
from driftrec.agents.text_encoder import TextEncoder
from driftrec.envs.news import read_catalogue
from driftrec.simulators.catalogue import Catalogue, Personas


@dataclass(frozen=True)
class Setting:
    """A catalogue, its audience, and what a text encoder makes of both.

    Attributes:
        catalogue: The items.
        personas: The audience.
        item_embeddings: Text embeddings of the items, float32 unit rows, shape (items, embedding).
        persona_embeddings: Text embeddings of the personas, float32 unit rows, shape (personas, embedding).
        encoder_fingerprint: Of the encoder that made them.
        stored: SHA-256 over the vectors of a catalogue folder, "" where they came of the encoder just now.
    """

    catalogue: Catalogue
    personas: Personas
    item_embeddings: NDArray[np.float32]  # (items, embedding)
    persona_embeddings: NDArray[np.float32]  # (personas, embedding)
    encoder_fingerprint: str
    stored: str = ""

    def fingerprints(self) -> dict[str, str]:
        """Hashes of all that a checkpoint's weights mean nothing without."""
        return {
            "catalogue": self.catalogue.fingerprint(),
            "audience": self.personas.fingerprint(),
            "text encoder": " ".join(filter(None, (self.encoder_fingerprint, self.stored))),
        }

    def context(self, slate_size: int) -> Context:
        """What a recommender may know: no hidden columns.

        Raises:
            ValueError: If the catalogue has fewer items than a slate has positions, or ``slate_size`` is
                below 1.
        """
        if not 1 <= slate_size <= self.catalogue.num_items:
            raise ValueError(f"slate_size is {slate_size}; it must be in 1..{self.catalogue.num_items} (items).")
        return Context(
            slate_size=slate_size,
            item_embeddings=self.item_embeddings,
            persona_embeddings=self.persona_embeddings,
            item_minutes=self.catalogue.minutes,
            titles=self.catalogue.titles,
        )


def load_setting(
    catalogue: str | Path | None = None,
    encoder: TextEncoder | None = None,
    progress: bool = False,
    content: tuple[Catalogue, Personas] | None = None,
) -> Setting:
    """Load the packaged news catalogue or a catalogue folder, with text embeddings.

    A folder's stored embeddings are used if no encoder is given or it is the one that made them. All others
    come through the embedding cache, so the language model runs at most once for each catalogue and encoder.

    Args:
        catalogue: None for the packaged news, or a folder that ``driftrec encode`` wrote.
        encoder: None for a folder's stored embeddings, or the built-in encoder where there are none.
        progress: Show progress bars on stderr while encoding.
        content: Items and audience, where they have been read already.

    Raises:
        FileNotFoundError: If the folder is not a catalogue folder.
        ValueError: If its content is not valid.
    """
    items, personas = content or read_catalogue(catalogue)
    if catalogue is not None and (Path(catalogue) / EMBEDDINGS_FILE).exists():
        found = load_embeddings(Path(catalogue), items, personas)
        if encoder is None or encoder.fingerprint == found.encoder_fingerprint:
            return Setting(items, personas, found.items, found.personas, found.encoder_fingerprint, found.sha256)
    elif catalogue is not None and encoder is None:
        check_encoder(Path(catalogue), TextEncoder())
    encoder = encoder or TextEncoder()
    return Setting(
        items,
        personas,
        encode_cached(encoder, items.documents(), progress=progress),
        encode_cached(encoder, personas.texts, progress=progress),
        encoder.fingerprint,
    )

"""Everything a run needs to know about items and people before it starts: ``Setting``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.catalogues.catalogue_folder import EMBEDDINGS_FILE, encode_command, load_embeddings
from driftrec.agents.policy import Context
from driftrec.agents.text.embedding_cache import encode_cached
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.envs.catalogues import read_catalogue
from driftrec.simulators.catalogue import Catalogue, Personas, load_provenance
from driftrec.simulators.shared import Shared
from driftrec.simulators.wire.dated import Dated

NEWS_SCOPE = "packaged news"
"""Of the packaged news in the embedding cache: published results stand on its vectors, to the last bit."""


@dataclass(frozen=True)
class Setting(Shared):
    """A catalogue, its audience, and what a text encoder makes of both.

    Attributes:
        catalogue: The items.
        personas: The audience.
        item_embeddings: Text embeddings of the items, float32 unit rows, (items, embedding).
        persona_embeddings: Text embeddings of the personas, float32 unit rows, (personas, embedding).
        encoder_fingerprint: Of the encoder that made them.
    """

    catalogue: Catalogue
    personas: Personas
    item_embeddings: NDArray[np.float32]  # (items, embedding)
    persona_embeddings: NDArray[np.float32]  # (personas, embedding)
    encoder_fingerprint: str

    def fingerprints(self) -> dict[str, str]:
        """Hashes of all that a checkpoint's weights mean nothing without."""
        return {
            "catalogue": self.catalogue.fingerprint(),
            "audience": self.personas.fingerprint(),
            "text encoder": self.encoder_fingerprint,
        }

    def context(self, slate_size: int) -> Context:
        """What a recommender may know: no hidden columns.

        Raises:
            ValueError: If ``slate_size`` is below 1 or above the number of items.
        """
        if not 1 <= slate_size <= self.catalogue.num_items:
            raise ValueError(f"slate_size is {slate_size}; it must be in 1..{self.catalogue.num_items} (items).")
        dates = (self.catalogue.hours, self.catalogue.period) if isinstance(self.catalogue, Dated) else (None, 0.0)
        return Context(
            slate_size=slate_size,
            item_embeddings=self.item_embeddings,
            persona_embeddings=self.persona_embeddings,
            item_minutes=self.catalogue.minutes,
            titles=self.catalogue.titles,
            topics=self.catalogue.topic,
            texts=self.catalogue.texts,
            topic_names=self.catalogue.topic_names,
            personas=self.personas.texts,
            hours=dates[0],
            period=dates[1],
        )


def load_setting(
    catalogue: str | Path | None = None,
    encoder: TextEncoder | None = None,
    progress: bool = False,
    content: tuple[Catalogue, Personas] | None = None,
    device: str = "cpu",
) -> Setting:
    """Load the packaged news catalogue or a catalogue folder, with text embeddings.

    A folder's stored embeddings are used if no encoder is given or it is the one that made them. All others
    come through the embedding cache, so the language model runs at most once for each catalogue and encoder.

    Args:
        catalogue: None for the packaged news, or a folder that ``driftrec encode`` wrote.
        encoder: None for the folder's own, or the built-in one where it names no other.
        progress: Show progress bars on stderr while encoding.
        content: Items and audience, where they have been read already.
        device: Where the built-in encoder computes, which is taken where none is given.

    Raises:
        FileNotFoundError: If it is no catalogue folder, or lacks embeddings and names another encoder.
        ValueError: If its content is not valid.
    """
    items, personas = content or read_catalogue(catalogue)
    if catalogue is not None and (Path(catalogue) / EMBEDDINGS_FILE).exists():
        stored = load_embeddings(Path(catalogue), *read_catalogue(catalogue))  # a shop's items have prices besides
        if encoder is None or encoder.fingerprint == stored[2]:
            return Setting(items, personas, *stored)
    elif catalogue is not None and encoder is None:
        _check_built_in(Path(catalogue))
    encoder = encoder or TextEncoder(device=device)
    scope = NEWS_SCOPE if catalogue is None else ""
    embed = partial(encode_cached, encoder, progress=progress, scope=scope)
    return Setting(items, personas, embed(items.documents()), embed(personas.texts), encoder.fingerprint)


def _check_built_in(folder: Path) -> None:
    """Raise FileNotFoundError if the folder, which has no embeddings, names another encoder."""
    built_in, provenance = TextEncoder().fingerprint, load_provenance(folder)
    if provenance.get("encoder_fingerprint", built_in) != built_in:
        made = provenance.get("embeddings") or f"{provenance.get('model')} ({provenance.get('pooling')} pooling)"
        raise FileNotFoundError(
            f"{folder} has no {EMBEDDINGS_FILE}, and {made}, "
            f"which made them, is not the built-in encoder; make them again with: {encode_command(folder, provenance)}"
        )

"""What stands for items and people: a language model's reading of their texts, hashed words, or the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer

from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.text.embedding_cache import encode_cached
from driftrec.agents.text.packaged_models import SMOLLM2
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.simulators.catalogue import Catalogue

Embedding = Literal["text", "smollm2", "hashing", "latents"]
"""The setting's own text embeddings; the packaged decoder's; hashed words; or the hidden truth, which only an oracle
knows."""

TOLD: Embedding = "latents"

ONE_WORD = 'This sentence: "{text}" means in one word:"'
"""Prompt after which a decoder's last token sums the text up (PromptEOL: Jiang et al., 2024, Findings of EMNLP)."""

HASHED_DIMS = 1024


def decoder() -> TextEncoder:
    """The packaged decoder as our policies use it: with ``ONE_WORD``, pooled at the last token.

    Raises:
        FileNotFoundError: If it is not installed; names the extra.
    """
    return TextEncoder(SMOLLM2, pooling="last", prompt=ONE_WORD)


def represented(setting: Setting, name: str) -> Setting:
    """``setting`` with the vectors of an ``Embedding`` for items and people; as it is for any other name.

    Errors as of ``decoder``.
    """
    if name == TOLD:
        return replace(
            setting, item_embeddings=told_items(setting.catalogue), persona_embeddings=setting.personas.interest
        )
    if name not in ("smollm2", "hashing"):
        return setting
    items, people = setting.catalogue.documents(), setting.personas.texts
    return replace(setting, item_embeddings=vectors(items, name), persona_embeddings=vectors(people, name))


def vectors(texts: Sequence[str], name: str) -> NDArray[np.float32]:
    """Texts as ``represented`` reads them, by the cache; by the built-in encoder where the name is not of texts.

    Returns:
        Unit rows, float32, (texts, dims).
    """
    if name == "hashing":
        return hashed(texts)
    return encode_cached(decoder() if name == "smollm2" else TextEncoder(), texts)


def hashed(texts: Sequence[str], dims: int = HASHED_DIMS) -> NDArray[np.float32]:
    """Words and pairs of words, hashed to columns with a sign (Weinberger et al., 2009), unit rows, (texts, dims).

    Nothing is learned from any text, so that a new one changes no other's row.
    """
    rows = HashingVectorizer(n_features=dims, ngram_range=(1, 2), dtype=np.float32).transform(texts)
    return np.asarray(rows.toarray(), np.float32)


def told_items(catalogue: Catalogue) -> NDArray[np.float32]:
    """The hidden columns of the items: latent, with entries of about variance 1, quality and allure, (items, dims + 2).

    No recommender can know them.
    """
    latent = catalogue.latent * np.float32(np.sqrt(catalogue.latent.shape[1]))
    return np.concatenate([latent, catalogue.quality[:, None], catalogue.allure[:, None]], axis=1)

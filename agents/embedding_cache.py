"""Text embeddings on disk, so that a language model runs once per list of texts."""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from driftrec.agents.text_encoder import TextEncoder, check_texts


def default_cache_folder() -> Path:
    """``$DRIFTREC_CACHE``, else ``$XDG_CACHE_HOME/driftrec``, else ``~/.cache/driftrec``."""
    if own := os.environ.get("DRIFTREC_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "driftrec"


def cache_file(encoder: TextEncoder, texts: Sequence[str], folder: Path | None = None) -> Path:
    """File for these vectors, named by the SHA-256 of the encoder's fingerprint and the full texts."""
    digest = hashlib.sha256(encoder.fingerprint.encode())
    for text in texts:
        data = text.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return (folder or default_cache_folder()) / f"{digest.hexdigest()}.safetensors"


def encode_cached(
    encoder: TextEncoder, texts: Sequence[str], folder: Path | None = None, progress: bool = False
) -> NDArray[np.float32]:
    """``encoder.encode(texts)``, read from disk if it was done before; then the model is not loaded.

    A damaged file is made again, with a warning. A folder that cannot be written to costs a warning, not the
    result.

    Args:
        encoder: Makes the vectors that are not on disk.
        texts: Any number of texts, none empty.
        folder: Cache folder, made if missing; None for ``default_cache_folder()``.
        progress: Show a progress bar on stderr while encoding.

    Returns:
        Vectors of length 1, float32, shape (texts, dim).

    Raises:
        ValueError: If a text is missing, empty or not a string; names the row.
    """
    check_texts(texts)
    path = cache_file(encoder, texts, folder)
    if path.exists():
        try:
            return _read(path, len(texts))
        except (SafetensorError, OSError, ValueError, KeyError) as error:
            warnings.warn(f"Cached embeddings {path} are damaged ({error}); making them again.", stacklevel=2)
    vectors = encoder.encode(texts, progress)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_atomically(path, {"vectors": vectors}, {**encoder.describe(), "sha256": _checksum(vectors)})
    except OSError as error:
        warnings.warn(f"Embeddings could not be cached in {path.parent} ({error}).", stacklevel=2)
    return vectors


def save_atomically(path: Path, arrays: dict[str, NDArray[np.float32]], metadata: dict[str, str]) -> None:
    """Write a safetensors file so that other processes see the old file or the whole new one, never a part.

    Args:
        path: File to write or replace; its folder exists.
        arrays: Arrays by name.
        metadata: Texts to store in the file's header.

    Raises:
        OSError: If the folder cannot be written to.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        part = Path(folder) / path.name
        try:
            save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, part, metadata)
        except SafetensorError as error:  # a full disk
            raise OSError(str(error)) from error
        os.replace(part, path)


def _read(path: Path, rows: int) -> NDArray[np.float32]:
    with safe_open(path, framework="numpy") as file:
        vectors, stored = np.array(file.get_tensor("vectors")), (file.metadata() or {})["sha256"]
    if len(vectors) != rows or vectors.dtype != np.float32:
        raise ValueError(f"holds {vectors.dtype} {vectors.shape} for {rows} texts")
    if _checksum(vectors) != stored:
        raise ValueError("its checksum is wrong")
    return vectors


def _checksum(vectors: NDArray[np.float32]) -> str:
    return hashlib.sha256(np.ascontiguousarray(vectors).tobytes()).hexdigest()

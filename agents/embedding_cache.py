"""Text embeddings on disk, text by text, so that a language model meets every text once.

One SQLite file an encoder: rows are committed batch by batch, so that an interrupted encoding goes on where it was, an
added item costs one text, and several processes may write at once.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.text_encoder import TextEncoder, check_texts

Rows = NDArray[np.float32]

PATIENCE = 60.0
"""Seconds to wait while another process writes."""


def default_cache_folder() -> Path:
    """``$DRIFTREC_CACHE``, else ``$XDG_CACHE_HOME/driftrec``, else ``~/.cache/driftrec``."""
    if own := os.environ.get("DRIFTREC_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "driftrec"


def cache_file(encoder: TextEncoder, folder: Path | None = None) -> Path:
    """File for the vectors of this encoder, named by its fingerprint."""
    return (folder or default_cache_folder()) / f"{encoder.fingerprint}.sqlite"


def encode_cached(
    encoder: TextEncoder, texts: Sequence[str], folder: Path | None = None, progress: bool = False
) -> Rows:
    """``encoder.encode(texts)``, but for texts that were encoded before; without others the model is not loaded.

    Missing texts are encoded in the order and batches of ``TextEncoder.encode``, so that an encoding that was
    interrupted comes to the same bits as one that was not. A text added later may differ in the last bits (about 1e-7)
    from what it were among all others, since those depend on the batch. A damaged file is made again, with a warning. A
    folder that cannot be written to costs a warning, not the result.

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
    store = _Store(cache_file(encoder, folder))
    keys = [hashlib.sha256(text.encode()).digest() for text in texts]
    known = store.read(set(keys))
    missing = [i for i, key in enumerate(keys) if key not in known]
    if not missing and texts:
        return np.stack([known[key] for key in keys])

    def keep(rows: Sequence[int], vectors: Rows) -> None:
        store.write((keys[missing[row]], vector) for row, vector in zip(rows, vectors, strict=True))

    made = encoder.encode([texts[i] for i in missing], progress, keep)
    vectors = np.empty((len(texts), made.shape[1]), np.float32)
    vectors[missing] = made
    for i, key in enumerate(keys):
        if key in known:
            vectors[i] = known[key]
    return vectors


class _Store:
    """Vectors by key in a SQLite file, each with a checksum; a disk that fails is warned of once and then left alone.

    Args:
        path: The file; made, with its folder, when first written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._usable = True

    def read(self, keys: set[bytes]) -> dict[bytes, Rows]:
        """The vectors of those ``keys`` that are there and whole."""
        if not self.path.exists():
            return {}
        try:
            with self._opened() as database:
                found = {key: (vector, check) for key, vector, check in _of(database, keys)}
        except sqlite3.DatabaseError as error:
            self._damaged(str(error))
            return {}
        if any(zlib.crc32(vector) != check for vector, check in found.values()):
            self._damaged("a checksum is wrong")
            return {}
        return {key: np.frombuffer(vector, np.float32) for key, (vector, _) in found.items()}

    def write(self, rows: Iterable[tuple[bytes, Rows]]) -> None:
        """Add vectors, all of them or none."""
        if not self._usable:
            return
        values = [(key, vector.tobytes(), zlib.crc32(vector.tobytes())) for key, vector in rows]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._opened() as database, database:
                database.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB, crc INTEGER)")
                database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", values)
        except (OSError, sqlite3.Error) as error:
            self._usable = False
            warnings.warn(f"Embeddings could not be cached in {self.path.parent} ({error}).", stacklevel=5)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.path, timeout=PATIENCE)
        try:
            yield database
        finally:
            database.close()

    def _damaged(self, why: str) -> None:
        warnings.warn(f"Cached embeddings {self.path} are damaged ({why}); making them again.", stacklevel=4)
        self.path.unlink(missing_ok=True)


def _of(database: sqlite3.Connection, keys: set[bytes]) -> Iterator[tuple[bytes, bytes, int]]:
    """Rows of those keys that are there."""
    (exists,) = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'vectors'").fetchone()
    if not exists:
        return
    for key in keys:
        row = database.execute("SELECT key, vector, crc FROM vectors WHERE key = ?", (key,)).fetchone()
        if row is not None:
            yield row

"""Text embeddings on disk, a row a text, so that a language model reads every text once.

Rows are kept as they are made: who interrupts an encoding, or adds an item, has only the rest encoded. A vector's last
bits (2e-7) depend on the batch that it was made in. What is left after an interrupt falls into the same batches, and so
ends with the same bits; an added item is encoded by itself, and the others keep theirs.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.text.text_encoder import TextEncoder, check_texts
from driftrec.simulators.files import check_readable

FILE = "embeddings.sqlite"

PATIENCE = 60.0  # seconds to wait for another process that is writing
ASKED_AT_ONCE = 500  # keys in a query; SQLite takes 999 at least

Rows = dict[bytes, NDArray[np.float32]]


def default_cache_folder() -> Path:
    """``$DRIFTREC_CACHE``, else ``$XDG_CACHE_HOME/driftrec``, else ``~/.cache/driftrec``."""
    if own := os.environ.get("DRIFTREC_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "driftrec"


def row_key(encoder: TextEncoder, text: str, scope: str = "") -> bytes:
    """SHA-256 of the encoder's fingerprint, the scope and the full text."""
    digest = hashlib.sha256(encoder.fingerprint.encode())
    for part in (scope, text):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


def encode_cached(
    encoder: TextEncoder, texts: Sequence[str], folder: Path | None = None, progress: bool = False, scope: str = ""
) -> NDArray[np.float32]:
    """``encoder.encode(texts)``, but texts that were encoded before are read from disk; the model may not be needed.

    Damaged rows are made again, with a warning. A folder that cannot be written to costs a warning, not the result.

    Args:
        encoder: Makes the vectors that are not on disk.
        texts: As of ``TextEncoder.encode``, like what is returned and raised.
        folder: Cache folder, made if missing; None for ``default_cache_folder()``.
        progress: Show a progress bar on stderr while encoding.
        scope: Texts share vectors with those of the same scope only, so that nothing else decides on their last bits.
    """
    check_texts(texts)
    if len(texts) == 0:
        return encoder.encode(texts)
    store = RowStore((folder or default_cache_folder()) / FILE)
    keys = [row_key(encoder, text, scope) for text in texts]
    rows = store.read(keys)
    first = {key: row for row, key in reversed(list(enumerate(keys))) if key not in rows}
    if first:
        for batch, vectors in encoder.encode_batches(texts, sorted(first.values()), progress):
            made = {keys[row]: vector for row, vector in zip(batch, vectors, strict=True)}
            store.write(made)
            rows |= made
    return np.stack([rows[key] for key in keys])


class RowStore:
    """Vectors by key in one SQLite file: several processes may use it, and one that is killed leaves it whole.

    What cannot be read or written is told in a warning and done without.

    Args:
        path: The file, made when first written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._useless = False

    def read(self, keys: Sequence[bytes]) -> Rows:
        """Those of the vectors that are there and undamaged."""
        try:
            if not self.path.exists():
                return {}
            check_readable(self.path)
            with self._open() as database:
                found = _select(database, keys)
        except (OSError, sqlite3.OperationalError) as error:
            self._useless = True
            warnings.warn(f"Cached embeddings {self.path} cannot be read ({error}).", stacklevel=3)
            return {}
        except sqlite3.DatabaseError as error:
            warnings.warn(f"Cached embeddings {self.path} are damaged ({error}); making them again.", stacklevel=3)
            self._remove()
            return {}
        whole = {key: np.frombuffer(vector, np.float32) for key, vector, check in found if check == _check(key, vector)}
        if len(whole) < len(found):
            count = len(found) - len(whole)
            warnings.warn(f"{count} rows of {self.path} are damaged; making them again.", stacklevel=3)
        return whole

    def write(self, rows: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Keep vectors, all or none. After a failure no more is tried: to wait again and again would help nobody."""
        if self._useless:
            return
        data = [(key, row.tobytes()) for key, row in rows.items()]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()  # with the umask's permissions, which SQLite would narrow
            with self._open() as database, database:
                told = [(key, vector, _check(key, vector)) for key, vector in data]
                database.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", told)
        except (OSError, sqlite3.Error) as error:
            self._useless = True
            warnings.warn(
                f"Embeddings could not be cached in {self.path} ({error}). Where there is room, DRIFTREC_CACHE=folder "
                "keeps them.",
                stacklevel=3,
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=PATIENCE)) as database:
            database.execute("CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, vector BLOB, crc INTEGER)")
            yield database

    def _remove(self) -> None:
        for path in (self.path.with_name(f"{self.path.name}-journal"), self.path):  # a journal would undo a new file
            path.unlink(missing_ok=True)


def _select(database: sqlite3.Connection, keys: Sequence[bytes]) -> list[tuple[bytes, bytes, int]]:
    found = []
    for start in range(0, len(keys), ASKED_AT_ONCE):
        some = keys[start : start + ASKED_AT_ONCE]
        marks = ", ".join("?" * len(some))
        found += database.execute(f"SELECT key, vector, crc FROM rows WHERE key IN ({marks})", some).fetchall()
    return found


def _check(key: bytes, vector: bytes) -> int:
    return zlib.crc32(key + vector)

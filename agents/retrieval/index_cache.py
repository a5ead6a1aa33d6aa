"""Indices on disk, so that one is built once for a catalogue, and grows as items arrive."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np

from driftrec.agents.retrieval.index import (
    EXACT,
    MOST_CELLS,
    OUTGROWN,
    POINTS,
    ROUNDS,
    Cells,
    Exact,
    Index,
    build_index,
    installed,
)
from driftrec.agents.text.embedding_cache import default_cache_folder
from driftrec.simulators.files import write_files
from driftrec.simulators.vectors import Float

CHUNK = 65_536
"""Rows that are hashed at once."""


def index_key(vectors: Float) -> str:
    """SHA-256 over the vectors, the library and the settings."""
    import faiss

    settings = f"faiss {faiss.__version__} {(MOST_CELLS, POINTS, ROUNDS)}"
    digest = hashlib.sha256(f"{settings} {vectors.dtype.str}{vectors.shape[1:]}".encode())
    for start in range(0, len(vectors), CHUNK):
        digest.update(np.ascontiguousarray(vectors[start : start + CHUNK]).data)
    return digest.hexdigest()


def cached_index(vectors: Float, folder: Path | None = None) -> Index:
    """``build_index``, from disk where it was built before; one of the first of these items is added to.

    An index that was made of less than half the items is made anew. Exact ones are not kept, for they are the vectors.

    Args:
        vectors: Of the items, float32, (items, dims).
        folder: Where indices are; the cache folder of the embeddings when omitted.
    """
    if len(vectors) <= EXACT or not installed():
        return Exact(vectors)
    folder = folder or default_cache_folder()
    key = index_key(vectors)
    for file, rows in _kept(folder, len(vectors)):
        if file.name.split("-")[1] != (key if rows == len(vectors) else index_key(vectors[:rows])):
            continue
        index = _read(file)
        if index is None or len(vectors) > OUTGROWN * index.made_of:
            continue
        if rows < len(vectors):
            _write(folder, key, index.add(vectors[rows:]))
        return index
    built = build_index(vectors)
    assert isinstance(built, Cells)
    _write(folder, key, built)
    return built


def _kept(folder: Path, most: int) -> list[tuple[Path, int]]:
    """Files of at most so many items, the largest first."""
    files = [(file, int(file.stem.split("-")[2])) for file in folder.glob("index-*-*-*-*.faiss")]
    return sorted(((file, rows) for file, rows in files if rows <= most), key=lambda each: -each[1])


def _read(file: Path) -> Cells | None:
    """The index in a file; None where it cannot be read."""
    import faiss

    try:
        with file.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != file.stem.split("-")[4]:
                raise ValueError("its SHA-256 is another")  # faiss believes what it reads, and dies of it
        return Cells(faiss.read_index(str(file)), int(file.stem.split("-")[3]))
    except (RuntimeError, ValueError, OSError) as error:
        warnings.warn(f"The index {file} is damaged ({str(error)[:80]}); making it again.", stacklevel=3)
        return None


def _write(folder: Path, key: str, index: Cells) -> None:
    """Keep an index; a folder that cannot be written to costs a warning, not the index."""
    import faiss

    content = faiss.serialize_index(index.index).tobytes()
    digest = hashlib.sha256(content).hexdigest()
    file = folder / f"index-{key}-{index.index.ntotal}-{index.made_of}-{digest}.faiss"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_files({file: content})
    except OSError as error:
        warnings.warn(f"The index could not be kept in {folder} ({error}).", stacklevel=3)

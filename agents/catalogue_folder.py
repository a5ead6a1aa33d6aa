"""A catalogue folder: items, audience and their text embeddings, made once and read by every run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.derive_catalogue import RULE, derive_catalogue
from driftrec.agents.embedding_cache import encode_cached
from driftrec.agents.item_notes import likeness_notes
from driftrec.agents.read_items import ALIASES, BadRows, read_items
from driftrec.agents.text_encoder import TextEncoder
from driftrec.simulators.catalogue import (
    ARRAYS_FILE,
    TEXTS_FILE,
    Catalogue,
    Personas,
    check_finite,
    check_unit_rows,
    documents,
    read_provenance,
    save_catalogue,
)
from driftrec.simulators.saving import load_arrays, save_arrays

EMBEDDINGS_FILE = "embeddings.safetensors"
BAD_ROWS_FILE = "bad_rows.txt"
REMEDY = "make it again: driftrec encode --catalogue items.csv --out folder, with the same --model."


def build_catalogue_folder(
    csv: Path,
    out: Path,
    encoder: TextEncoder,
    seed: int,
    *,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    bad_rows: BadRows = "error",
    progress: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> tuple[Catalogue, Personas]:
    """Read items, encode them, derive the simulated world and write everything to a folder.

    Args:
        csv: Items file, see ``read_items``.
        out: Folder to write; must be new, empty or a catalogue folder, which is replaced.
        encoder: Makes the embeddings, through the embedding cache.
        seed: Of the derived world, see ``derive_catalogue``.
        encoding: Text encoding of ``csv``; as of ``read_items``, like the next two.
        columns: Columns of the file by ours.
        bad_rows: "skip" leaves out rows that are no items; ``BAD_ROWS_FILE`` in the folder lists them.
        progress: Show progress bars on stderr.
        report: Called with lines about how the file was read, and what in it looks wrong.

    Returns:
        What was written.

    Raises:
        FileExistsError: If ``out`` holds something else; checked first.
        OSError: If ``csv`` is missing or the folder cannot be written.
        ValueError: If the items are not valid; see ``read_items``.
    """
    check_out(out)
    items = read_items(csv, encoding=encoding, columns=columns, bad_rows=bad_rows)
    for note in items.notes:
        report(note)
    if items.ignored:
        report(f"Ignored columns: {', '.join(items.ignored)} (used are {', '.join(ALIASES)}).")
    texts = documents(items.titles, items.texts)
    vectors = encode_cached(encoder, texts, progress=progress)
    for note in likeness_notes(texts, vectors, encoder.name):
        report(note)
    catalogue, personas = derive_catalogue(items, vectors, seed=seed)
    provenance = {
        "rule": RULE,
        "source": csv.name,
        "source_sha256": hashlib.sha256(csv.read_bytes()).hexdigest(),
        "seed": seed,
        **encoder.describe(),
    }
    write_catalogue_folder(out, catalogue, personas, encoder, provenance, progress=progress)
    if items.bad:
        (out / BAD_ROWS_FILE).write_text("\n".join([*items.bad, ""]), encoding="utf-8")
        report(f"{len(items.bad):,} bad rows were left out; {out / BAD_ROWS_FILE} lists them.")
    return catalogue, personas


def write_catalogue_folder(
    out: Path,
    catalogue: Catalogue,
    personas: Personas,
    encoder: TextEncoder,
    provenance: dict[str, object],
    *,
    progress: bool = False,
) -> None:
    """Write a catalogue folder with embeddings of its items and personas.

    Args:
        out: Folder to write; must be new, empty or a catalogue folder, which is replaced.
        catalogue: The items.
        personas: The audience.
        encoder: Makes the embeddings, through the embedding cache.
        provenance: JSON-able note of where the catalogue came from.
        progress: Show progress bars on stderr.

    Raises:
        FileExistsError: If ``out`` holds something else.
    """
    check_out(out)
    arrays = {
        "items": encode_cached(encoder, catalogue.documents(), progress=progress),
        "personas": encode_cached(encoder, personas.texts, progress=progress),
    }
    out.mkdir(parents=True, exist_ok=True)
    for old in (EMBEDDINGS_FILE, BAD_ROWS_FILE):  # never leave old ones beside a new catalogue
        (out / old).unlink(missing_ok=True)
    save_catalogue(out, catalogue, personas, provenance)
    prints = _prints(catalogue, personas, arrays["items"], arrays["personas"])
    save_arrays(out / EMBEDDINGS_FILE, arrays, {**encoder.describe(), **prints})


def check_out(out: Path) -> None:
    """Raise FileExistsError unless ``out`` is missing, an empty folder or a catalogue folder."""
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file; give a folder.")
    known = {TEXTS_FILE, ARRAYS_FILE, EMBEDDINGS_FILE, BAD_ROWS_FILE}
    strange = sorted(path.name for path in out.iterdir() if path.name not in known) if out.exists() else []
    if strange:
        raise FileExistsError(f"{out} is not a catalogue folder: it holds {', '.join(strange[:3])}. Give a new folder.")


@dataclass(frozen=True)
class StoredEmbeddings:
    """What a catalogue folder holds of a text encoder.

    Attributes:
        items: Embeddings of the items, float32 unit rows, (items, embedding).
        personas: Embeddings of the personas, float32 unit rows, (personas, embedding).
        encoder_fingerprint: Of the encoder that made them.
        sha256: Over vectors and what they are of.
    """

    items: NDArray[np.float32]
    personas: NDArray[np.float32]
    encoder_fingerprint: str
    sha256: str


def load_embeddings(folder: Path, catalogue: Catalogue, personas: Personas) -> StoredEmbeddings:
    """Read a catalogue folder's embeddings and check that they are those that were made for its catalogue.

    Args:
        folder: Catalogue folder.
        catalogue: The folder's items.
        personas: The folder's audience.

    Raises:
        OSError: If the folder has no embeddings, or they must not be read.
        ValueError: If the file is damaged, a row count is wrong, a row is not of length 1, or vectors, their order or
            the catalogue are not those that they were made with. The message names file, array and row.
    """
    path = folder / EMBEDDINGS_FILE
    try:
        arrays, metadata = load_arrays(path)
        items, people = arrays["items"], arrays["personas"]
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path} is damaged ({error}); {REMEDY}") from error
    for name, array, ids in (("items", items, catalogue.ids), ("personas", people, personas.texts)):
        if array.ndim != 2 or len(array) != len(ids):
            raise ValueError(f"{path}: {name!r} has shape {array.shape}; expected {len(ids)} rows, one each.")
        if array.dtype != np.float32:
            raise ValueError(f"{path}: {name!r} is {array.dtype}; expected float32.")
        check_finite(f"{path}: embedding in {name!r}", array, ids)
        check_unit_rows(f"{path}: embedding in {name!r}", array, ids)
    prints = _prints(catalogue, personas, items, people)
    wrong = [name for name, value in prints.items() if metadata.get(name) != value]
    if wrong or "encoder_fingerprint" not in metadata:
        raise ValueError(
            f"{path} was not made for the catalogue beside it, was changed, or is of an older version "
            f"({', '.join(wrong) or 'no encoder_fingerprint'}); {REMEDY}"
        )
    return StoredEmbeddings(items, people, metadata["encoder_fingerprint"], prints["vectors_sha256"])


def check_encoder(folder: Path, encoder: TextEncoder) -> None:
    """Raise ValueError unless ``encoder`` is the one that a catalogue folder without embeddings names."""
    told = read_provenance(folder)
    named = told.get("encoder_fingerprint")
    if named is not None and named != encoder.fingerprint:
        raise ValueError(
            f"{folder} was made with the text encoder {told.get('model')} ({told.get('pooling')} pooling), and its "
            f"{EMBEDDINGS_FILE} is missing; {REMEDY}"
        )


def _prints(
    catalogue: Catalogue, personas: Personas, items: NDArray[np.float32], people: NDArray[np.float32]
) -> dict[str, str]:
    """Fingerprints that tie embeddings to what they were made of, and vectors to their rows."""
    vectors = hashlib.sha256("\0".join(catalogue.ids).encode())
    for array in (items, people):
        vectors.update(np.ascontiguousarray(array).tobytes())
    return {
        "catalogue_fingerprint": catalogue.fingerprint(),
        "personas_fingerprint": personas.fingerprint(),
        "vectors_sha256": vectors.hexdigest(),
    }

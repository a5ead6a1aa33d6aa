"""A catalogue folder: items, audience and their text embeddings, made once and read by every run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from driftrec.agents.derive_catalogue import RULE, derive_catalogue
from driftrec.agents.embedding_cache import encode_cached, save_atomically
from driftrec.agents.item_notes import likeness_notes
from driftrec.agents.read_items import ALIASES, BadRows, read_items
from driftrec.agents.text_encoder import TextEncoder
from driftrec.simulators.catalogue import (
    ARRAYS_FILE,
    TEXTS_FILE,
    Catalogue,
    Personas,
    check_finite,
    documents,
    save_catalogue,
)

EMBEDDINGS_FILE = "embeddings.safetensors"
BAD_ROWS_FILE = "bad_rows.txt"


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
    save_atomically(out / EMBEDDINGS_FILE, arrays, {**encoder.describe(), **_prints(catalogue, personas)})


def check_out(out: Path) -> None:
    """Raise FileExistsError unless ``out`` is missing, an empty folder or a catalogue folder."""
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"{out} is a file; give a folder.")
    known = {TEXTS_FILE, ARRAYS_FILE, EMBEDDINGS_FILE, BAD_ROWS_FILE}
    strange = sorted(path.name for path in out.iterdir() if path.name not in known) if out.exists() else []
    if strange:
        raise FileExistsError(f"{out} is not a catalogue folder: it holds {', '.join(strange[:3])}. Give a new folder.")


def load_embeddings(
    folder: Path, catalogue: Catalogue, personas: Personas
) -> tuple[NDArray[np.float32], NDArray[np.float32], str]:
    """Read a catalogue folder's embeddings and check that they belong to its catalogue.

    Args:
        folder: Catalogue folder.
        catalogue: The folder's items.
        personas: The folder's audience.

    Returns:
        Item embeddings (items, embedding), persona embeddings (personas, embedding), the encoder's
        fingerprint.

    Raises:
        FileNotFoundError: If the folder has no embeddings.
        ValueError: If the file is damaged, a row count is wrong, a number is not finite, or the embeddings
            were made for another catalogue. The message names file, array and row.
    """
    path = folder / EMBEDDINGS_FILE
    try:
        with safe_open(path, framework="numpy") as file:
            items, people = np.array(file.get_tensor("items")), np.array(file.get_tensor("personas"))
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}); make it again with driftrec encode.") from error
    for name, array, ids in (("items", items, catalogue.ids), ("personas", people, personas.texts)):
        if array.ndim != 2 or len(array) != len(ids):
            raise ValueError(f"{path}: {name!r} has shape {array.shape}; expected {len(ids)} rows, one each.")
        if array.dtype != np.float32:
            raise ValueError(f"{path}: {name!r} is {array.dtype}; expected float32.")
        check_finite(f"{path}: embedding in {name!r}", array, ids)
    wrong = [name for name, value in _prints(catalogue, personas).items() if metadata.get(name) != value]
    if wrong or "encoder_fingerprint" not in metadata:
        raise ValueError(
            f"{path} was not made for the catalogue beside it ({wrong or 'no encoder_fingerprint'}); "
            f"make it again with driftrec encode."
        )
    return items, people, metadata["encoder_fingerprint"]


def _prints(catalogue: Catalogue, personas: Personas) -> dict[str, str]:
    """Fingerprints that tie embeddings to what they were made of."""
    return {"catalogue_fingerprint": catalogue.fingerprint(), "personas_fingerprint": personas.fingerprint()}

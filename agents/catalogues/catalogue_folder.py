"""A catalogue folder: items, audience and their text embeddings, made once and read by every run."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from driftrec.agents.catalogues.derive_catalogue import RULE, derive_catalogue
from driftrec.agents.catalogues.given_vectors import GivenVectors
from driftrec.agents.catalogues.item_extras import column_csv
from driftrec.agents.catalogues.item_text import counted
from driftrec.agents.catalogues.read_items import ALIASES, BadRows, ReadItems, read_items
from driftrec.agents.text.embedding_cache import default_cache_folder, encode_cached
from driftrec.agents.text.packaged_models import BUILT_IN
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.envs.news_stream import DATES_FILE
from driftrec.envs.shop import PRICES_FILE
from driftrec.simulators.catalogue import (
    ARRAYS_FILE,
    TEXTS_FILE,
    Catalogue,
    Personas,
    catalogue_files,
    check_finite,
    check_unit_rows,
    digest,
    documents,
    load_provenance,
)
from driftrec.simulators.files import PART, check_readable, write_files, write_text
from driftrec.simulators.vectors import unit

EMBEDDINGS_FILE = "embeddings.safetensors"
BAD_ROWS_FILE = "bad_rows.txt"
CHECKSUM = "embeddings_sha256"


def build_catalogue_folder(
    csv: Path,
    out: Path,
    encoder: TextEncoder | GivenVectors,
    seed: int,
    *,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    bad_rows: BadRows = "error",
    progress: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> tuple[Catalogue, Personas]:
    """Read items, encode them, derive the simulated world, write everything to a folder and return it.

    Args:
        csv: Items file, see ``read_items``.
        out: Folder to write; must be new, empty or a catalogue folder, which is replaced.
        encoder: Makes the embeddings, through the embedding cache; or has them. A persona's vector is then the mean of
            those of the items that its text names.
        seed: Of the derived world, see ``derive_catalogue``.
        encoding: As of ``read_items``, like the next two.
        columns: Columns of the file by ours.
        bad_rows: Rows left out are listed in the folder's ``BAD_ROWS_FILE``.
        progress: Show progress bars on stderr.
        report: Called with lines about how the file was read, and what in it looks wrong.

    Raises:
        FileExistsError: If ``out`` holds something else; checked first.
        OSError: If ``csv`` is missing or the folder cannot be written.
        ValueError: If the items are not valid; see ``read_items``, and ``GivenVectors.of``.
    """
    check_out(out)
    items = read_items(csv, encoding=encoding, columns=columns, bad_rows=bad_rows)
    for note in items.notes:
        report(note)
    if items.ignored:
        report(f"Ignored columns: {', '.join(items.ignored)} (used are {', '.join(ALIASES)}).")
    vectors = _vectors_of(items, encoder, progress, report)
    catalogue, personas, anchors = derive_catalogue(items, vectors, seed=seed)
    if isinstance(encoder, GivenVectors):
        people = unit(np.stack([vectors[list(named)].mean(axis=0) for named in anchors]))
    else:
        people = encode_cached(encoder, personas.texts, progress=progress)
    source = hashlib.sha256(csv.read_bytes()).hexdigest()
    provenance = {"rule": RULE, "source": csv.name, "source_sha256": source, "seed": seed}
    told = {PRICES_FILE: ("price", items.prices), DATES_FILE: ("date", items.dates)}
    more = {name: column_csv(column, items.ids, values) for name, (column, values) in told.items() if values}
    write_catalogue_folder(out, catalogue, personas, vectors, people, encoder, provenance, more)
    for name, (column, values) in told.items():
        if not values and (out / name).exists():
            report(f"Warning: {out / name} was there before and stays; see that it tells the {column}s of these items.")
    (out / BAD_ROWS_FILE).unlink(missing_ok=True)  # of an earlier catalogue
    if items.bad:
        write_text(out / BAD_ROWS_FILE, "\n".join([*items.bad, ""]))
        report(f"{len(items.bad):,} bad rows were left out; {out / BAD_ROWS_FILE} lists them.")
    return catalogue, personas


def _vectors_of(
    items: ReadItems, encoder: TextEncoder | GivenVectors, progress: bool, report: Callable[[str], None]
) -> NDArray[np.float32]:
    """Of every item, (items, embedding); says so where a language model cannot tell items apart."""
    if isinstance(encoder, GivenVectors):
        return encoder.of(items.ids)
    texts = documents(items.titles, items.texts)
    vectors = encode_cached(encoder, texts, progress=progress)
    if alike := _alike(texts, vectors):
        report(
            f"Warning: {alike:,} of {counted(len(texts), 'item')} ({alike / len(texts):.0%}) have the vector of an "
            f"item with another text: {encoder.name} cannot tell them apart. The built-in model reads English, without "
            "case; for other languages name a multilingual one, such as --model intfloat/multilingual-e5-small "
            "--prompt 'query: {text}'."
        )
    return vectors


def _alike(texts: Sequence[str], vectors: NDArray[np.float32]) -> int:
    """Number of items whose vector another text has, too."""
    keys = [hashlib.sha256(row.round(5) + 0).digest() for row in vectors]  # of padding, last bits differ
    first: dict[bytes, str] = {}
    shared = {key for key, text in zip(keys, texts, strict=True) if first.setdefault(key, text) != text}
    return sum(key in shared for key in keys)


def write_catalogue_folder(
    out: Path,
    catalogue: Catalogue,
    personas: Personas,
    item_embeddings: NDArray[np.float32],
    persona_embeddings: NDArray[np.float32],
    encoder: TextEncoder | GivenVectors,
    provenance: dict[str, object],
    more: Mapping[str, bytes] | None = None,
) -> None:
    """Write a catalogue folder with embeddings of its items and personas.

    Args:
        out: As of ``build_catalogue_folder``.
        catalogue: The items.
        personas: The audience.
        item_embeddings: Of the items' documents, as of ``Setting``.
        persona_embeddings: Of the personas' texts, as of ``Setting``.
        encoder: What made the embeddings; both files name it.
        provenance: JSON-able note of where the catalogue came from.
        more: Contents of other files of the folder, by name.

    Raises:
        FileExistsError: If ``out`` holds something else.
        OSError: If a file cannot be written; what was in the folder stays.
        ValueError: If embeddings are no float32 unit rows, one each.
    """
    check_out(out)
    arrays = {"items": item_embeddings, "personas": persona_embeddings}
    _check_embeddings(out, arrays, catalogue, personas)
    made_by = encoder.describe()
    checksum = digest([made_by["encoder_fingerprint"]], list(arrays.values()))  # over every row in its place
    metadata = {**made_by, **_prints(catalogue, personas), CHECKSUM: checksum}
    files = {
        # In place first: beside what is left of another catalogue, should we be stopped, it is refused.
        EMBEDDINGS_FILE: _in_order(save({name: np.ascontiguousarray(a) for name, a in arrays.items()}, metadata)),
        **(more or {}),
        **catalogue_files(catalogue, personas, {**provenance, **made_by}),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_files({out / name: data for name, data in files.items()})
    except OSError as error:
        raise type(error)(f"{error}. {_rescue(out, files)}") from error


def _in_order(content: bytes) -> bytes:
    """A safetensors file with its metadata by name: the library writes them in no fixed order."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    told = json.dumps(header, separators=(",", ":")).encode()
    told += b" " * (-len(told) % 8)  # numbers begin at multiples of eight
    return len(told).to_bytes(8, "little") + told + content[8 + length :]


def _rescue(out: Path, files: Mapping[str, bytes]) -> str:
    """Write the files to a new temporary folder; what became of them, in a sentence."""
    folder = Path(tempfile.mkdtemp(prefix="driftrec-"))
    try:
        write_files({folder / name: data for name, data in files.items()})
    except OSError:
        folder.rmdir()
        return f"What {default_cache_folder()} holds is not encoded again; give a folder with room."
    return f"What was made is kept in {folder}; move it to {out}."


def check_out(out: Path) -> None:
    """Find out before any work whether a catalogue may be written to ``out``.

    Raises:
        FileExistsError: Unless it is missing, an empty folder or a catalogue folder.
        PermissionError: If it may not be written to.
    """
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir():
        raise FileExistsError(f"{there} is a file; give a folder.")
    if not os.access(there, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(f"{there} may not be written to; give another folder.")
    known = {TEXTS_FILE, ARRAYS_FILE, EMBEDDINGS_FILE, BAD_ROWS_FILE, PRICES_FILE, DATES_FILE}
    names = sorted(path.name for path in out.iterdir()) if out.exists() else []
    strange = [name for name in names if name not in known and not name.endswith(PART)]
    if strange:
        raise FileExistsError(f"{out} is not a catalogue folder: it holds {', '.join(strange[:3])}. Give a new folder.")


def load_embeddings(
    folder: Path, catalogue: Catalogue, personas: Personas
) -> tuple[NDArray[np.float32], NDArray[np.float32], str]:
    """Read a catalogue folder's embeddings and check that they are what was written for its items and audience.

    Returns:
        Item embeddings (items, embedding), persona embeddings (personas, embedding), the encoder's fingerprint.

    Raises:
        OSError: If there are none or they may not be read.
        ValueError: If they are not; the message names file, array and row, or the command that makes them again.
    """
    path, provenance = folder / EMBEDDINGS_FILE, load_provenance(folder)
    again = f"make it again with: {encode_command(folder, provenance)}"
    check_readable(path)
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: np.array(file.get_tensor(name)) for name in ("items", "personas")}
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}); {again}") from error
    _check_embeddings(path, arrays, catalogue, personas)
    wrong = [name for name, value in _prints(catalogue, personas).items() if metadata.get(name) != value]
    made_by = metadata.get("encoder_fingerprint", "")
    named = str(provenance.get("encoder_fingerprint", made_by))
    if wrong or not made_by:
        fault = f"was not made for the catalogue beside it ({wrong or 'no encoder_fingerprint'})"
    elif named != made_by:
        names = f"than {TEXTS_FILE} beside it names ({named[:12]})"
        fault = f"was made by another encoder (fingerprint {made_by[:12]}) {names}"
    elif CHECKSUM not in metadata:
        fault = "is of an older version, without a checksum to verify it by"
    elif metadata[CHECKSUM] != digest([made_by], list(arrays.values())):
        fault = "is damaged (its checksum is wrong)"
    else:
        return arrays["items"], arrays["personas"], made_by
    raise ValueError(f"{path} {fault}; {again}")


def encode_command(folder: Path, provenance: Mapping[str, Any]) -> str:
    """The command that makes a catalogue folder anew, as far as its provenance tells; in the shell's own quotes."""
    told = {"--catalogue": provenance.get("source"), "--seed": provenance.get("seed"), "--out": folder}
    if "embeddings" in provenance:
        told["--embeddings"] = provenance["embeddings"]
    if provenance.get("model", BUILT_IN) != BUILT_IN:
        told["--model"] = provenance["model"]
    for name, default in (("pooling", "mean"), ("prompt", "{text}"), ("max_length", "256")):
        if provenance.get(name, default) != default or "--model" in told:
            told[f"--{name.replace('_', '-')}"] = provenance.get(name)
    words = [str(word) for pair in told.items() if pair[1] is not None for word in pair]
    return shlex.join(["driftrec", "encode", *words])


def _check_embeddings(
    path: Path, arrays: Mapping[str, NDArray[np.float32]], catalogue: Catalogue, personas: Personas
) -> None:
    """Raise ValueError unless there is one finite float32 row of length 1 an item and a persona."""
    for name, ids in (("items", catalogue.ids), ("personas", personas.texts)):
        array = arrays[name]
        if array.ndim != 2 or len(array) != len(ids):
            raise ValueError(f"{path}: {name!r} has shape {array.shape}; expected {len(ids)} rows, one each.")
        if array.dtype != np.float32:
            raise ValueError(f"{path}: {name!r} is {array.dtype}; expected float32.")
        check_finite(f"{path}: embedding in {name!r}", array, ids)
        check_unit_rows(f"{path}: embedding in {name!r}", array, ids)


def _prints(catalogue: Catalogue, personas: Personas) -> dict[str, str]:
    """Fingerprints that tie embeddings to what they were made of."""
    return {"catalogue_fingerprint": catalogue.fingerprint(), "personas_fingerprint": personas.fingerprint()}

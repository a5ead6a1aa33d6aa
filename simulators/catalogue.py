"""What there is to recommend and who is there to read it: arrays for the simulator, texts for the encoder."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from driftrec.simulators.files import parsed_object, write_files
from driftrec.simulators.shared import Shared
from driftrec.simulators.vectors import unit

FORMAT = 1
TEXTS_FILE = "catalogue.json"
ARRAYS_FILE = "arrays.safetensors"
REMEDY = "Make one with: driftrec encode --catalogue items.csv --out folder"


@dataclass(frozen=True)
class Catalogue(Shared):
    """The items, with what their text says and what it hides.

    Attributes:
        ids: External item ids, unique. Everywhere else an item is its position in this tuple.
        titles: Headlines or names, not empty.
        texts: One or two sentences an item; may be empty strings.
        topic_names: Names of the topics that ``topic`` indexes.
        subtopics: Name of each item's subtopic; empty strings where there is none.
        topic: Topic of each item, int64, shape (items,).
        latent: True position in interest space, float32 unit rows, shape (items, dims). Hidden from recommenders.
        quality: Lasting quality, float32, about standard normal, shape (items,). Hidden.
        allure: Pull of the presentation (clickbait), float32, about standard normal, shape (items,). Hidden.
        minutes: Length in minutes, float32, positive, shape (items,).

    Raises:
        ValueError: If shapes disagree, an id repeats, a title is missing, an array has another type, a number is
            not finite, or a value is out of its range. The message names the column and the item.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    topic_names: tuple[str, ...]
    subtopics: tuple[str, ...]
    topic: NDArray[np.int64]  # (items,)
    latent: NDArray[np.float32]  # (items, dims)
    quality: NDArray[np.float32]  # (items,)
    allure: NDArray[np.float32]  # (items,)
    minutes: NDArray[np.float32]  # (items,)

    def __post_init__(self) -> None:
        n = len(self.ids)
        if n == 0:
            raise ValueError("The catalogue holds no items; give it at least as many as a slate has positions.")
        for name in ("titles", "texts", "subtopics", "topic", "latent", "quality", "allure", "minutes"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"Column {name!r} has {len(getattr(self, name))} rows for {n} item ids.")
        for name in ("ids", "titles", "texts", "subtopics", "topic_names"):
            check_strings(name, getattr(self, name), allow_empty=name in ("texts", "subtopics"))
        check_unique_ids(self.ids)
        check_dtype("topic", self.topic, np.int64)
        for name in ("latent", "quality", "allure", "minutes"):
            check_dtype(name, getattr(self, name), np.float32)
        for name in ("latent", "quality", "allure", "minutes"):
            check_finite(name, getattr(self, name), self.ids)
        check_unit_rows("latent", self.latent, self.ids)
        outside = np.flatnonzero((self.topic < 0) | (self.topic >= len(self.topic_names)))
        if outside.size:
            i = int(outside[0])
            raise ValueError(
                f"Item {self.ids[i]!r} has topic {self.topic[i]}; there are {len(self.topic_names)} topic names."
            )
        short = np.flatnonzero(self.minutes <= 0)
        if short.size:
            i = int(short[0])
            raise ValueError(f"Item {self.ids[i]!r} has length {self.minutes[i]} minutes; lengths must be positive.")
        super().__post_init__()

    @property
    def num_items(self) -> int:
        """Number of items."""
        return len(self.ids)

    @property
    def num_topics(self) -> int:
        """Number of topics."""
        return len(self.topic_names)

    def documents(self) -> list[str]:
        """What the text encoder reads of each item, see ``documents``."""
        return documents(self.titles, self.texts)

    def topic_directions(self) -> NDArray[np.float64]:
        """Mean latent of each topic scaled to length 1, (topics, dims); topics without items get that of all items."""
        sums = np.zeros((self.num_topics, self.latent.shape[1]))
        np.add.at(sums, self.topic, self.latent)
        sums[~sums.any(axis=1)] = self.latent.sum(axis=0)
        return unit(sums)

    def fingerprint(self) -> str:
        """SHA-256 over ids, texts and arrays: changes when anything does."""
        return digest(
            [*self.ids, *self.titles, *self.texts, *self.topic_names, *self.subtopics],
            [self.topic, self.latent, self.quality, self.allure, self.minutes],
        )


@dataclass(frozen=True)
class Personas(Shared):
    """The kinds of people in the audience.

    Attributes:
        texts: A short self-description each, not empty.
        interest: Long-term interest in interest space, float32 unit rows, shape (personas, dims). Hidden.
    """

    texts: tuple[str, ...]
    interest: NDArray[np.float32]  # (personas, dims)

    def __post_init__(self) -> None:
        names = [str(i) for i in range(len(self.texts))]
        if not self.texts or len(self.texts) != len(self.interest):
            raise ValueError(f"{len(self.texts)} persona texts for {len(self.interest)} interest rows; need one each.")
        check_strings("persona texts", self.texts)
        check_dtype("persona interest", self.interest, np.float32)
        check_finite("persona interest", self.interest, names)
        check_unit_rows("persona interest", self.interest, names)
        super().__post_init__()

    @property
    def num_personas(self) -> int:
        """Number of personas."""
        return len(self.texts)

    def fingerprint(self) -> str:
        """SHA-256 over texts and interests."""
        return digest(self.texts, [self.interest])


def save_catalogue(folder: str | Path, catalogue: Catalogue, personas: Personas, provenance: dict[str, object]) -> None:
    """Write a catalogue folder: texts as JSON, arrays as safetensors.

    Args:
        folder: Made if missing.
        catalogue: The items.
        personas: The audience.
        provenance: JSON-able note of where it came from and by which rule.

    Raises:
        OSError: If a file cannot be written; what was there before stays.
    """
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    write_files({path / name: data for name, data in catalogue_files(catalogue, personas, provenance).items()})


def catalogue_files(catalogue: Catalogue, personas: Personas, provenance: dict[str, object]) -> dict[str, bytes]:
    """Contents by name of the files that ``save_catalogue`` writes."""
    texts = {
        "format": FORMAT,
        "provenance": provenance,
        "topics": catalogue.topic_names,
        "items": [
            {"id": i, "title": t, "text": x, "subtopic": s}
            for i, t, x, s in zip(catalogue.ids, catalogue.titles, catalogue.texts, catalogue.subtopics, strict=True)
        ],
        "personas": personas.texts,
    }
    arrays = {name: np.ascontiguousarray(getattr(catalogue, name)) for name in _ITEM_ARRAYS}
    return {
        TEXTS_FILE: json.dumps(texts, indent=1, ensure_ascii=False).encode(),
        ARRAYS_FILE: save({**arrays, "persona_interest": np.ascontiguousarray(personas.interest)}),
    }


def load_catalogue(folder: str | Path) -> tuple[Catalogue, Personas]:
    """Read a folder that ``save_catalogue`` (or ``driftrec encode``) wrote.

    Raises:
        FileNotFoundError: If the folder is not a catalogue folder; says what is missing.
        PermissionError: If a file may not be read.
        ValueError: If a file is damaged or its content is not valid.
    """
    path = Path(folder)
    for name in (TEXTS_FILE, ARRAYS_FILE):
        if not (path / name).is_file():
            raise FileNotFoundError(f"{path} is not a catalogue folder: it has no {name}. {REMEDY}")
    try:
        texts = parsed_object((path / TEXTS_FILE).read_bytes())
        if texts["format"] != FORMAT:
            raise ValueError(f"its format is {texts['format']!r}, and this version reads {FORMAT}")
        return _from_parts(texts, load((path / ARRAYS_FILE).read_bytes()))
    except KeyError as error:
        raise ValueError(f"Catalogue folder {path} is not valid: {error} is missing. {REMEDY}") from error
    except (ValueError, TypeError, AttributeError, SafetensorError) as error:
        raise ValueError(f"Catalogue folder {path} is not valid: {str(error).rstrip('.')}. {REMEDY}") from error


def load_provenance(folder: str | Path) -> dict[str, Any]:
    """Where a folder that ``load_catalogue`` reads came from, as ``save_catalogue`` was told; empty if it was not."""
    told = parsed_object((Path(folder) / TEXTS_FILE).read_bytes()).get("provenance")
    return told if isinstance(told, dict) else {}


def _from_parts(texts: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> tuple[Catalogue, Personas]:
    """Catalogue and audience from the content of the two files."""
    items = texts["items"]
    catalogue = Catalogue(
        ids=tuple(item["id"] for item in items),
        titles=tuple(item["title"] for item in items),
        texts=tuple(item["text"] for item in items),
        topic_names=tuple(texts["topics"]),
        subtopics=tuple(item["subtopic"] for item in items),
        **{name: arrays[name] for name in _ITEM_ARRAYS},
    )
    return catalogue, Personas(tuple(texts["personas"]), arrays["persona_interest"])


def documents(titles: Sequence[str], texts: Sequence[str]) -> list[str]:
    """What the text encoder reads of each item: title and text with one stop between, no hidden column."""
    stops = ["" if title[-1] in ".!?" else "." for title in titles]
    return [f"{t}{stop} {text}" if text else t for t, stop, text in zip(titles, stops, texts, strict=True)]


_ITEM_ARRAYS = ("topic", "latent", "quality", "allure", "minutes")


def check_strings(name: str, values: Sequence[object], allow_empty: bool = False) -> None:
    """Raise ValueError naming the first row of ``values`` that is no string (None, NaN), or that is empty."""
    for row, value in enumerate(values):
        if not isinstance(value, str):
            raise ValueError(f"Row {row} of {name} is {value!r}, not a string; every row needs one.")
        if not allow_empty and not value.strip():
            raise ValueError(f"Row {row} of {name} is empty; every row needs a text.")


def check_unique_ids(ids: Sequence[str]) -> None:
    """Raise ValueError naming the first repeated id and its rows."""
    repeated = [item for item, count in Counter(ids).items() if count > 1]
    if repeated:
        rows = [i for i, item in enumerate(ids) if item == repeated[0]]
        raise ValueError(f"Item id {repeated[0]!r} stands in rows {rows}; ids must be unique.")


def check_dtype(name: str, values: NDArray[Any], dtype: type[np.generic]) -> None:
    """Raise ValueError unless ``values`` has exactly the type ``dtype``: others would change every result's bits."""
    if values.dtype != dtype:
        raise ValueError(f"{name} is {values.dtype}; it must be {np.dtype(dtype)}.")


def check_finite(name: str, values: NDArray[np.floating], ids: Sequence[str]) -> None:
    """Raise ValueError naming the first row of ``values`` that holds NaN or infinity."""
    bad = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{name} of {ids[row]!r} (row {row}) holds NaN or infinity; every number must be finite.")


def check_unit_rows(name: str, values: NDArray[np.floating], ids: Sequence[str]) -> None:
    """Raise ValueError unless ``values`` is 2-D with rows of length 1 (within 1e-3)."""
    if values.ndim != 2:
        raise ValueError(f"{name} has shape {values.shape}; expected two axes (rows, dims).")
    norms = np.linalg.norm(values, axis=1)
    off = np.flatnonzero(np.abs(norms - 1.0) > 1e-3)
    if off.size:
        row = int(off[0])
        raise ValueError(f"{name} of {ids[row]!r} (row {row}) has length {norms[row]:.4g}; rows must have length 1.")


def digest(texts: Sequence[str], arrays: Sequence[NDArray[np.generic]]) -> str:
    """SHA-256 over length-prefixed texts and raw array bytes."""
    sha = hashlib.sha256()
    for text in texts:
        data = text.encode()
        sha.update(len(data).to_bytes(8, "little") + data)
    for array in arrays:
        sha.update(f"{array.dtype.str}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()

"""The catalogues that worlds of texts are made from: the packaged ones, and folders, each read once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

from driftrec.simulators.catalogue import ARRAYS_FILE, TEXTS_FILE, Catalogue, Personas, load_catalogue

Content = tuple[Catalogue, Personas]
"""Items and their audience."""

Value = TypeVar("Value")


def read_catalogue(catalogue: str | Path | None, packaged: Callable[[], Content] | None = None) -> Content:
    """What is ``packaged`` for None, or what a folder of ``driftrec encode`` holds; errors as of ``load_catalogue``.

    A folder that has not changed is read once, for as long as anybody holds what was read.

    Args:
        catalogue: Folder or None.
        packaged: Makes what is taken for None; the packaged news when omitted.
    """
    if catalogue is None:
        return (packaged or packaged_catalogue)()
    folder = Path(catalogue).resolve()
    seen = (folder, *(_stamp(folder / name) for name in (TEXTS_FILE, ARRAYS_FILE)))
    items, personas = _items.get(seen), _personas.get(seen)
    if items is None or personas is None:
        items, personas = load_catalogue(catalogue)
        _items[seen], _personas[seen] = items, personas
    return items, personas


_items: WeakValueDictionary[tuple[Hashable, ...], Catalogue] = WeakValueDictionary()
_personas: WeakValueDictionary[tuple[Hashable, ...], Personas] = WeakValueDictionary()


def _stamp(file: Path) -> tuple[int, ...] | None:
    """What changes when a file does; None if there is none."""
    try:
        state = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return state.st_ino, state.st_mtime_ns, state.st_ctime_ns, state.st_size


@lru_cache(maxsize=1)
def packaged_catalogue() -> Content:
    """The packaged news: 1,000 items and 320 personas, made by a seeded generator, always the same."""
    from driftrec.simulators.newsroom import generate_news, generate_personas

    return generate_news(), generate_personas()


@lru_cache(maxsize=1)
def packaged_clips() -> Content:
    """The packaged short videos: 1,008 clips and 320 personas, made by a seeded generator, always the same."""
    from driftrec.simulators.clips import generate_clips, generate_viewers

    return generate_clips(), generate_viewers()


@lru_cache(maxsize=1)
def packaged_songs() -> Content:
    """The packaged songs: 1,000 of them and 320 personas, made by a seeded generator, always the same."""
    from driftrec.simulators.songs import generate_listeners, generate_songs

    return generate_songs(), generate_listeners()


def check_path(catalogue: str | None) -> str | None:
    """Return ``catalogue``; TypeError unless it is None or a string."""
    if catalogue is None or isinstance(catalogue, str):
        return catalogue
    raise TypeError(
        f"catalogue is {catalogue!r}; give the folder as a string, str(path), so that env.spec.to_json() can hold it."
    )


def read_column(
    file: Path, column: str, ids: Sequence[str], parse: Callable[[str], Value], kind: str, remedy: str
) -> list[Value]:
    """What a CSV file beside a catalogue tells of every item.

    Args:
        file: With a header, in which "id" and ``column`` stand, and a line an item.
        column: Its name.
        ids: Of the items.
        parse: Reads an entry; ValueError where it is none.
        kind: What an entry must be, in words.
        remedy: What to write, for messages.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not in UTF-8, a column or an item is missing, an item is told of twice, or an entry is of
            another kind; names it.
    """
    if not file.is_file():
        raise FileNotFoundError(f"{file.parent} has no {file.name}, which this world needs. {remedy}")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{file} is not in UTF-8; save it as UTF-8. {remedy}") from None
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if not {"id", column} <= set(rows.fieldnames or ()):
        raise ValueError(f"{file} begins with {rows.fieldnames}. {remedy}")
    told: dict[str, str] = {}
    for row in rows:
        if row["id"] in told:
            raise ValueError(f"{file} tells the {column} of {row['id']!r} twice, in line {rows.line_num} again.")
        told[row["id"]] = (row[column] or "").strip()
    missing = [item for item in ids if item not in told]
    if missing:
        raise ValueError(f"{file} has no {column} of {len(missing):,} items, such as {missing[0]!r}. {remedy}")
    values = []
    for item in ids:
        try:
            values.append(parse(told[item]))
        except ValueError:
            raise ValueError(f"{file}: the {column} of {item!r} is {told[item]!r}; give {kind}. {remedy}") from None
    return values

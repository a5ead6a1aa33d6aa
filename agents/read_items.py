"""Items from a CSV file, with errors that name the line to repair."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ALIASES = {
    "id": ("id", "item_id", "itemid", "movieid", "movie_id"),
    "title": ("title", "item_title", "movie_title", "headline"),
    "text": ("text", "description", "abstract"),
    "topic": ("topic", "category"),
    "genres": ("genres",),
}
"""Header names accepted for each column, in any case; the first that the file has is taken."""

NO_GENRES = "(no genres listed)"


@dataclass(frozen=True)
class Items:
    """Rows of an items file, in its order.

    Attributes:
        ids: External ids, unique, not empty.
        titles: Titles, not empty; two items may share one.
        texts: Texts, "" where there is none.
        topics: Topic names, "" where there is none.
        ignored: Columns of the file that were not read, in its order.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    topics: tuple[str, ...]
    ignored: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)


def read_items(path: str | Path, *, encoding: str = "utf-8-sig") -> Items:
    """Read items from a comma-separated file with a header line.

    Columns (see ``ALIASES`` for other names): ``id`` and ``title`` are needed; ``text`` and ``topic`` may be
    there; others are ignored, and the result names them. A byte order mark, any line ends and a missing last
    one, quoted commas and quoted line breaks are fine. White space at the ends of a value is removed, a run of
    it inside counts as one blank.

    A ``genres`` column as MovieLens has it ("A|B|C") stands in for missing columns: without ``topic``, the
    topic is the first genre; without ``text``, the text is "Genres: a, b, c.". "(no genres listed)" counts as
    none.

    Args:
        path: The file.
        encoding: Its text encoding; "utf-8-sig" is UTF-8 with or without a byte order mark.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file cannot be decoded, lacks a header, a needed column or items, or a row has no
            id, no title, too many values, or an id that an earlier row has. Names the line, from 1, and the
            id.
    """
    records, ignored = _records(Path(path), encoding)
    genres = [_genres(record) for record in records]
    pairs = list(zip(records, genres, strict=True))
    return Items(
        ids=tuple(record["id"] for record in records),
        titles=tuple(record["title"] for record in records),
        texts=tuple(record.get("text", f"Genres: {', '.join(names)}." if names else "") for record, names in pairs),
        topics=tuple(record.get("topic", names[0] if names else "") for record, names in pairs),
        ignored=ignored,
    )


def _records(path: Path, encoding: str) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    """The known columns of every row, checked, and the names of the other columns."""
    lines = _rows(path, encoding)
    header = next(lines, (0, []))[1]
    columns = _columns(header, path)
    seen: dict[str, int] = {}
    records = []
    for line, row in lines:
        record = _record(row, header, columns, f"{path}, line {line}")
        item = record["id"]
        if item in seen:
            raise ValueError(f"{path}: id {item!r} is in lines {seen[item]} and {line}; use each id once.")
        seen[item] = line
        records.append(record)
    if not records:
        raise ValueError(f"{path} holds no items, only a header.")
    return records, tuple(name for i, name in enumerate(header) if name and i not in columns.values())


def _genres(record: dict[str, str]) -> list[str]:
    """Names in MovieLens' column, none where it is absent."""
    names = [name.strip() for name in record.get("genres", "").split("|")]
    return [name for name in names if name not in ("", NO_GENRES)]


def _rows(path: Path, encoding: str) -> Iterator[tuple[int, list[str]]]:
    """The file's rows, blank ones left out, each with the line it begins in, from 1."""
    reader = csv.reader(io.StringIO(_decode(path, encoding), newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(
                f"{path}, line {line}: not valid CSV ({error}). Is a quote missing or too many?"
            ) from error
        if any(value.strip() for value in row):
            yield line, [" ".join(value.split()) for value in row]


def _decode(path: Path, encoding: str) -> str:
    """The file's text without a byte order mark."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give the CSV file with the items.")
    if not path.exists():
        raise FileNotFoundError(f"There is no items file {path.absolute()}.")
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise ValueError(f"encoding {encoding!r} is not known; try utf-8-sig, latin-1 or cp1252.") from error
    data = path.read_bytes()
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        offset = len(data) - len(error.object) + error.start  # the codec does not count a byte order mark
        line = len(data[:offset].splitlines()) + data[:offset].endswith((b"\n", b"\r")) or 1
        raise ValueError(
            f"{path}: byte {offset} (0x{data[offset]:02x}) in line {line} is not valid {encoding}. "
            f"Say what the file is written in, for example --encoding latin-1 (argument encoding)."
        ) from error


def _columns(header: list[str], path: str | Path) -> dict[str, int]:
    """Position of each known column that the header has."""
    names = [name.casefold() for name in header]
    repeated = [name for name in header if name and names.count(name.casefold()) > 1]
    if repeated:
        raise ValueError(f"{path}: column {repeated[0]!r} occurs twice in the header.")
    columns = {
        column: names.index(found[0])
        for column, aliases in ALIASES.items()
        if (found := [alias for alias in aliases if alias in names])
    }
    missing = [column for column in ("id", "title") if column not in columns]
    if missing:
        raise ValueError(
            f"{path}: no column {' and no column '.join(missing)}. The first line must name the columns, "
            f"comma-separated: id and title, and text and topic if there are any. It holds {header}. "
            f"Is the header missing?"
        )
    return columns


def _record(row: list[str], header: list[str], columns: dict[str, int], where: str) -> dict[str, str]:
    """The known columns of a row, checked; values that a short row lacks are ""."""
    record = {name: row[i] if i < len(row) else "" for name, i in columns.items()}
    if not record["id"]:
        raise ValueError(f"{where}: the id is missing; every item needs one.")
    if any(row[len(header) :]):
        raise ValueError(
            f"{where}: item {record['id']!r} has {len(row)} values for {len(header)} columns. "
            f"Quote values that hold commas."
        )
    if not record["title"]:
        raise ValueError(f"{where}: item {record['id']!r} has no title; every item needs one.")
    return record

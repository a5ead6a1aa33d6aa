"""Items from a file of the user's, with errors that name the lines to repair and notes of what was assumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from driftrec.agents.catalogues.item_extras import date_fault, dates_of, extra_notes, moods_of, price_fault, prices_of
from driftrec.agents.catalogues.item_rows import Record, read_rows
from driftrec.agents.catalogues.item_text import cleaned, in_a_row, names_in, notes_on, without_html
from driftrec.simulators.settings import nearest

ALIASES = {
    "id": ("id", "item_id", "itemid", "movieid", "movie_id", "book_id", "product_id", "parent_asin", "asin"),
    "title": ("title", "item_title", "movie_title", "headline", "name"),
    "text": ("text", "description", "abstract"),
    "topic": ("topic", "category"),
    "genres": ("genres", "genre", "categories"),
    "mood": ("mood",),
    "price": ("price",),
    "date": ("date", "published", "published_at"),
}
"""Header names accepted for each column, in any case; the first that the file has is taken."""

NEEDED = {"id", "title"}

Fault = Callable[[dict[str, str]], str]
"""What is wrong with a row, "" for nothing."""

_NEEDED_IF_NAMED: Mapping[str, Fault] = {"price": price_fault, "date": date_fault}

BadRows = Literal["error", "skip"]

LISTED = 20
"""Bad rows that a message names; it counts all."""


@dataclass(frozen=True)
class ReadItems:
    """Rows of an items file, in its order.

    Attributes:
        ids: External ids, unique, not empty.
        titles: Titles, not empty; two items may share one.
        texts: Texts, "" where there is none.
        topics: Topic names, "" where there is none.
        moods: Moods in small letters, "" where there is none; empty if the file has no such column.
        prices: In euros, 0 for an editorial; empty if the file tells none, or one that is no price.
        dates: As ISO 8601 has them; empty if the file tells none, or one that is no date.
        ignored: Columns of the file that were not read, in its order.
        notes: What was assumed, cleaned or looks wrong, a line each.
        bad: Rows that were left out, and why, a line each.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    topics: tuple[str, ...]
    moods: tuple[str, ...] = ()
    prices: tuple[float, ...] = ()
    dates: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)


def read_items(
    path: str | Path,
    *,
    encoding: str | None = None,
    columns: Mapping[str, str] | None = None,
    bad_rows: BadRows = "error",
) -> ReadItems:
    """Read items from delimited text, JSON lines, a JSON list or Parquet, gzipped or not, see ``read_rows``.

    Columns (see ``ALIASES`` for other names): ``id`` and ``title`` are needed; ``text``, ``topic``, ``genres``,
    ``mood``, ``price`` and ``date`` may be there; others are ignored, and the result names them. Any line ends, quoted
    separators and quoted line breaks are fine. White space at the ends of a value is removed, a run of it inside counts
    as one blank; HTML is taken out.

    Genres may be a list as Python or JSON writes it, or names between bars, semicolons or commas. Without ``topic`` the
    first is the topic; without ``text`` the text is "Genres: a, b, c.", and with it several genres are added so.

    Args:
        path: The file.
        encoding: Its text encoding; UTF-8, or UTF-16 where the file begins with its mark, if None.
        columns: Column of the file by ours, such as {"id": "isbn"}; numbers from "1" for a file without a header.
        bad_rows: "skip" leaves out rows that are no items, and the result lists them.

    Raises:
        OSError: As ``read_rows`` does.
        ValueError: So, too; or if the file lacks a header, a needed column or items; or if rows have no id, no title,
            too many values, an id that an earlier row has, or no price or date in a column that ``columns`` calls so:
            lists them.
    """
    path, chosen = Path(path), dict(columns or {})
    for name in chosen:
        if name not in ALIASES:
            raise ValueError(f"--columns names {name!r}. {nearest(name, ALIASES)} Write id=COLUMN,title=COLUMN.")
    numbers = [int(name) for name in chosen.values() if name.isdecimal()]
    needed = max(numbers) if numbers and len(numbers) == len(chosen) else 0
    table = read_rows(path, encoding, lambda header: not NEEDED - _found(header, chosen).keys(), needed)
    header = [cleaned(name) for name in table.header]
    places = _columns(header, path, chosen)
    kept, bad = _sorted_out(
        path, table.rows, header, places, [_NEEDED_IF_NAMED[name] for name in _NEEDED_IF_NAMED.keys() & chosen]
    )
    if bad and bad_rows == "error":
        raise ValueError(_listed(bad))
    if not kept:
        raise ValueError(f"{path} holds no items" + (f". {_listed(bad)}" if bad else ", only a header."))
    renamed = [f"{ours} from {header[i]}" for ours, i in places.items() if header[i].casefold() != ours]
    how = ", ".join(table.assumed) or "as UTF-8, separated by commas"
    read = f"Read {path.name} {how}" + (f": {', '.join(renamed)}." if renamed else ".")
    ignored = tuple(name for i, name in enumerate(header) if name and i not in places.values())
    plain = _items([record for _, record in kept])
    items = replace(plain, moods=moods_of(kept), prices=prices_of(kept), dates=dates_of(kept))
    notes = (read, *notes_on(kept, items.topics), *extra_notes(kept))
    return replace(items, ignored=ignored, notes=notes, bad=tuple(bad))


def _items(records: list[dict[str, str]]) -> ReadItems:
    """Items of rows by our columns, of which all have the same."""
    genres = [names_in(record.get("genres", ""), split=True) for record in records]
    topics = [names_in(record["topic"], split=False) for record in records] if "topic" in records[0] else genres
    lists = genres if "genres" in records[0] else [names if len(names) > 1 else [] for names in topics]
    return ReadItems(
        ids=tuple(cleaned(record["id"]) for record in records),
        titles=tuple(_readable(record["title"]) for record in records),
        texts=tuple(_text(record, names) for record, names in zip(records, lists, strict=True)),
        topics=tuple(names[0] if names else "" for names in topics),
    )


def _readable(value: str) -> str:
    """A value without HTML, a list in a row."""
    return cleaned(without_html(in_a_row(value)))


def _text(record: dict[str, str], genres: list[str]) -> str:
    """The item's text; all genres stand in it where there is none, or where there are several."""
    text = _readable(record.get("text", ""))
    if len(genres) < (2 if "text" in record else 1):
        return text
    return cleaned(f"{text} Genres: {', '.join(genres)}.")


def _sorted_out(
    path: Path, rows: list[Record], header: list[str], places: dict[str, int], needs: Sequence[Fault]
) -> tuple[list[tuple[str, dict[str, str]]], list[str]]:
    """Rows that are items, each with where it stands, and what is wrong with the others by ``needs``, too."""
    seen: dict[str, str] = {}
    kept, bad = [], []
    for place, values, unread in rows:
        record = {column: values[i] if i < len(values) else "" for column, i in places.items()}
        item = cleaned(record["id"])
        if fault := unread or _fault(record, values, len(header)) or next(filter(None, (n(record) for n in needs)), ""):
            bad.append(f"{path}, {place}: {fault}")
        elif item in seen:
            bad.append(f"{path}: id {item!r} is in {seen[item]} and in {place}; use each id once.")
        else:
            seen[item] = place
            kept.append((place, record))
    return kept, bad


def _fault(record: dict[str, str], values: list[str], columns: int) -> str:
    """What keeps a row from being an item, "" for nothing."""
    item = cleaned(record["id"])
    if not item:
        return "the id is missing; every item needs one."
    if any(value.strip() for value in values[columns:]):
        return f"item {item!r} has {len(values)} values for {columns} columns. Quote values that hold the separator."
    if not _readable(record["title"]):
        return f"item {item!r} has no title; every item needs one."
    return ""


def _listed(bad: list[str]) -> str:
    """The message of bad rows: one alone, or their number and the first ``LISTED``."""
    if len(bad) == 1:
        return bad[0]
    more = [f"... and {len(bad) - LISTED} more."] if len(bad) > LISTED else []
    return "\n".join([f"{len(bad)} bad rows; mend them, or leave them out with --bad-rows skip:", *bad[:LISTED], *more])


def _found(header: list[str], chosen: dict[str, str]) -> dict[str, int]:
    """Position of each of our columns that the header has."""
    names = [cleaned(name).casefold() for name in header]
    wanted = {**ALIASES, **{column: (name.casefold(),) for column, name in chosen.items()}}
    return {ours: names.index(one) for ours, aliases in wanted.items() for one in reversed(aliases) if one in names}


def _columns(header: list[str], path: Path, chosen: dict[str, str]) -> dict[str, int]:
    """``_found``, checked."""
    names = [name.casefold() for name in header]
    if repeated := [name for name in header if name and names.count(name.casefold()) > 1]:
        raise ValueError(f"{path}: column {repeated[0]!r} occurs twice in the header.")
    if absent := [name for name in chosen.values() if name.casefold() not in names]:
        fault = f"there is no column {absent[0]!r}, which --columns names."
        raise ValueError(f"{path}: {fault} {nearest(absent[0], header)}")
    places = _found(header, chosen)
    if missing := sorted(NEEDED - places.keys()):
        raise ValueError(
            f"{path}: no column {' and no column '.join(missing)}. The first line must name the columns: id and title, "
            f"and {', '.join(name for name in ALIASES if name not in NEEDED)} if there are any; or say which are "
            "meant, --columns id=COLUMN,title=COLUMN. "
            f"It holds {header}. Is the header missing?"
        )
    return places

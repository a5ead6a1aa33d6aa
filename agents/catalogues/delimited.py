"""Rows of delimited text, each with the line it begins in, which is why Python's csv reads them and not pandas."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from _csv import Reader

SEPARATORS = {"::": "double colons", "\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}
"""What may stand between values, in words; those that are rare within values come first."""

UNUSED = "\x1f"
"""Stands for separators of two characters, which csv does not know: ASCII's own separator of units."""

OPEN = "unexpected end of data"
"""What csv says of a quote that is not closed: all below it is lost, so that this is no bad row among others."""

HEAD = 100_000
"""Characters that tell the separator."""


class Record(NamedTuple):
    """A row of an items file.

    Attributes:
        place: Where it begins, in words.
        values: Its values; fewer or more than there are columns if it is bad.
        fault: Why it could not be read, "" if it could.
    """

    place: str
    values: list[str]
    fault: str = ""


class Rows(NamedTuple):
    """What an items file holds.

    Attributes:
        header: Names of the columns.
        rows: The rows, blank ones left out.
        assumed: How the file was read, in words, as far as it is not plain UTF-8 with commas.
    """

    header: list[str]
    rows: list[Record]
    assumed: tuple[str, ...]


def read_delimited(path: Path, text: str, serves: Callable[[list[str]], bool], needed: int) -> Rows:
    """Read delimited text.

    The separator is the one that a first line "sep=;" tells; else the first under which the header serves, or, without
    a header, the one under which most rows have the same number of values. Between tabs, quotes that are not those of
    CSV are taken as text.

    Args:
        path: Of the file, for messages.
        text: What it holds.
        serves: Whether a header names all that is needed.
        needed: Values that a row needs in a file without a header, whose columns are called "1", "2" and so on; 0 if
            there is a header.

    Raises:
        ValueError: If the header is not valid CSV, or a quote is not closed before the end of the file.
    """
    told = re.match(r"sep=(.)(\r\n|\r|\n|$)", text)
    start = told.end() if told else 0
    separator = told[1] if told else _separator(text[:HEAD], serves, needed)
    assumed = [] if separator == "," else [f"separated by {SEPARATORS.get(separator, repr(separator))}"]
    rows = _rows(text[start:], separator, lines_before=1 if told else 0)
    if separator == "\t" and any(row.fault for row in rows):
        rows = _rows(text[start:], separator, quotes=False, lines_before=1 if told else 0)
        assumed.append("quotes as text")
    for row in rows:
        if row.fault and (row is rows[0] or OPEN in row.fault):
            raise ValueError(f"{path}, {row.place}: {row.fault}")
    if needed:
        columns = [str(number) for number in range(1, 1 + _usual(rows)[0])]
        return Rows(columns, rows, (*assumed, "without a header"))
    return Rows(rows[0].values if rows else [], rows[1:], tuple(assumed))


def _separator(head: str, serves: Callable[[list[str]], bool], needed: int) -> str:
    """The separator of a text that begins so, the rarest of those that fit."""
    if needed:
        return max(SEPARATORS, key=lambda one: _agreement(head, one, needed))
    first = {one: _rows(head, one, most=1) for one in SEPARATORS}
    return next((one for one, rows in first.items() if rows and serves(rows[0].values)), ",")


def _agreement(head: str, separator: str, needed: int) -> float:
    """Share of the first rows that have the most usual number of values; 0 if these are fewer than needed."""
    rows = _rows(head, separator, quotes=separator != "\t", most=100)
    usual, times = _usual(rows)
    return times / len(rows) if usual >= max(needed, 2) else 0.0


def _usual(rows: list[Record]) -> tuple[int, int]:
    """The most usual number of values, and how many rows have it."""
    return max(Counter(len(row.values) for row in rows).items(), key=lambda pair: pair[1], default=(0, 0))


def _rows(
    text: str, separator: str, *, quotes: bool = True, lines_before: int = 0, most: int | None = None
) -> list[Record]:
    """Rows of a text, blank ones left out, each with the line it begins in, from 1.

    Args:
        text: Delimited text.
        separator: Of one character; or of two, and then quotes are text, as MovieLens has it.
        quotes: Whether quotes hold values together.
        lines_before: Lines of the file before the text.
        most: Rows to read; None for all.
    """
    if len(separator) > 1:
        text, separator, quotes = text.replace(separator, UNUSED), UNUSED, False
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    longest = csv.field_size_limit(max(len(text), 131_072))  # csv's own limit is one for the whole process
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator, quoting=quoting)
        return list(islice(_read(reader, lines_before), most))
    finally:
        csv.field_size_limit(longest)


def _read(reader: Reader, lines_before: int) -> Iterator[Record]:
    while True:
        place = f"line {lines_before + reader.line_num + 1}"
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(place, [], f"not valid CSV ({error}). Is a quote missing or too many?")
            continue  # with the next line
        if any(value.strip() for value in values):
            yield Record(place, values)

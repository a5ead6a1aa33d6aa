"""What a user should know of the items read: what was assumed, what was cleaned, what looks wrong; a line each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.catalogues.item_text import CONTROL, without_html

BREAK = re.compile(r"[\r\n]")
LINE_START = re.compile(r"""[\r\n]["']?([^\s,;|"']+)["']?[,;|\t]""")
"""What a line behind the first begins with, up to what may be a separator."""

MANY_TOPICS = 20
FEW_ITEMS = 5
"""More topics than that, of fewer items on average, are hardly topics."""


def assumed_note(path: Path, assumed: tuple[str, ...], used: dict[str, str]) -> str:
    """How the file was read, in one line."""
    renamed = [f"{column} from {name}" for column, name in used.items() if name.casefold() != column]
    how = ", ".join(assumed) or "as UTF-8, separated by commas"
    return f"Read {path.name} {how}" + (f": {', '.join(renamed)}." if renamed else ".")


def html_notes(records: list[dict[str, str]]) -> Iterator[str]:
    """How many items had HTML in title or text, from values by column."""
    values = ((record["title"], record.get("text", "")) for record in records)
    count = sum(any(without_html(value) != value for value in pair) for pair in values)
    if count:
        yield f"HTML was taken out of {counted(count, 'item')}."


def control_notes(titles: list[tuple[str, str]]) -> Iterator[str]:
    """A sign of a wrong encoding in titles as the file has them, each with its place."""
    control = [place for place, title in titles if CONTROL.search(title)]
    if control:
        yield (
            f"Warning: control characters in {counted(len(control), 'title')}, the first in {control[0]}. "
            "Is the file in another encoding, such as --encoding windows-1252?"
        )


def break_notes(kept: list[tuple[str, dict[str, str]]]) -> Iterator[str]:
    """Signs of a quote that a later row closes, in rows as the file has them, each with its place."""
    shapes = {_shape(record["id"]) for _, record in kept if re.search(r"\d", record["id"])}
    titles = [place for place, record in kept if BREAK.search(record["title"].strip())]
    rows = [place for place, record in kept if any(_shape(one) in shapes for one in _line_starts(record))]
    for places, what in ((titles, "line breaks in titles"), (rows, "lines that look like rows within values")):
        if places:
            shown = ", ".join(places[:5]) + (f" and {len(places) - 5:,} more" if len(places) > 5 else "")
            yield f"Warning: {what} ({shown}). A quote that is not closed in its line takes in the rows below it."


def _line_starts(record: dict[str, str]) -> list[str]:
    """First values of the lines within the text of a row."""
    return LINE_START.findall(record["text"]) if "text" in record else []


def _shape(word: str) -> str:
    """What ids have in common: "A12" and "C7" are of one shape."""
    return re.sub(r"\d+", "0", re.sub(r"[^\W\d_]+", "a", word.strip()))


def topic_notes(topics: list[str]) -> Iterator[str]:
    """A warning where there are too many topics to tire of, "" being none."""
    named = len(set(topics) - {""})
    if named > MANY_TOPICS and len(topics) < FEW_ITEMS * named:
        yield (
            f"Warning: {named:,} topics for {len(topics):,} items, fewer than {FEW_ITEMS} each. "
            "Users tire by topic; name broader ones, or leave the column out to have them found."
        )


def likeness_notes(texts: Sequence[str], vectors: NDArray[np.float32], name: str) -> Iterator[str]:
    """A warning of items that an encoder cannot tell apart.

    Args:
        texts: What was encoded.
        vectors: Their embeddings, (items, embedding).
        name: Of the encoder.
    """
    keys = [hashlib.sha256(row.round(5) + 0).digest() for row in vectors]  # of padding, last bits differ
    first: dict[bytes, str] = {}
    shared = {key for key, text in zip(keys, texts, strict=True) if first.setdefault(key, text) != text}
    alike = sum(key in shared for key in keys)
    if alike:
        yield (
            f"Warning: {alike:,} of {counted(len(texts), 'item')} ({alike / len(texts):.0%}) have the vector of an "
            f"item with another text: {name} cannot tell them apart. The built-in model reads English, without case; "
            "for other languages name a multilingual one, such as --model intfloat/multilingual-e5-small "
            "--prompt 'query: {text}'."
        )


def counted(number: int, noun: str) -> str:
    """A number with its noun, such as "1 item" and "1,200 items"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

"""What stands in the values of items files: lists of genres, HTML, characters that nobody sees, signs of mistakes."""

from __future__ import annotations

import ast
import html
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from html.entities import html5
from typing import Any

UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u2060"))
"""Byte order mark, zero-width space, word joiner. Zero-width joiners stay: Persian and emoji are spelt with them."""

INLINE = "a|abbr|b|big|cite|code|del|em|font|i|ins|mark|q|s|small|span|strike|strong|sub|sup|tt|u"
"""Elements within a word or line; where others stand, a word ends."""

BLOCKS = (
    "article|aside|blockquote|body|br|caption|center|dd|div|dl|dt|figure|footer|form|h[1-6]|head|header|hr|html|iframe|"
    "img|input|li|link|main|meta|nav|ol|p|pre|script|section|style|table|tbody|td|tfoot|th|thead|tr|ul|video"
)

_ATTRIBUTES = r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))*\s*"""
INLINE_TAG = re.compile(rf"</?(?:{INLINE}){_ATTRIBUTES}/?>", re.IGNORECASE)
BLOCK_TAG = re.compile(rf"</?(?:{BLOCKS}){_ATTRIBUTES}/?>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|([A-Za-z][A-Za-z0-9]*));")

LINE_START = re.compile(r"""[\r\n]["']?([^\s,;|"']+)["']?[,;|\t]""")
"""What a line behind the first begins with, up to what may be a separator."""

CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
"""Control characters but for white space. 0x80 to 0x9f come of windows-1252 read as latin-1."""

NO_GENRES = "(no genres listed)"
MANY_TOPICS, FEW_ITEMS = 20, 5
"""More topics than that, of fewer items on average, are hardly topics."""

BARE_LIST = re.compile(r"[\[{](.*)[\]}]", re.DOTALL)
TOUCHING = re.compile(r"""(['"])\s+(?=['"])""")
"""Two quoted names without a comma, as NumPy prints them; Python would read them as one."""


def cleaned(text: str) -> str:
    """NFC, without unseen characters, a run of white space as one blank."""
    return " ".join(unicodedata.normalize("NFC", text.translate(UNSEEN)).split())


def without_html(text: str) -> str:
    """HTML's tags taken out, entities read; other words between angles, and entities that spell a tag, stay as text."""
    plain = BLOCK_TAG.sub(" ", INLINE_TAG.sub("", text))
    return ENTITY.sub(lambda one: html.unescape(one[0]) if not one[1] or f"{one[1]};" in html5 else one[0], plain)


def in_a_row(text: str) -> str:
    """A list of texts, as JSON or Python has it, as one text; other text as it is."""
    value = _literal(text) if text.startswith("[") else None
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return " ".join(value)
    return text


def names_in(text: str, *, split: bool) -> list[str]:
    """Names in a list of genres, the main one first, each once.

    Args:
        text: A list as JSON, Python, NumPy or PostgreSQL writes it, of names or of objects with a "name"; or names
            between bars.
        split: Whether it is a list for certain: then semicolons and commas are between names, too, and brackets about
            them. A single topic may hold such.
    """
    value = _literal(text)
    if value is not None:
        names = list(_names(value))
    elif split and (bare := BARE_LIST.fullmatch(text.strip())):
        names = [name.strip(" '\"") for name in bare[1].split(",")]
        names = [name for name in names if name not in ("nan", "None", "null")]
    else:
        between = next((one for one in ("|;," if split else "|") if one in text), "|")
        names = text.split(between)
    names = [cleaned(without_html(name)) for name in names]
    return list(dict.fromkeys(name for name in names if name not in ("", NO_GENRES)))


def _names(value: Any) -> Iterator[str]:
    """Names in a list, in lists within it, and in objects: their "name", other texts, or what they count."""
    if isinstance(value, list | tuple):
        for part in value:
            yield from _names(part)
    elif isinstance(value, dict):
        texts = [part for part in value.values() if isinstance(part, str)]
        yield from [str(value["name"])] if "name" in value else texts or map(str, value)
    elif value is not None and value == value:  # not NaN
        yield str(value)


def _literal(text: str) -> Any:
    """The list or object that ``text`` spells, in JSON, Python or NumPy; None if it spells none, or numbers only."""
    text = text.strip()
    if text[:1] + text[-1:] not in ("[]", "{}", "()"):
        return None
    listed = "[" + TOUCHING.sub(r"\1, ", text[1:-1]) + "]"  # a set as a list, which keeps its order
    for parse, form in ((json.loads, text), (ast.literal_eval, listed), (ast.literal_eval, text)):
        try:
            value = parse(form)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
        numbers = isinstance(value, list) and value and all(isinstance(part, int | float) for part in value)
        return None if numbers or not isinstance(value, list | dict) else value
    return None


def counted(number: int, noun: str) -> str:
    """A number with its noun, such as "1 item" and "1,200 items"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def notes_on(kept: Sequence[tuple[str, dict[str, str]]], topics: Sequence[str]) -> Iterator[str]:
    """What a user should know of the items read, a line each: what was cleaned, what looks wrong.

    Args:
        kept: Where each item stands, and its values by our columns as the file has them.
        topics: Of each item; "" for none.
    """
    values = [(record["title"], record.get("text", "")) for _, record in kept]
    if count := sum(any(without_html(value) != value for value in pair) for pair in values):
        yield f"HTML was taken out of {counted(count, 'item')}."
    if control := [place for place, record in kept if CONTROL.search(record["title"])]:
        yield (
            f"Warning: control characters in {counted(len(control), 'title')}, the first in {control[0]}. "
            "Is the file in another encoding, such as --encoding windows-1252?"
        )
    titles = [place for place, record in kept if re.search(r"[\r\n]", record["title"].strip())]
    shapes = {_shape(record["id"]) for _, record in kept if re.search(r"\d", record["id"])}
    starts = [(place, LINE_START.findall(record.get("text", ""))) for place, record in kept]
    rows = [place for place, words in starts if not shapes.isdisjoint(map(_shape, words))]
    for places, what in ((titles, "line breaks in titles"), (rows, "lines that look like rows within values")):
        if places:
            shown = ", ".join(places[:5]) + (f" and {len(places) - 5:,} more" if len(places) > 5 else "")
            yield f"Warning: {what} ({shown}). A quote that is not closed in its line takes in the rows below it."
    named = len(set(topics) - {""})
    if named > MANY_TOPICS and len(topics) < FEW_ITEMS * named:
        yield (
            f"Warning: {named:,} topics for {len(topics):,} items, fewer than {FEW_ITEMS} each. "
            "Users tire by topic; name broader ones, or leave the column out to have them found."
        )


def _shape(word: str) -> str:
    """What ids have in common: "A12" and "C7" are of one shape."""
    return re.sub(r"\d+", "0", re.sub(r"[^\W\d_]+", "a", word.strip()))

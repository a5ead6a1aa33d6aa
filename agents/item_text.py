"""What stands in the values of items files: lists of genres, HTML, characters that nobody sees."""

from __future__ import annotations

import ast
import html
import json
import re
import unicodedata
from typing import Any

UNSEEN = "\ufeff\u200b\u2060"
"""Byte order mark, zero-width space, word joiner. Zero-width joiners stay: Persian and emoji are spelt with them."""

TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
"""Control characters but for white space. 0x80 to 0x9f come of windows-1252 read as latin-1."""

NO_GENRES = "(no genres listed)"


def cleaned(text: str) -> str:
    """NFC, without unseen characters, a run of white space as one blank."""
    return " ".join(unicodedata.normalize("NFC", text.translate(dict.fromkeys(map(ord, UNSEEN)))).split())


def without_html(text: str) -> str:
    """Tags taken out, entities read. An entity that spells a tag stays as text."""
    return ENTITY.sub(lambda found: html.unescape(found[0]), TAG.sub(" ", text))


def has_html(text: str) -> bool:
    """Whether ``without_html`` takes anything out or reads an entity."""
    return bool(TAG.search(text) or ENTITY.search(text))


def plain(text: str) -> str:
    """A list of texts, as JSON has it, in a row; other text as it is."""
    value = _literal(text)
    return " ".join(str(part) for part in value if part) if isinstance(value, list) else text


def names_in(text: str, *, split: bool) -> list[str]:
    """Names in a list of genres, the main one first, each once.

    Args:
        text: A list as Python or JSON writes it, of names or of objects with a "name"; or names between bars.
        split: Whether semicolons and commas are between names, too; a single topic may hold one.
    """
    value = _literal(text)
    if isinstance(value, list):
        names = [str(part.get("name", "")) if isinstance(part, dict) else str(part) for part in value]
    elif "|" in text:
        names = text.split("|")
    else:
        names = re.split(";" if ";" in text else ",", text) if split else [text]
    names = [cleaned(name) for name in names]
    return list(dict.fromkeys(name for name in names if name not in ("", NO_GENRES)))


def _literal(text: str) -> Any:
    """The list or object that ``text`` spells, in JSON or Python; None if it spells none."""
    if text[:1] not in ("[", "{"):
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        return [value] if isinstance(value, dict) else list(value)
    return None

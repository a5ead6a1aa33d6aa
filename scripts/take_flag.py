"""Flags that every verb has, taken from its words before its own are read."""

from __future__ import annotations

from collections.abc import Sequence


def take_flag(words: Sequence[str], flag: str) -> tuple[str | None, list[str]]:
    """The last value of ``flag``, None where it is not given, and the words without it.

    Raises:
        ValueError: If nothing stands behind it.
    """
    value, left = None, []
    rest = iter(words)
    for word in rest:
        if word == flag:
            value = next(rest, None)
            if value is None:
                raise ValueError(f"{flag} is the last word; say behind it what it is.")
        elif word.startswith(f"{flag}="):
            value = word.partition("=")[2]
        else:
            left.append(word)
    return value, left

"""Columns of an items file that one world needs and others leave alone: moods, prices, dates."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from driftrec.agents.catalogues.item_text import cleaned
from driftrec.simulators.feed.mood import MOODS
from driftrec.simulators.wire.dated import MOST_DAYS

Kept = Sequence[tuple[str, dict[str, str]]]
"""Where each item stands in its file, and its values by our columns."""


def moods_of(kept: Kept) -> tuple[str, ...]:
    """Mood of every item in small letters, "" where there is none; nothing if there is no such column."""
    return tuple(cleaned(record["mood"]).lower() for _, record in kept if "mood" in record)


def prices_of(kept: Kept) -> tuple[float, ...]:
    """Price of every item; nothing if there is no such column, or one price is none."""
    if any("price" not in record or price_fault(record) for _, record in kept):
        return ()
    return tuple(float(record["price"]) for _, record in kept)


def dates_of(kept: Kept) -> tuple[str, ...]:
    """Date of every item as ISO 8601 has it; nothing if there is no such column, or the dates make no calendar."""
    if any("date" not in record or date_fault(record) for _, record in kept) or calendar_fault(kept):
        return ()
    return tuple(date.isoformat() for date in _dates(kept))


def _dates(kept: Kept) -> list[datetime]:
    return [datetime.fromisoformat(record["date"].strip()) for _, record in kept]


def calendar_fault(kept: Kept) -> str:
    """What is wrong with dates, each of them fine, as a calendar; "" for nothing."""
    dates = _dates(kept)
    zoned = [date.tzinfo is not None for date in dates]
    if any(zoned) and not all(zoned):
        return f"{sum(zoned):,} of {len(zoned):,} dates have a time zone and the others none; write all in one."
    first, last = (choose(range(len(dates)), key=dates.__getitem__) for choose in (min, max))
    if dates[last] - dates[first] >= timedelta(days=MOST_DAYS):
        places = f"{kept[first][0]} ({dates[first]:%Y}) to {kept[last][0]} ({dates[last]:%Y})"
        return f"the dates span more than {MOST_DAYS // 366} years, from {places}; mend what is wrong."
    return ""


def date_fault(record: dict[str, str]) -> str:
    """What is wrong with the date of a row that has such a column, "" for nothing."""
    text = record["date"].strip()
    with suppress(ValueError):
        datetime.fromisoformat(text)
        return ""
    told = f"the date {text!r}" if text else "no date"
    return f"item {cleaned(record['id'])!r} has {told}; give one such as 2025-03-01T08:30."


def price_fault(record: dict[str, str]) -> str:
    """What is wrong with the price of a row that has such a column, "" for nothing."""
    text = record["price"].strip()
    try:
        fine = 0 <= float(text) < math.inf
    except ValueError:
        fine = False
    told = f"the price {text!r}" if text else "no price"
    return "" if fine else f"item {cleaned(record['id'])!r} has {told}; give a number in euros, 0 for an editorial."


def mood_fault(record: dict[str, str]) -> str:
    """The same of its mood."""
    mood = cleaned(record["mood"])
    told = f"the mood {mood!r}" if mood else "no mood"
    known = mood.lower() in MOODS
    return "" if known else f"item {cleaned(record['id'])!r} has {told}; Music knows {', '.join(MOODS)}."


def extra_notes(kept: Kept) -> Iterator[str]:
    """What keeps a column from the world that needs it, a line each; other worlds do without."""
    remedy = "Or leave such rows out: --columns {0}=COLUMN --bad-rows skip."
    for column, fault, then in (
        ("mood", mood_fault, "driftrec/Music-v0 will refuse the folder."),
        ("price", price_fault, f"No prices are written for driftrec/Shop-v0. {remedy.format('price')}"),
        ("date", date_fault, f"No dates are written for driftrec/NewsStream-v0. {remedy.format('date')}"),
    ):
        if column not in kept[0][1]:
            continue
        if told := _first(kept, fault) or (calendar_fault(kept) if column == "date" else ""):
            yield f"Warning: {told} {then}"


def column_csv(column: str, ids: Sequence[str], values: Sequence[object]) -> bytes:
    """Content of a folder's file of one column, such as prices."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([("id", column), *zip(ids, values, strict=True)])
    return text.getvalue().encode()


def _first(kept: Kept, fault: Callable[[dict[str, str]], str]) -> str:
    """The first fault with where it is, and how many more there are; "" if there is none."""
    faults = [f"{place}: {told}" for place, record in kept if (told := fault(record))]
    more = f" So {len(faults) - 1:,} more." if len(faults) > 1 else ""
    return f"{faults[0]}{more}" if faults else ""

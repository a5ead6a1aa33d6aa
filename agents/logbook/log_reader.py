"""The reader: a log of ours or of others, checked, put in order, with a count of all that was mended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from driftrec.agents.logbook import log_checks as checks
from driftrec.agents.logbook.log_dates import dates_in_seconds
from driftrec.agents.logbook.log_files import Columns, raw_table

SESSION_GAP = 0.5
"""Hours without an event after which a session is over, where a log does not say."""

WHO = ["policy", "version", "user"]
"""Columns that say whose life a row belongs to."""

NUMBERS = ("time", "step", "session", "slate", "position", "engagement")
CHANCES = ("propensity", "marginal", "slate_propensity")


@dataclass(frozen=True)
class Log:
    """A log in order: by policy, version, user, time and position; every slate whole.

    Attributes:
        file: Where it is from, for messages.
        rows: The columns of ``log_table.LOG_COLUMNS``, those of propensities and candidates NaN where not logged; and
            "start", when the user's hours began, in hours since 1970, NaN where the log does not say.
        slate_size: Positions of every slate.
        notes: What was mended, worked out or is odd, a sentence each, with counts.
        clicks_told: Whether the log itself says what was opened; else that follows from engagement.
    """

    file: str
    rows: pd.DataFrame
    slate_size: int
    notes: tuple[str, ...]
    clicks_told: bool = True

    @property
    def policies(self) -> list[tuple[str, str]]:
        """Name and version of every policy in it, "" where there is none."""
        pairs = self.rows[["policy", "version"]].drop_duplicates().fillna("")
        return [(str(name), str(version)) for name, version in pairs.itertuples(index=False)]

    def only(self, policy: str) -> Log:
        """What one policy wrote, by its name or "name@version"; all of a log of one.

        Raises:
            ValueError: If it is not in the log, or has several versions.
        """
        labels = {f"{name}@{version}" if version else name: (name, version) for name, version in self.policies}
        fits = [pair for label, pair in labels.items() if policy in ("", label, pair[0])]
        if len(fits) != 1:
            many = "several policies or versions fit" if fits else f"it holds no {policy!r}"
            raise ValueError(f"{self.file}: {many}; say --logged-by with one of {', '.join(labels)}.")
        name, version = fits[0]
        mine = (self.rows["policy"].fillna("") == name) & (self.rows["version"].fillna("") == version)
        return replace(self, rows=self.rows[mine].reset_index(drop=True))


def read_log(
    path: Path,
    columns: Columns | None = None,
    items: Collection[str] | None = None,
    without: Collection[str] = (),
) -> Log:
    """Read a log, or the ratings of a MovieLens folder.

    Refused, with file, row, value and remedy: a missing column or cell; an empty file; what is no number; negative and
    future times; hours mixed with Unix stamps; propensities outside (0, 1], missing for some slates, or with another
    product than the slate's; two different rows at one position; gaps between positions, and between a user's steps;
    slates of several sizes, users or times; a log without clicks and engagement; unknown items in more than half of the
    slates.

    Mended, counted and said in ``notes``: rows that are there twice; rows out of order (by time; at equal times the
    file's order stays); milliseconds among seconds; dates; positions from 1; slates with unknown items (left out
    whole).
    Worked out and said where a log lacks them: sessions (a new one after ``SESSION_GAP`` hours), slates (a row each),
    positions (the file's order), clicks (engagement above 0), engagement (the one kind of feedback that is there, or
    what ``columns`` adds up; without any a click is 1), the slate's propensity (the product). Only said: users with one
    slate, and engagement that is the same everywhere.

    Args:
        path: ``.parquet``, ``.csv`` or a folder with ``ratings.csv`` or ``ratings.dat``.
        columns: The file's names of columns by ours, where they differ; see ``log_files.Columns``.
        items: Ids of the catalogue; None takes any.
        without: Columns, by our names, that are not asked for and not read, which saves their memory.

    Raises:
        FileNotFoundError: If there is no such log.
        ValueError: For what is refused.
    """
    file, notes = str(path), _Notes()
    table, made_of = raw_table(path, columns or {}, without)
    notes(len(table) if made_of else 0, f"numbers of engagement worked out: {made_of}")
    if table.empty:
        raise ValueError(f"{file} holds no rows. Log some traffic: driftrec compare --log FILE.")
    checks.check_present(file, table, ("user", "item", "time"))
    told = "clicked" in table
    table = _numbered(table, notes)
    table = checks.check_numbers(file, dates_in_seconds(file, table, notes), (*NUMBERS, *CHANCES))
    checks.check_whole(file, table, ("session", "slate", "position"))
    checks.check_times(file, table)
    table = _feedback(file, table, notes)
    table = _unique(table, notes)
    table = _in_hours(table, notes)
    table = _in_order(table, notes)
    checks.check_steps(file, table, [name for name in WHO if name in table])
    table = _with_slates(table, notes)
    size = checks.check_whole_slates(file, table)
    checks.check_propensities(file, table)
    table = _known_items(file, table, items, notes)
    return Log(file, _whole(table, notes).reset_index(drop=True), size, tuple(notes.said), told)


class _Notes:
    """Sentences with counts, of what happened at all."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __call__(self, count: int, what: str) -> None:
        if count:
            self.said.append(f"{count:,} {what}")


def _numbered(table: pd.DataFrame, notes: _Notes) -> pd.DataFrame:
    """With slates by number where they have names."""
    if "slate" not in table or table["slate"].isna().any():
        return table
    if pd.to_numeric(table["slate"], errors="coerce").notna().all():
        return table
    number, names = pd.factorize(table["slate"])
    notes(len(names), "slates of names, numbered")
    return table.assign(slate=number)


def _feedback(file: str, table: pd.DataFrame, notes: _Notes) -> pd.DataFrame:
    """With clicks and engagement, the one worked out of the other."""
    if "clicked" not in table and "engagement" not in table:
        raise ValueError(
            f"{file} has neither clicked nor engagement, and no rating, minutes or purchase. Say which it is: "
            "--columns engagement=NAME."
        )
    if "clicked" in table and not pd.api.types.is_bool_dtype(table["clicked"]):
        texts = {"true": 1, "false": 0, "1": 1, "0": 0, "1.0": 1, "0.0": 0}
        flags = table["clicked"].astype(str).str.lower().map(texts)
        checks.refuse(file, flags.isna().to_numpy(), "clicked", table, "write true or false, or 1 or 0.")
        table = table.assign(clicked=flags.astype(np.bool_))
    elif "clicked" not in table:
        table = table.assign(clicked=table["engagement"].fillna(0.0) > 0)
        notes(len(table), "clicks worked out: engagement above 0")
    if "engagement" not in table:
        notes(len(table), "numbers of engagement worked out: 1 a click")
        return table.assign(engagement=table["clicked"].astype(np.float64))
    checks.check_present(file, table, ("engagement",))
    return table


def _unique(table: pd.DataFrame, notes: _Notes) -> pd.DataFrame:
    """Without rows that say the same as one before."""
    told = [name for name in table.columns if name != "candidates"]
    double = table.duplicated(told)
    notes(int(double.sum()), "rows left out: each says the same as one before")
    return table[~double]


def _in_hours(table: pd.DataFrame, notes: _Notes) -> pd.DataFrame:
    """With times in hours since each user's first event, and when that was."""
    times, start = table["time"], pd.Series(np.nan, table.index)
    if (times >= checks.EARLIEST_STAMP).any():
        thousands = times >= checks.FROM_MILLISECONDS
        if not thousands.all():
            notes(int(thousands.sum()), "times taken for milliseconds among seconds")
        times = times.where(~thousands, times / 1000.0) / 3600.0
        users = [name for name in WHO if name in table]
        start = times.groupby([table[name] for name in users], dropna=False).transform("min")
        times = times - start
    return table.assign(time=times, start=start)


def _in_order(table: pd.DataFrame, notes: _Notes) -> pd.DataFrame:
    """By user, time and position; the file's order where all are equal."""
    lives = [name for name in WHO if name in table]
    life = table.groupby(lives, sort=False, dropna=False).ngroup().to_numpy()
    keys = [table[name].to_numpy() for name in ("position", "slate", "step") if name in table]
    order = np.lexsort((*keys, table["time"].to_numpy(), life))
    moved = int(((np.diff(order) < 0) & (np.diff(life[order]) == 0)).sum())
    notes(moved, "places at which rows were out of order: put in order by user, time and position")
    return table.iloc[order]


def _with_slates(table: pd.DataFrame, notes: _Notes) -> pd.DataFrame:
    """With slates, positions, steps and sessions as whole numbers, worked out where they are missing."""
    lives = [name for name in WHO if name in table]
    if "slate" not in table and "step" in table:
        table = table.assign(slate=table.groupby([*lives, "step"], sort=False, dropna=False).ngroup())
    elif "slate" not in table and "position" in table:
        table = table.assign(slate=(table["position"] == table["position"].min()).cumsum())
    elif "slate" not in table:
        table = table.assign(slate=np.arange(len(table)))
        notes(len(table), "slates worked out: every row is one of its own")
    if "position" not in table:
        table = table.assign(position=table.groupby("slate", sort=False).cumcount())
        notes(table["slate"].nunique() if table["position"].any() else 0, "slates in the file's order of positions")
    elif table["position"].min() == 1:
        table = table.assign(position=table["position"] - 1)
        notes(len(table), "positions counted from 1: moved down by one")
    first = table["position"].to_numpy() == 0
    of_life = table.groupby(lives, sort=False, dropna=False)
    shown = pd.Series(first, table.index)
    table = table.assign(step=shown.groupby([table[name] for name in lives], dropna=False).cumsum() - 1)
    if "session" not in table:
        apart = (of_life["time"].diff().fillna(0.0) > SESSION_GAP).astype(np.int64)
        table = table.assign(session=apart.groupby([table[name] for name in lives], dropna=False).cumsum() + 1)
        notes(int(table[[*lives, "session"]].drop_duplicates().shape[0]), "sessions worked out of the times")
    return table.astype(dict.fromkeys(("slate", "position", "step", "session"), np.int64))


def _known_items(file: str, table: pd.DataFrame, items: Collection[str] | None, notes: _Notes) -> pd.DataFrame:
    """Without slates that hold an item which the catalogue lacks."""
    table = table.assign(item=table["item"].astype(str), user=table["user"].astype(str))
    if items is None:
        return table
    strange = ~table["item"].isin(set(items))
    slates = table.loc[strange, "slate"].unique()
    if 2 * len(slates) > table["slate"].nunique():
        why = f"the catalogue has no such item, nor those of {len(slates):,} slates in all. Give the log's --catalogue."
        checks.refuse(file, strange.to_numpy(), "item", table, why)
    notes(len(slates), "slates left out: the catalogue lacks an item of theirs")
    return table[~table["slate"].isin(slates)]


def _whole(table: pd.DataFrame, notes: _Notes) -> pd.DataFrame:
    """With all columns; and what is odd said."""
    lives = [name for name in WHO if name in table]
    number = table.groupby(lives, dropna=False)["slate"].nunique()
    notes(int((number == 1).sum()), "users with one slate: nothing follows from it for them")
    if table["engagement"].nunique() == 1 and len(table) > 1:
        notes(len(table), f"rows with one and the same engagement, {table['engagement'].iloc[0]:g}")
    if "propensity" in table and "slate_propensity" not in table:
        table = table.assign(slate_propensity=table.groupby("slate")["propensity"].transform("prod", min_count=1))
    absent = {name: None for name in ("policy", "version", "user_seed", "candidates") if name not in table}
    chances = {name: np.nan for name in CHANCES if name not in table}
    return table.assign(**absent, **chances)

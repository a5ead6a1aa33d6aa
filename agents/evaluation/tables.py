"""Tables as files: a summary as Markdown or aligned columns, which show the same three blocks; any table as CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from driftrec.simulators.files import check_readable, replacing

MARK = "~"
"""Follows the name of a policy that cannot be told from the floor, and is not the floor itself."""

ORACLE_MARK = "*"
"""Follows the name of a policy that was told the hidden truth."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        key: Key within a policy's part of the summary.
        title: Heading, with the place of the unit.
        meaning: What the number is, one line for the legend.
        form: Format of the numbers; z prints what rounds to -0 as 0.
    """

    key: str
    title: str
    meaning: str
    form: str


SHORT = {"minutes": "min"}
"""Units that have a short form, for titles."""

BLOCKS: tuple[tuple[Column, ...], ...] = (
    (
        Column("engagement", "engagement ({unit})", "{unit} in the episode, mean over users", "z.1f"),
        Column(
            "normalised",
            "normalised",
            "engagement with {floor} as 0 and {ceiling} as 1; - where one is missing or {ceiling} not clearly ahead",
            "z.3f",
        ),
        Column("versus_baseline", "vs baseline ({unit})", "engagement minus that of {baseline}, user by user", "+z.1f"),
    ),
    (
        Column("sessions", "sessions", "visits in the episode", "z.1f"),
        Column("session_engagement", "session ({unit})", "{unit} in a visit", "z.2f"),
        Column("click_rate", "click rate", "share of steps with a click", "z.3f"),
        Column("churn", "churn", "share of users gone for good before the horizon", "z.3f"),
    ),
    (
        Column(
            "slate_diversity",
            "diversity",
            "1 - mean cosine of a slate's items, by texts or features; - for slates of one",
            "z.3f",
        ),
        Column("catalogue_coverage", "coverage", "share of the catalogue shown to at least one user", "z.3f"),
        Column("interest_drift", "drift", "1 - cosine between true interest at start and at end", "z.3f"),
    ),
)


def markdown(summary: Mapping[str, Any]) -> str:
    """The summary as Markdown: three tables, one row a policy by falling engagement, and a legend."""
    tables = "\n\n".join(markdown_table(frame) for frame in _frames(summary))
    legend = "\n".join(f"- {line}" for line in method(summary) + meanings(summary, _blocks(summary)))
    return f"# Policies in {summary['world']}\n\n{tables}\n\n{legend}\n"


def text_table(summary: Mapping[str, Any]) -> str:
    """The summary for a terminal: the same three tables in aligned columns, how they were made, what is compared."""
    tables = "\n\n".join(frame.to_string(index=False) for frame in _frames(summary))
    return f"{tables}\n\n" + "\n".join(method(summary) + meanings(summary, BLOCKS[:1])) + "\n"


def by_engagement(summary: Mapping[str, Any]) -> list[str]:
    """Names of the policies by falling mean engagement; equal ones in the summary's order."""
    policies = summary["policies"]
    return sorted(policies, key=lambda name: -policies[name]["engagement"]["mean"])


def sample_size(summary: Mapping[str, Any]) -> str:
    """How many users and, where anything was trained, training seeds a summary rests on, in words."""
    users = f"{summary['users']:,} users"
    trained = [policy["training_seeds"] for policy in summary["policies"].values() if policy["training_seeds"]]
    if not trained:
        return users
    numbers = sorted(set(map(len, trained)))
    each = " each" if len(numbers) == 1 and len(set(chain.from_iterable(trained))) > numbers[0] else ""
    return f"{users}, {' or '.join(map(str, numbers))} training seed{'s' if numbers[-1] > 1 else ''}{each}"


def _frames(summary: Mapping[str, Any]) -> list[pd.DataFrame]:
    """One table of strings per block."""
    names = by_engagement(summary)
    shown = [marked(name, summary) for name in names]
    width = max(map(len, shown))
    first = {"policy".ljust(width): [name.ljust(width) for name in shown]}
    found = [summary["policies"][name] for name in names]
    return [
        pd.DataFrame(first | {column_title(c, summary): [_cell(one[c.key], c.form) for one in found] for c in block})
        for block in _blocks(summary)
    ]


def present(summary: Mapping[str, Any], block: Sequence[Column]) -> list[Column]:
    """The columns of a block that mean something in the world: some policy has them, and not all visits are one.

    Where every user makes one visit an episode, as in published worlds, visits are left out.
    """
    policies = list(summary["policies"].values())
    visits = [value for policy in policies for value in (policy["sessions"] or {}).values()]
    once = all(abs(value - 1.0) < 1e-9 for value in visits)  # means of resamples are rounded
    of_visits = ("sessions", "session_engagement")
    return [c for c in block if any(policy[c.key] for policy in policies) and not (once and c.key in of_visits)]


def _blocks(summary: Mapping[str, Any]) -> list[Sequence[Column]]:
    """``BLOCKS`` without what means nothing; the first is whole, since what it lacks has reasons that are told."""
    return [block for block in (BLOCKS[0], *(present(summary, block) for block in BLOCKS[1:])) if block]


def marked(name: str, summary: Mapping[str, Any]) -> str:
    """The policy's name with ``ORACLE_MARK`` where it is one, and ``MARK`` where it cannot be told from the floor."""
    return " ".join([name, *[ORACLE_MARK] * summary["policies"][name]["oracle"], *[MARK] * like_floor(name, summary)])


def like_floor(name: str, summary: Mapping[str, Any]) -> bool:
    """Whether a policy that is not the floor itself cannot be told from it."""
    return summary["policies"][name]["distinguishable_from_random"] is False and name != summary["floor"]


def _cell(value: Mapping[str, float] | None, form: str) -> str:
    return " ".join(number_and_ends(value, form)).strip()


def number_and_ends(value: Mapping[str, float] | None, form: str) -> tuple[str, str]:
    """A number and its interval in brackets; "-" and nothing where there is none."""
    if value is None:
        return "-", ""
    middle = value["mean"] if "mean" in value else value["difference"]
    return f"{middle:{form}}", f"[{value['low']:{form}}, {value['high']:{form}}]"


def in_unit(words: str, unit: str) -> str:
    """``words`` with the unit in brackets, unless they begin with it: some engagement is counted in "engagement"."""
    return words if words.split()[0] == unit else f"{words} ({unit})"


def column_title(column: Column, summary: Mapping[str, Any]) -> str:
    """A column's heading, with the unit where it has one."""
    words, place, _ = column.title.partition(" ({unit})")
    unit = summary["unit"]
    return in_unit(words, SHORT.get(unit, unit)) if place else words


def markdown_table(frame: pd.DataFrame) -> str:
    """A table of strings as Markdown: the first column to the left, the others to the right."""
    rows = [list(frame.columns), ["---", *["---:"] * (frame.shape[1] - 1)], *frame.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(cell.strip().replace("|", "\\|") for cell in row) + " |" for row in rows)


def meanings(summary: Mapping[str, Any], blocks: Sequence[Sequence[Column]]) -> list[str]:
    """What the numbers of every column are, a line each."""
    return [f"{column_title(c, summary)}: {c.meaning.format_map(summary)}" for block in blocks for c in block]


def method(summary: Mapping[str, Any]) -> list[str]:
    """What was compared and how, a line each; what failed, too."""
    about, seeds = summary["interval"], summary["seeds"]
    trained = f" ({', '.join(map(str, seeds['training']))})" if seeds["training"] else ""
    tuned = [
        f"{label}: tuned to {', '.join(f'{name} {value:.4g}' for name, value in parameters.items())}"
        for label, parameters in summary.get("parameters", {}).items()
    ]
    failed = [f"not finished: {label}: {why}" for label, why in summary.get("failed", {}).items()]
    return [
        f"{sample_size(summary)}{trained}, evaluation seed {seeds['evaluation']}; every policy met the same users",
        f"[low, high]: {about['level']:.0%} interval, {about['method']}, {about['resamples']} resamples "
        f"(coverage: {about['coverage_resamples']})",
        f"{MARK}: the interval of the paired difference to {summary['floor']} holds 0",
        f"{ORACLE_MARK}: told the hidden truth of every user; no recommender can know it",
        *tuned,
        *failed,
    ]


def write_table(table: pd.DataFrame, file: Path) -> None:
    """Write or replace a table without its index; all names are quoted, as a carriage return in one would end its line.

    Raises:
        OSError: If it cannot be written, as on a full disk; names it, and what was there stays.
    """
    with replacing(file) as part:
        table.to_csv(part, index=False, quoting=csv.QUOTE_NONNUMERIC)


def table_file(folder: Path, name: str) -> Path:
    """Where a folder has a table: as Parquet where it is packed so, else as CSV, be it there or not."""
    packed = folder / f"{name}.parquet"
    return packed if packed.is_file() and not (folder / f"{name}.csv").is_file() else folder / f"{name}.csv"


def read_table(file: Path, types: Mapping[str, str]) -> pd.DataFrame:
    """Read what ``write_table`` wrote, or the same as Parquet; only what is empty is missing.

    ``types`` are those of columns by name, "str" for names: they may be "007", "True", "NA" or "nan".

    Raises:
        OSError: If it cannot be opened.
        ValueError: If it is damaged; names it.
    """
    read = _read_packed if file.suffix == ".parquet" else _read_csv
    check_readable(file)
    try:
        table = read(file, types)
    except (OSError, ValueError, TypeError, LookupError, ArithmeticError, NotImplementedError) as error:
        raise ValueError(f"The table {file} is damaged: {str(error).strip()}") from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes what is too much for names of rows
        raise ValueError(f"The table {file} is damaged: its rows have more values than it has columns.")
    return table


def _read_csv(file: Path, types: Mapping[str, str]) -> pd.DataFrame:
    return pd.read_csv(file, dtype=dict(types), keep_default_na=False, na_values=[""])


def _read_packed(file: Path, types: Mapping[str, str]) -> pd.DataFrame:
    table = pd.read_parquet(file)
    return table.astype({column: kind for column, kind in types.items() if column in table})

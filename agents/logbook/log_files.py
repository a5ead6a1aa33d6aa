"""Files that hold logs, as raw tables by our column names: our own, anybody's by a map of names, MovieLens."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from driftrec.agents.logbook.feedback import Worth, added_up, told_feedback, worth_in_words, worth_of
from driftrec.agents.logbook.log_table import LOG_COLUMNS, LOG_SCHEMA, SUFFIXES
from driftrec.simulators.settings import nearest

Columns = Mapping[str, str]
"""A file's column by our name of it; of engagement also what several add up to, as of ``feedback.worth_of``."""

MOVIELENS: Columns = {"user": "userId", "item": "movieId", "engagement": "rating", "time": "timestamp"}
MOVIELENS_FILES = ("ratings.csv", "ratings.dat")
"""Of the small and the latest sets, and of the set of a million ratings, whose file has no heading."""

_KIND = "kind of feedback: "
"""Before the name of a column that is added up: it may also be read as another one."""

TEXTS = ("policy", "version", "user", "item")
"""Columns that are names, whatever they look like: "007" stays so."""


def parse_columns(text: str) -> Columns:
    """The map that "user=userId,item=movieId" stands for.

    Raises:
        ValueError: If a part has no "=", or a name of ours is unknown (the message gives the nearest) or double.
    """
    found: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        ours, equals, theirs = part.partition("=")
        if not equals or not theirs:
            raise ValueError(f"--columns has {part!r}; write OURS=THEIRS, such as user=userId.")
        if ours not in LOG_SCHEMA.names:
            raise ValueError(f"--columns has {ours!r}, which is no column of a log. {nearest(ours, LOG_SCHEMA.names)}")
        if ours in found:
            raise ValueError(f"--columns says {ours!r} twice; leave one out.")
        found[ours] = theirs
    return found


def raw_table(path: Path, columns: Columns, without: Collection[str] = ()) -> tuple[pd.DataFrame, str]:
    """The table of a file, or of a MovieLens folder, with our column names and no others, ``without`` some of these.

    And what its engagement was worked out of, in words, "" where the file has such a column or none.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If the suffix is unknown, the file cannot be read, or a column is missing.
    """
    if path.is_dir():
        if columns:
            raise ValueError(f"{path} is a folder of MovieLens, whose columns are known. Leave --columns out.")
        return _movielens(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no log {path}; driftrec compare --log FILE writes one.")
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"The log {str(path)!r} must end in {' or '.join(SUFFIXES)}, or be a MovieLens folder.")
    names = _heading(path)
    worth = _worth(path, columns, names)
    columns = {ours: name for ours, name in columns.items() if ours != "engagement" or not worth}
    absent = [theirs for theirs in (*columns.values(), *worth) if theirs not in names]
    if absent:
        raise ValueError(f"{path} has no column {absent[0]!r}, which --columns names. {nearest(absent[0], names)}")
    theirs = {ours: columns.get(ours, ours) for ours in LOG_SCHEMA.names}
    missing = [column.name for column in LOG_COLUMNS if column.needed and theirs[column.name] not in names]
    if missing:
        raise ValueError(
            f"{path} has no column {' and none '.join(map(repr, missing))}; it has {', '.join(names)}. "
            f"Say which it is: --columns {','.join(f'{name}=NAME' for name in missing)}."
        )
    theirs = {ours: name for ours, name in theirs.items() if name in names and ours not in without}
    if not worth or "engagement" in without:
        return _picked(path, theirs), ""
    kinds = {_KIND + name: name for name in worth}
    table = _picked(path, theirs | kinds)
    engagement = added_up(str(path), table[list(kinds)].rename(columns=kinds), worth)
    return table.drop(columns=list(kinds)).assign(engagement=engagement), worth_in_words(worth)


def _worth(path: Path, columns: Columns, names: Sequence[str]) -> Worth:
    """What columns of a file are worth of which engagement is added up; none where it is a column as it is."""
    told = columns.get("engagement", "engagement")
    if told in names:
        return {}
    return told_feedback(str(path), names) if told == "engagement" else worth_of(told)


def _heading(path: Path) -> Sequence[str]:
    """Names of the columns."""
    with _naming(path):
        if path.suffix.lower() == ".parquet":
            return list(pq.read_schema(path).names)
        return list(pd.read_csv(path, nrows=0).columns)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """What pandas and pyarrow raise inside ``with``, as ValueError that names the file and the remedy."""
    try:
        yield
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path} is empty: not even a heading. Write the log again.") from error
    except PermissionError:
        raise
    except (ValueError, OSError, TypeError, LookupError, ArithmeticError, NotImplementedError) as error:
        raise ValueError(f"{path} cannot be read as {path.suffix}: {error}. Write the log again.") from error


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """The table; ValueError where pandas made row names of what stands in more columns than the heading has."""
    if isinstance(table.index, pd.RangeIndex):
        return table
    raise ValueError("rows have more values than the heading names columns")


def _picked(path: Path, theirs: Columns) -> pd.DataFrame:
    """The columns ``theirs`` of a file by our names; one of theirs may serve twice."""
    wanted = list(dict.fromkeys(theirs.values()))
    with _naming(path):
        if path.suffix.lower() == ".parquet":
            table = pd.read_parquet(path, columns=wanted)
        else:
            texts = {theirs[ours]: "str" for ours in (*TEXTS, "candidates") if ours in theirs}
            table = _flat(pd.read_csv(path, usecols=wanted, dtype=texts, keep_default_na=False, na_values=[""]))
        return pd.DataFrame({ours: table[name] for ours, name in theirs.items()})


def _movielens(folder: Path) -> tuple[pd.DataFrame, str]:
    """Ratings of a MovieLens folder: every rating is a slate of one, and the rating its engagement."""
    for name in MOVIELENS_FILES:
        file = folder / name
        if file.exists() and file.suffix == ".csv":
            return raw_table(file, MOVIELENS)
        if file.exists():
            heading = ["user", "item", "engagement", "time"]
            with _naming(file):
                types = {"user": "str", "item": "str"}
                return _flat(pd.read_csv(file, sep="::", engine="python", names=heading, dtype=types)), ""
    raise FileNotFoundError(f"The folder {folder} holds no {' and no '.join(MOVIELENS_FILES)}; give a log file.")

"""Rows of an items file, whatever its format: delimited text, JSON lines, JSON or Parquet, gzipped or not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from driftrec.agents.catalogues.delimited import Record, Rows, read_delimited
from driftrec.agents.catalogues.item_bytes import PARQUET, decoded, read_bytes

JSON = re.compile(r"\s*\[\s*\{")
JSON_LINES = re.compile(r'\s*\{\s*"')


def read_rows(path: Path, encoding: str | None, serves: Callable[[list[str]], bool], needed: int = 0) -> Rows:
    """Read all rows of a file.

    Args:
        path: The file. What it is shows in its first bytes, and for JSON in its first characters.
        encoding: Of text; None for UTF-8, or what its byte order mark says.
        serves: Whether a header names all that is needed; tells separators apart.
        needed: Values that a row needs in delimited text without a header; 0 if there is a header.

    Raises:
        FileNotFoundError: If there is no such file.
        PermissionError: If it must not be read.
        ValueError: If it cannot be decoded or is damaged; names the line, and what to do.
    """
    data, assumed = read_bytes(path)
    if data.startswith(PARQUET):
        return _parquet(path, data, (*assumed, "as Parquet"))
    text, how = decoded(path, data, encoding)
    assumed += how
    if JSON.match(text):
        return _json(path, text, (*assumed, "as JSON"))
    if JSON_LINES.match(text):
        return _json_lines(path, text, (*assumed, "as JSON lines"))
    rows = read_delimited(path, text, serves, needed)
    return rows._replace(assumed=(*assumed, *rows.assumed))


def _json(path: Path, text: str, assumed: tuple[str, ...]) -> Rows:
    """Objects of a JSON list."""
    try:
        objects = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not valid JSON ({error}).") from error
    return _table([(f"object {number}", one) for number, one in enumerate(objects, 1)], assumed)


def _json_lines(path: Path, text: str, assumed: tuple[str, ...]) -> Rows:
    """Objects, one a line. Only line feeds end lines: JSON texts may hold what else Python calls one."""
    found: list[tuple[str, Any]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                found.append((f"line {number}", json.loads(line)))
            except json.JSONDecodeError as error:
                found.append((f"line {number}", error))
    if isinstance(found[0][1], json.JSONDecodeError):
        raise ValueError(
            f"{path}, {found[0][0]}: not valid JSON ({found[0][1]}). Give one object a line, or a list [{{...}}, ...]."
        )
    return _table(found, assumed)


def _parquet(path: Path, data: bytes, assumed: tuple[str, ...]) -> Rows:
    import pyarrow as pa  # half a second, for those who need it
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} is Parquet and damaged ({error}); is it whole?") from error
    columns = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
    rows = [Record(f"row {number}", list(values)) for number, values in enumerate(zip(*columns, strict=True), 1)]
    return Rows(table.column_names, rows, assumed)


def _table(objects: list[tuple[str, Any]], assumed: tuple[str, ...]) -> Rows:
    """Objects as rows under the names that any of them has."""
    header = list(dict.fromkeys(name for _, one in objects if isinstance(one, dict) for name in one))
    return Rows(header, [_row(place, one, header) for place, one in objects], assumed)


def _row(place: str, one: Any, header: list[str]) -> Record:
    if isinstance(one, dict):
        return Record(place, [_cell(one.get(name)) for name in header])
    if isinstance(one, json.JSONDecodeError):
        return Record(place, [], f"not valid JSON ({one}).")
    return Record(place, [], f"{json.dumps(one)[:60]} is no object; an item is {{...}}.")


def _cell(value: Any) -> str:
    """A value as text; lists and objects as JSON, which ``item_text`` reads again; "" where there is none."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, list | dict | bool | float):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)

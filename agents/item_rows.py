"""Rows of an items file, whatever its format: delimited text, JSON lines, JSON or Parquet, gzipped or not.

Delimited text is read by Python's csv, which knows the line that a row begins in; Parquet by pyarrow.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", "::": "double colons"}
"""What may stand between values, in words; the first under which the header names what is needed is taken."""

UNUSED = "\x1f"
"""Stands for separators of two characters, which csv does not know: ASCII's own separator of units."""

Row = tuple[str, list[str]]
"""Where a row begins, in words, and its values."""


@dataclass(frozen=True)
class Rows:
    """What a file holds.

    Attributes:
        header: Names of the columns.
        rows: The rows behind it, blank ones left out.
        assumed: How the file was read, in words, as far as it is not plain UTF-8 with commas.
    """

    header: list[str]
    rows: list[Row]
    assumed: tuple[str, ...]


def read_rows(path: Path, encoding: str | None, serves: Callable[[list[str]], bool]) -> Rows:
    """Read all rows of a file.

    Args:
        path: The file. What it is shows in its first bytes, and for JSON in its first character.
        encoding: Of text; None for UTF-8, or UTF-16 where the file begins with its mark.
        serves: Whether a header names all that is needed; tells separators apart.

    Raises:
        FileNotFoundError: If there is no such file.
        PermissionError: If it must not be read.
        ValueError: If it cannot be decoded or is damaged; names the line, and what to do.
    """
    data = _read(path)
    assumed = []
    if data[:2] == b"\x1f\x8b":
        data = _unzipped(path, data)
        assumed.append("gzipped")
    if data[:4] == b"PAR1":
        return _parquet(path, data, (*assumed, "as Parquet"))
    text, how = _decoded(path, data, encoding)
    assumed += how
    if text.lstrip()[:1] in ("{", "["):
        return _json(path, text, tuple(assumed))
    return _delimited(path, text, serves, assumed)


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give the file with the items.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no items file {path.absolute()}.") from None
    except PermissionError:
        raise PermissionError(f"{path} must not be read by this user; change its permissions.") from None


def _unzipped(path: Path, data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{path} is gzipped and damaged ({error}); is it whole?") from error


def _decoded(path: Path, data: bytes, encoding: str | None) -> tuple[str, list[str]]:
    """The file's text without a byte order mark, and what was assumed of it."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    name = encoding or ("utf-16" if marked else "utf-8-sig")
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise ValueError(f"encoding {name!r} is not known; try utf-8-sig, windows-1252 or latin-1.") from error
    try:
        text = data.decode(name).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        offset = len(data) - len(error.object) + error.start  # the codec does not count a byte order mark
        line = len(data[:offset].splitlines()) + data[:offset].endswith((b"\n", b"\r")) or 1
        byte = data[offset] if offset < len(data) else data[-1]
        raise ValueError(
            f"{path}: byte {offset} (0x{byte:02x}) in line {line} is not valid {name}. "
            f"Say what the file is written in{_likely(data)}."
        ) from error
    return text, [f"as {name}"] if encoding or marked else []


def _likely(data: bytes) -> str:
    """A hint at the encoding of bytes that are not UTF-8.

    Bytes 0x80 to 0x9f are quotes and dashes in windows-1252, and control characters in latin-1, which nobody types.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ": it begins with the mark of UTF-16, --encoding utf-16"
    high = "windows-1252" if re.search(rb"[\x80-\x9f]", data) else "latin-1"
    return f"; it looks like --encoding {high} (argument encoding)"


def _delimited(path: Path, text: str, serves: Callable[[list[str]], bool], assumed: list[str]) -> Rows:
    first, _, rest = text.partition("\n")
    told = re.fullmatch(r"sep=(.)\r?", first)
    skipped = 1 if told else 0
    if told:
        text, tried = rest, [told[1]]
    else:
        tried = list(SEPARATORS)
    header_line = next((line for line in text.splitlines() if line.strip()), "")
    separator = next((one for one in tried if serves(_header(header_line, one))), tried[0])
    lines = _lines(path, text, separator, skipped)
    header = next(lines, ("", []))[1]
    if separator != ",":
        assumed.append(f"separated by {SEPARATORS.get(separator, repr(separator))}")
    return Rows(header, list(lines), tuple(assumed))


def _header(line: str, separator: str) -> list[str]:
    """Values of one line, [] where it is not whole: a quoted name may hold a line break."""
    if len(separator) > 1:
        return line.split(separator)
    try:
        return next(csv.reader([line], strict=True, delimiter=separator), [])
    except csv.Error:
        return []


def _lines(path: Path, text: str, separator: str, skipped: int) -> Iterator[Row]:
    """The rows with the line that each begins in, from 1; blank ones left out."""
    if len(separator) > 1:
        source = io.StringIO(text.replace(separator, UNUSED), newline="")
        reader = csv.reader(source, strict=True, delimiter=UNUSED, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    longest = csv.field_size_limit(max(len(text), 131_072))  # csv's own limit is one for the whole process
    try:
        while True:
            line = reader.line_num + 1 + skipped
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise ValueError(
                    f"{path}, line {line}: not valid CSV ({error}). Is a quote missing or too many?"
                ) from error
            if any(value.strip() for value in row):
                yield f"line {line}", row
    finally:
        csv.field_size_limit(longest)


def _json(path: Path, text: str, assumed: tuple[str, ...]) -> Rows:
    """Objects of a JSON array, or one a line."""
    if text.lstrip()[0] == "[":
        places, how = None, "as JSON"
        objects = _parsed(path, text, "")
        if not isinstance(objects, list):
            raise ValueError(f"{path} is JSON, but no list of objects; give [{{...}}, {{...}}].")
    else:
        numbered = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        places, how = [f"line {number}" for number, _ in numbered], "as JSON lines"
        objects = [_parsed(path, line, f", line {number}") for number, line in numbered]
    places = places or [f"object {number}" for number in range(1, len(objects) + 1)]
    return _table(path, objects, places, (*assumed, how))


def _parsed(path: Path, text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}{where}: not valid JSON ({error}).") from error


def _parquet(path: Path, data: bytes, assumed: tuple[str, ...]) -> Rows:
    import pyarrow as pa  # half a second, for those who need it
    import pyarrow.parquet as pq

    try:
        objects = pq.read_table(pa.BufferReader(data)).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} is Parquet and damaged ({error}); is it whole?") from error
    return _table(path, objects, [f"row {number}" for number in range(1, len(objects) + 1)], assumed)


def _table(path: Path, objects: list[Any], places: list[str], assumed: tuple[str, ...]) -> Rows:
    """Objects as rows under the names that any of them has."""
    for place, one in zip(places, objects, strict=True):
        if not isinstance(one, dict):
            raise ValueError(f"{path}, {place}: {json.dumps(one)[:60]} is no object; an item is {{...}}.")
    header = list(dict.fromkeys(name for one in objects for name in one))
    rows = [[_cell(one.get(name)) for name in header] for one in objects]
    return Rows(header, list(zip(places, rows, strict=True)), assumed)


def _cell(value: Any) -> str:
    """A value as text; lists and objects as JSON, which ``item_text.names_in`` and ``plain`` read again."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)

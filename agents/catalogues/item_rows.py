"""Rows of an items file, whatever its format: delimited text, JSON lines, JSON or Parquet, gzipped or not."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from _csv import Reader

OTHER_FORMATS = {
    b"PK\x03\x04": "a zip archive or an Excel workbook; unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"BZh": "compressed by bzip2; unpack it",
    b"\xfd7zXZ": "compressed by xz; unpack it",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; unpack it",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
}
"""What files are that begin with these bytes and that nobody should decode, with the remedy."""

MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16's, with which it begins
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings by the byte order mark that a file begins with; UTF-8's is left to its codec."""

SEPARATORS = {"::": "double colons", "\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}
"""What may stand between values, in words; those that are rare within values come first."""

Serves = Callable[[list[str]], bool]


class Record(NamedTuple):
    """A row of an items file.

    Attributes:
        place: Where it begins, in words.
        values: Its values; fewer or more than there are columns if it is bad.
        fault: Why it could not be read, "" if it could.
    """

    place: str
    values: list[str]
    fault: str = ""


class Rows(NamedTuple):
    """What an items file holds.

    Attributes:
        header: Names of the columns.
        rows: The rows, blank ones left out.
        assumed: How the file was read, in words, as far as it is not plain UTF-8 with commas.
    """

    header: list[str]
    rows: list[Record]
    assumed: tuple[str, ...] = ()


def read_rows(path: Path, encoding: str | None, serves: Serves, needed: int = 0) -> Rows:
    """Read all rows of a file.

    The separator of delimited text is the one that a first line "sep=;" tells; else the first under which the header
    serves, or, without a header, the one under which most rows have the same number of values. Between tabs, quotes
    that are not those of CSV are taken as text.

    Args:
        path: The file. What it is shows in its first bytes, and for JSON in its first characters.
        encoding: Of text; None for UTF-8, or what its byte order mark says.
        serves: Whether a header names all that is needed; tells separators apart.
        needed: Values that a row needs without a header, whose columns are called "1", "2" and so on; 0 with one.

    Raises:
        FileNotFoundError: If there is no such file.
        PermissionError: If it must not be read.
        ValueError: If it cannot be decoded or is damaged; names the line, and what to do.
    """
    data, assumed = _content(path)
    if data.startswith(b"PAR1"):
        rows = _parquet(path, data)
    else:
        text, how = _decoded(path, data, encoding)
        assumed += how
        if re.match(r"\s*\[\s*\{", text):
            rows = _json(path, text)
        elif re.match(r'\s*\{\s*"', text):
            rows = _json_lines(path, text)
        else:
            rows = _delimited(path, text, serves, needed)
    return rows._replace(assumed=(*assumed, *rows.assumed))


def _content(path: Path) -> tuple[bytes, list[str]]:
    """A file's content, unzipped if it is gzipped, and what was assumed of it."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give the file with the items.")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no items file {path.absolute()}.") from None
    except PermissionError:
        raise PermissionError(f"{path} must not be read by this user; change its permissions.") from None
    for begin, what in OTHER_FORMATS.items():
        if data.startswith(begin):
            raise ValueError(f"{path} is {what}.")
    if not data.startswith(b"\x1f\x8b"):
        return data, []
    try:
        return gzip.decompress(data), ["gzipped"]
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{path} is gzipped and damaged ({error}); is it whole?") from error


def _decoded(path: Path, data: bytes, encoding: str | None) -> tuple[str, list[str]]:
    """The text of a file without a byte order mark, and what was assumed of it."""
    marked = next((name for mark, name in MARKS.items() if data.startswith(mark)), None)
    name = encoding or marked or "utf-8-sig"
    try:
        codecs.lookup(name)
        text = data.decode(name).removeprefix("\ufeff")
    except LookupError as error:
        raise ValueError(f"encoding {name!r} is not known; try utf-8-sig, windows-1252 or latin-1.") from error
    except UnicodeDecodeError as error:
        offset = len(data) - len(error.object) + error.start  # the codec does not count a byte order mark
        line = len(data[:offset].splitlines()) + data[:offset].endswith((b"\n", b"\r")) or 1
        raise ValueError(
            f"{path}: byte {offset} (0x{data[offset]:02x}) in line {line} is not valid {name}. {_likely(data, marked)}"
        ) from error
    if "\0" in text[:4]:
        raise ValueError(f"{path} begins with {text[:4]!r}, which is no text. {_likely(data, marked)}")
    return text, [f"as {name}"] if encoding or marked else []


def _likely(data: bytes, marked: str | None) -> str:
    """A hint at the encoding of bytes that cannot be decoded.

    Bytes 0x80 to 0x9f are quotes and dashes in windows-1252, and control characters in latin-1, which nobody types.
    """
    if marked:
        return f"It begins with the mark of --encoding {marked} (argument encoding)."
    if b"\0" in data[:4]:
        return f"It looks like --encoding utf-16-{'be' if data[0] == 0 else 'le'} (argument encoding)."
    text = data.decode("utf-8", errors="replace")
    if len(text) - len(text.encode("ascii", errors="ignore")) > 2 * text.count("\ufffd"):
        return "Most of the file is UTF-8, which another encoding would garble: mend this place."
    western = "windows-1252" if re.search(rb"[\x80-\x9f]", data) else "latin-1"
    if re.search(rb"[\x81\x8d\x8f\x90\x9d]", data):  # that windows-1252 leaves out
        return "Say what it is written in, for example --encoding gb18030, shift_jis or windows-1251."
    return f"If the language is Western European, it looks like --encoding {western} (argument encoding)."


def _delimited(path: Path, text: str, serves: Serves, needed: int) -> Rows:
    told = re.match(r"sep=(.)(\r\n|\r|\n|$)", text)
    separator = told[1] if told else _separator(text[:100_000], serves, needed)
    assumed = [] if separator == "," else [f"separated by {SEPARATORS.get(separator, repr(separator))}"]
    read = partial(_split, text[told.end() if told else 0 :], separator, lines_before=1 if told else 0)
    rows = read()
    if separator == "\t" and any(row.fault for row in rows):
        rows = read(quotes=False)
        assumed.append("quotes as text")
    for row in rows:  # behind an open quote all rows are lost, so that this is no bad row among others
        if row.fault and (row is rows[0] or "unexpected end of data" in row.fault):
            raise ValueError(f"{path}, {row.place}: {row.fault}")
    if needed:
        columns = [str(number) for number in range(1, 1 + _usual(rows)[0])]
        return Rows(columns, rows, (*assumed, "without a header"))
    return Rows(rows[0].values if rows else [], rows[1:], tuple(assumed))


def _separator(head: str, serves: Serves, needed: int) -> str:
    """The separator of a text that begins so, the rarest of those that fit."""
    if not needed:
        first = {one: _split(head, one, most=1) for one in SEPARATORS}
        return next((one for one, rows in first.items() if rows and serves(rows[0].values)), ",")

    def agreement(separator: str) -> float:
        """Share of the first rows that have the most usual number of values; 0 if these are fewer than needed."""
        rows = _split(head, separator, quotes=separator != "\t", most=100)
        usual, times = _usual(rows)
        return times / len(rows) if usual >= max(needed, 2) else 0.0

    return max(SEPARATORS, key=agreement)


def _usual(rows: list[Record]) -> tuple[int, int]:
    """The most usual number of values, and how many rows have it."""
    return next(iter(Counter(len(row.values) for row in rows).most_common(1)), (0, 0))


def _split(
    text: str, separator: str, *, quotes: bool = True, lines_before: int = 0, most: int | None = None
) -> list[Record]:
    """At most so many rows of a text, by Python's csv and not pandas, for each tells the line it begins in."""
    if len(separator) > 1:  # as of MovieLens, where quotes are text; for csv, ASCII's own separator of units stands
        text, separator, quotes = text.replace(separator, "\x1f"), "\x1f", False
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    longest = csv.field_size_limit(max(len(text), 131_072))  # csv's own limit is one for the whole process
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator, quoting=quoting)
        return list(islice(_records(reader, lines_before), most))
    finally:
        csv.field_size_limit(longest)


def _records(reader: Reader, lines_before: int) -> Iterator[Record]:
    while True:
        place = f"line {lines_before + reader.line_num + 1}"
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(place, [], f"not valid CSV ({error}). Is a quote missing or too many?")
            continue  # with the next line
        if any(value.strip() for value in values):
            yield Record(place, values)


def _json(path: Path, text: str) -> Rows:
    objects = _parsed(text)
    if isinstance(objects, json.JSONDecodeError):
        raise ValueError(f"{path}: not valid JSON ({objects}).") from objects
    return _table([(f"object {number}", one) for number, one in enumerate(objects, 1)], "as JSON")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        return error


def _json_lines(path: Path, text: str) -> Rows:
    """Objects, one a line. Only line feeds end lines: JSON texts may hold what else Python calls one."""
    found = [(f"line {number}", _parsed(line)) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    place, first = found[0]
    if isinstance(first, json.JSONDecodeError):
        raise ValueError(
            f"{path}, {place}: not valid JSON ({first}). Give one object a line, or a list [{{...}}, ...]."
        )
    return _table(found, "as JSON lines")


def _parquet(path: Path, data: bytes) -> Rows:
    import pyarrow as pa  # half a second, for those who need it
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data))
        columns = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
    except (pa.ArrowException, OSError, ValueError, ArithmeticError) as error:  # of values, such as a date in 20000
        raise ValueError(f"{path} is Parquet and damaged ({error}); is it whole?") from error
    rows = [Record(f"row {number}", list(values)) for number, values in enumerate(zip(*columns, strict=True), 1)]
    return Rows(table.column_names, rows, ("as Parquet",))


def _table(objects: list[tuple[str, Any]], how: str) -> Rows:
    """Objects as rows under the names that any of them has."""
    header = list(dict.fromkeys(name for _, one in objects if isinstance(one, dict) for name in one))
    rows = []
    for place, one in objects:
        if isinstance(one, dict):
            rows.append(Record(place, [_cell(one.get(name)) for name in header]))
        elif isinstance(one, json.JSONDecodeError):
            rows.append(Record(place, [], f"not valid JSON ({one})."))
        else:
            rows.append(Record(place, [], f"{json.dumps(one)[:60]} is no object; an item is {{...}}."))
    return Rows(header, rows, (how,))


def _cell(value: Any) -> str:
    """A value as text; lists and objects as JSON, which ``item_text`` reads again; "" where there is none."""
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, list | dict | bool | float):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)

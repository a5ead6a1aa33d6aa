"""The text of an items file: unzipped, decoded, and where it is neither, what it may be instead."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from pathlib import Path

PARQUET = b"PAR1"

MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16's, with which it begins
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings by the byte order mark that a file begins with; UTF-8's is left to its codec."""

OTHER_FORMATS = {
    b"PK\x03\x04": "a zip archive or an Excel workbook; unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"BZh": "compressed by bzip2; unpack it",
    b"\xfd7zXZ": "compressed by xz; unpack it",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; unpack it",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
}
"""What files are that begin with these bytes and that nobody should decode, with the remedy."""


def read_bytes(path: Path) -> tuple[bytes, list[str]]:
    """A file's content, unzipped if it is gzipped, and what was assumed of it in words.

    Raises:
        FileNotFoundError: If there is no such file.
        PermissionError: If it must not be read.
        ValueError: If it is a folder, damaged, or in a format that is not read.
    """
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


def decoded(path: Path, data: bytes, encoding: str | None) -> tuple[str, list[str]]:
    """The text of a file without a byte order mark, and what was assumed of it in words.

    Args:
        path: Of the file, for messages.
        data: Its content.
        encoding: Of its text; None for UTF-8, or what its mark says.

    Raises:
        ValueError: If it cannot be decoded; names the line and what it looks like.
    """
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

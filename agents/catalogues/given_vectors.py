"""Users' own vectors of items, from a file: .npy, .safetensors or .parquet, a row an item."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from driftrec.agents.catalogues.item_text import cleaned, counted
from driftrec.simulators.files import check_readable
from driftrec.simulators.vectors import Float

VECTOR_COLUMNS = ("embedding", "embeddings", "vector", "vectors")
"""Names under which Parquet and safetensors may hold the vectors."""

CHUNK = 65_536
"""Rows that are checked and scaled at once."""

SHOWN = 5
"""Ids that a message names; it counts all."""


class GivenVectors:
    """Vectors by item id.

    - ``.npy``: an array (rows, dims). The ids stand in ``FILE.ids.txt`` beside it, one a line; without it the rows are
      those of the items file, in its order.
    - ``.safetensors``: a tensor (rows, dims), and the ids as a JSON list under "ids" of the metadata, or as a tensor
      of whole numbers "ids"; without ids as of ``.npy``.
    - ``.parquet``: a column "id" and one of lists of numbers, called as in ``VECTOR_COLUMNS``.

    Args:
        path: The file.

    Attributes:
        name: What to call them.
        fingerprint: SHA-256 over ids and numbers.

    Raises:
        OSError: If the file is missing or may not be read.
        ValueError: If it is none of these, is damaged, or holds an id twice or rows of several widths.
    """

    def __init__(self, path: Path) -> None:
        read = {".npy": _npy, ".safetensors": _safetensors, ".parquet": _parquet}.get(path.suffix.lower())
        if read is None:
            raise ValueError(f"--embeddings {path} is none of .npy, .safetensors and .parquet; give one of these.")
        if not path.is_file():
            raise FileNotFoundError(f"There is no file of embeddings {path.absolute()}.")
        check_readable(path)
        self._path = path
        self._rows, self._ids = read(path)
        self.name = path.name
        if self._rows.ndim != 2 or not self._rows.size:
            raise ValueError(f"{path} holds an array of shape {self._rows.shape}; give (rows, dims), a row an item.")
        if self._rows.dtype.kind not in "fiu":
            raise ValueError(f"{path} holds {self._rows.dtype}; give numbers, such as float32.")
        if self._ids is not None:
            self._check_ids(self._ids)
        self.fingerprint = self._fingerprint()

    def describe(self) -> dict[str, str]:
        """What to store beside them."""
        return {"encoder_fingerprint": self.fingerprint, "embeddings": self._path.name, "dtype": "float32"}

    def of(self, ids: Sequence[str]) -> Float:
        """The vectors of the items ``ids``, scaled to length 1, float32, (items, dims).

        Raises:
            ValueError: If an item has no row, a row no item, or a row holds NaN, infinity or only zeros.
        """
        order = self._order(ids)
        found = np.empty((len(ids), self._rows.shape[1]), np.float32)
        for start in range(0, len(ids), CHUNK):
            rows = np.asarray(self._rows[order[start : start + CHUNK]], np.float64)
            lengths = np.linalg.norm(rows, axis=1)
            bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
            if bad.size:
                what = "only zeros" if lengths[bad[0]] == 0 else "NaN or infinity"
                where = start + int(bad[0])
                raise ValueError(
                    f"{self._path}, row {order[where]} (item {ids[where]!r}) holds {what}, so it has no direction. "
                    "Mend it, or leave the item out of both files."
                )
            found[start : start + CHUNK] = rows / lengths[:, None]
        return found

    def _order(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Row of every item."""
        if self._ids is None:
            if len(self._rows) != len(ids):
                raise ValueError(
                    f"{self._path} has {counted(len(self._rows), 'row')} for {counted(len(ids), 'item')}, and no ids "
                    f"to tell which are which. Give a row an item in the order of the items file, or the ids, one a "
                    f"line, in {_ids_file(self._path)}."
                )
            return np.arange(len(ids))
        places = {each: row for row, each in enumerate(self._ids)}
        self._refuse([each for each in ids if each not in places], "has no row for", "Add them, or leave the items out")
        wanted = set(ids)
        extra = [each for each in self._ids if each not in wanted]
        self._refuse(extra, "has rows that are no items:", "Leave them out, or add the items to the items file")
        return np.fromiter((places[each] for each in ids), np.int64, len(ids))

    def _refuse(self, ids: Sequence[str], fault: str, remedy: str) -> None:
        if ids:
            more = f" and {len(ids) - SHOWN:,} more" if len(ids) > SHOWN else ""
            raise ValueError(f"{self._path} {fault} {', '.join(map(repr, ids[:SHOWN]))}{more}. {remedy}.")

    def _check_ids(self, ids: Sequence[str]) -> None:
        if len(ids) != len(self._rows):
            raise ValueError(
                f"{self._path} has {counted(len(self._rows), 'row')} and {counted(len(ids), 'id')}; give one id a row."
            )
        first: dict[str, int] = {}
        for row, each in enumerate(ids):
            if first.setdefault(each, row) != row:
                raise ValueError(f"{self._path} has id {each!r} in rows {first[each]} and {row}; give each id once.")

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(f"given {self._rows.dtype.str}{self._rows.shape}".encode())
        for each in self._ids or ():
            digest.update(f"{len(each)}:{each}".encode())
        for start in range(0, len(self._rows), CHUNK):
            digest.update(np.ascontiguousarray(self._rows[start : start + CHUNK]).data)
        return digest.hexdigest()


def _ids_file(path: Path) -> Path:
    """Where ids stand that the file itself has no room for."""
    return path.with_name(f"{path.name}.ids.txt")


def _ids_beside(path: Path) -> list[str] | None:
    file = _ids_file(path)
    return [cleaned(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else None


def _npy(path: Path) -> tuple[NDArray[np.generic], list[str] | None]:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False), _ids_beside(path)
    except Exception as error:  # headers are read by Python's own parser, which raises many kinds
        raise ValueError(f"{path} is no array of numpy ({error}); write it with numpy.save.") from error


def _safetensors(path: Path) -> tuple[NDArray[np.generic], list[str] | None]:
    try:
        with safe_open(path, framework="numpy") as file:
            names, told = list(file.keys()), (file.metadata() or {}).get("ids")  # keys() is a method: not a mapping
            held = [name for name in names if name != "ids"]
            name = held[0] if len(held) == 1 else next((each for each in VECTOR_COLUMNS if each in held), None)
            if name is None:
                raise ValueError(f"{path} holds {sorted(names)}; call the tensor of vectors {VECTOR_COLUMNS[0]!r}.")
            rows = file.get_tensor(name)
            numbers = file.get_tensor("ids") if "ids" in names else None
    except SafetensorError as error:
        raise ValueError(f"{path} is no safetensors file ({error}).") from error
    if numbers is not None:
        return rows, [str(number) for number in numbers.ravel().tolist()]
    if told is None:
        return rows, _ids_beside(path)
    try:
        return rows, [cleaned(str(each)) for each in json.loads(told)]
    except (json.JSONDecodeError, TypeError) as error:
        raise ValueError(f'{path}: "ids" of its metadata is no JSON list ({error}).') from error


def _parquet(path: Path) -> tuple[NDArray[np.generic], list[str]]:
    import pyarrow as pa  # half a second, for those who need it
    import pyarrow.parquet as pq

    try:
        names = pq.read_schema(path).names
        vectors = next((each for each in VECTOR_COLUMNS if each in names), None)
        if "id" not in names or vectors is None:
            raise ValueError(f"{path} has columns {names}; give 'id' and one of {list(VECTOR_COLUMNS)}.")
        table = pq.read_table(path, columns=["id", vectors], memory_map=True)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} is no Parquet file ({error}).") from error
    ids = [cleaned(str(each)) for each in table["id"].to_pylist()]
    parts, row = [], 0
    for chunk in table[vectors].chunks:
        if not (pa.types.is_list(chunk.type) or pa.types.is_large_list(chunk.type) or _fixed(chunk.type)):
            raise ValueError(f"{path}: column {vectors!r} is {chunk.type}; give lists of numbers.")
        parts.append(_lists(path, chunk, ids, row))
        row += len(chunk)
    width = {part.shape[1] for part in parts if len(part)}
    if len(width) > 1:
        raise ValueError(f"{path}: column {vectors!r} has rows of {sorted(width)} numbers; give all the same width.")
    return (np.concatenate(parts) if len(parts) > 1 else parts[0] if parts else np.empty((0, 0))), ids


def _fixed(kind: object) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_fixed_size_list(kind))


def _lists(path: Path, chunk: object, ids: Sequence[str], first: int) -> NDArray[np.generic]:
    """Lists of numbers of one width as an array, (rows, dims)."""
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.list_value_length(chunk), -1).to_numpy(zero_copy_only=False)
    odd = np.flatnonzero(lengths != (lengths[0] if len(lengths) else 0))
    if odd.size:
        row = int(odd[0])
        raise ValueError(
            f"{path}, row {first + row} (item {ids[first + row]!r}) has {max(int(lengths[row]), 0)} numbers, and the "
            f"first has {lengths[0]}; give all the same width."
        )
    values: NDArray[np.generic] = chunk.flatten().to_numpy(zero_copy_only=False)  # type: ignore[attr-defined]
    return values.reshape(len(lengths), -1)

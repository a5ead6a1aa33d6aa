"""The log of a comparison, in a file a rollout until all have served: cut short, it loses no row and doubles none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.snapshots.snapshot_file import SUFFIX, SpoiltError


class ComparisonLog:
    """Writes what all policies show; to be used by ``with``, at whose end the rollouts' files become one.

    A rollout that is interrupted leaves nothing, one that fails what was shown before it did. What cannot be written
    costs the log, and nothing else.

    Args:
        file: CSV or Parquet, by its suffix.
        parts: Folder of the rollouts' files, made when needed, where snapshots of their tables lie; whoever gave it
            removes it.
        replace: As of ``LogWriter``: for a comparison that goes on.

    Attributes:
        fault: Why the log is not whole, in words; empty while it is.

    Raises:
        ValueError: If the suffix is another.
        FileExistsError: If there is such a file, which may not be replaced.
    """

    def __init__(self, file: Path, parts: Path, *, replace: bool = False) -> None:
        self._whole = LogWriter(file, replace=replace)
        self._file, self._parts = file, parts
        self._lost: dict[int, OSError] = {}

    @property
    def fault(self) -> str:
        """See the class."""
        return self._whole.fault

    def __enter__(self) -> ComparisonLog:
        for folder in (self._file.parent, self._parts):
            folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._tidy()
            return
        with self._whole as whole:
            for lost in self._lost.values():
                whole.give_up(lost)
            for part in sorted(self._parts.glob(f"*{_PARQUET}")):
                whole.append(part)

    @contextmanager
    def rollout(self, number: int) -> Iterator[LogWriter]:
        """What takes the rows of the rollout of that number, which may have been written before, inside ``with``."""
        file = self._part(number)
        file.unlink(missing_ok=True)
        part = LogWriter(file)
        try:
            with part:
                yield part
        except KeyboardInterrupt:
            file.unlink(missing_ok=True)
            raise
        finally:
            if part.error is not None:
                self._lost[number] = part.error

    def has(self, number: int) -> bool:
        """Whether all rows of that rollout, which is done, could be written."""
        return number not in self._lost

    def digest(self, number: int) -> str:
        """SHA-256 of that rollout's rows, to be kept beside its tables; empty if there are none."""
        file = self._part(number)
        return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""

    def check(self, number: int, digest: str) -> None:
        """Raise SpoiltError unless that rollout's rows are those of ``digest``."""
        if self.digest(number) != digest:
            tables = self._part(number).with_suffix(SUFFIX)
            why = "it was cut off, altered or removed (SHA-256)"
            remedy = f"Remove {tables}, and this policy serves again."
            raise SpoiltError(f"{self._part(number)} is not as it was written: {why}. {remedy}")

    def _part(self, number: int) -> Path:
        return self._parts / f"rollout-{number:04d}{_PARQUET}"

    def _tidy(self) -> None:
        """Nothing came of the comparison: rows without tables are of no use."""
        for part in self._parts.glob(f"*{_PARQUET}"):
            if not part.with_suffix(SUFFIX).exists():
                part.unlink()
        with suppress(OSError):
            self._parts.rmdir()  # if nothing else is there


_PARQUET = ".parquet"

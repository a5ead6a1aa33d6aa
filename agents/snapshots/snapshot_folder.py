"""A folder of snapshots in a run folder, gone once the run is finished."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from driftrec.agents.snapshots.snapshot_file import SUFFIX, SpoiltError, read_snapshot, write_snapshot
from driftrec.agents.snapshots.tree import Tree
from driftrec.simulators.files import PART

FOLDER = "progress"
"""Where snapshots lie in a run folder."""


_BEGUN = "begun"


class SnapshotFolder:
    """Snapshots of one run by name. One that cannot be written is told, and costs no more than itself.

    Args:
        run: The run folder; they lie in ``run/progress``, which is made for the first.
        of: All that decides what comes of the run: snapshots of another are refused.
        report: Called with a line where one could not be kept.

    Attributes:
        report: The same.
    """

    def __init__(self, run: Path, of: Mapping[str, Any], report: Callable[[str], None]) -> None:
        self._folder, self._of, self.report = run / FOLDER, as_json_has_it(of), report
        for cut_off in self._folder.glob(f".*{PART}"):
            cut_off.unlink(missing_ok=True)

    def begin(self) -> None:
        """Note what the run is of, so that until ``finish`` it counts as unfinished; ValueError if it is of another."""
        if self.holds(_BEGUN):
            self.read(_BEGUN, "Begin anew.")
        else:
            self.write(_BEGUN, None)

    def names(self, begin: str) -> list[str]:
        """Of those there are, whose names begin so, in their order."""
        return sorted(file.stem for file in self._folder.glob(f"{begin}*{SUFFIX}"))

    def holds(self, name: str) -> bool:
        """Whether there is one of that name."""
        return self.file(name).exists()

    def file(self, name: str) -> Path:
        """Where the one of that name lies."""
        return self._folder / f"{name}{SUFFIX}"

    def read(self, name: str, remedy: str) -> Tree:
        """What was written under ``name``.

        Raises:
            SpoiltError: If it was cut off or altered; ends in ``remedy``.
            ValueError: If it is of another run.
        """
        file = self.file(name)
        try:
            kept = read_snapshot(file)
        except SpoiltError as error:
            raise SpoiltError(f"{error} {remedy}") from error
        if found := difference(kept["of"], self._of):
            raise ValueError(f"{file} is of another run: {found}. Give what it was begun with, or begin anew.")
        return kept["tree"]

    def write(self, name: str, tree: Tree) -> None:
        """Write or replace the one of that name; where that fails, as on a full disk, what there is stays."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_snapshot(self.file(name), {"of": self._of, "tree": tree})
        except (OSError, TypeError) as error:
            self.report(f"No snapshot was written, and those before it stay: {error}")

    def remove(self, name: str) -> None:
        """Remove the one of that name."""
        self.file(name).unlink(missing_ok=True)

    def finish(self) -> None:
        """Remove all: the run has its result."""
        shutil.rmtree(self._folder, ignore_errors=True)


def as_json_has_it(told: Mapping[str, Any]) -> dict[str, Any]:
    """``told`` as it comes back from JSON: tuples are lists, and paths words."""
    return json.loads(json.dumps(told, default=str))


def difference(then: Any, now: Any, path: str = "") -> str:
    """The first difference of two nested settings in words, such as "seed 3, not 4 as here"; empty if there is none."""
    if isinstance(then, dict) and isinstance(now, dict):
        names = dict.fromkeys([*then, *now])
        told = (difference(then.get(name), now.get(name), f"{path}.{name}".strip(".")) for name in names)
        return next(filter(None, told), "")
    return "" if then == now else f"{path} {then}, not {now} as here"

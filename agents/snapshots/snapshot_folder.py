"""A folder of snapshots in a run folder, gone once the run is finished."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.snapshots.snapshot_file import SUFFIX, SpoiltError, read_snapshot, write_snapshot
from driftrec.agents.snapshots.snapshots import Found
from driftrec.agents.snapshots.tree import Tree, tree_of
from driftrec.simulators.files import PART

FOLDER = "progress"
"""Where snapshots lie in a run folder."""

KEPT = 2
"""Snapshots within a stage that are kept: the last, and the one before it, should the last be spoilt."""

EVERY = 25_000
"""Environment steps between two snapshots where nothing else is said: a minute or so."""


class SnapshotFolder:
    """Snapshots in ``run/progress``, see ``Snapshots``. A snapshot that cannot be written is told, and costs no more.

    Args:
        run: The run folder.
        of: All that decides what comes of the run: snapshots of another are refused.
        curve: Kept with every stage.
        every: Environment steps between two snapshots, at least.
        report: Called with a line where something is taken up, or could not be kept.

    Raises:
        ValueError: If ``every`` is below 1.
    """

    def __init__(
        self, run: Path, of: Mapping[str, Any], curve: Curve, *, every: int = EVERY, report: Callable[[str], None]
    ) -> None:
        if every < 1:
            raise ValueError(f"--snapshot-every is {every}; give at least 1 environment step.")
        self.folder = run / FOLDER
        self._of, self._curve, self._every, self._report = plain(of), curve, every, report
        self._taken = 0  # steps at the last snapshot
        for cut_off in self.folder.glob(f".*{PART}"):
            cut_off.unlink(missing_ok=True)

    def stage(self, name: str, module: nn.Module, work: Callable[[], Found]) -> Found:
        """What ``work`` found and made of ``module``; errors as of ``open`` where it is kept already."""
        file = self.folder / f"{name}{SUFFIX}"
        if file.exists():
            kept = self.open(file, "Remove it, and this stage starts over.")
            module.load_state_dict(kept["weights"])
            self._curve.go_on(kept["curve"])
            return kept["found"]
        found = work()
        self._write(file, {"weights": module.state_dict(), "curve": self._curve.kept(), "found": tree_of(found)})
        return found

    def due(self, steps: int) -> bool:
        """Whether the last was taken long enough ago."""
        return steps >= self._taken + self._every

    def take(self, steps: int, tree: Tree) -> None:
        """Keep ``tree`` and the curve; of those before it only the last stays."""
        self._taken = steps
        self._write(self.folder / f"step-{steps:012d}{SUFFIX}", {"curve": self._curve.kept(), "state": tree})
        for old in self._steps()[:-KEPT]:
            old.unlink(missing_ok=True)

    def last(self) -> Tree:
        """The last tree taken, the curve being as it was then; None where there is none.

        Raises:
            ValueError: As of ``open``; names the last good one.
        """
        files = self._steps()
        if not files:
            return None
        kept = self.open(files[-1], self._offer(files[:-1]))
        self._curve.go_on(kept["curve"])
        self._taken = _number(files[-1])
        self._report(f"Going on after {self._taken:,} steps")
        return kept["state"]

    def open(self, file: Path, remedy: str) -> Tree:
        """What ``file`` holds.

        Raises:
            SpoiltError: If it was cut off or altered; ends in ``remedy``.
            ValueError: If it is of another run.
        """
        try:
            kept = read_snapshot(file)
        except SpoiltError as error:
            raise SpoiltError(f"{error} {remedy}") from error
        if found := difference(kept["of"], self._of):
            raise ValueError(f"{file} is of another run: {found}. Give what it was begun with, or begin anew.")
        return kept["tree"]

    def finish(self) -> None:
        """Remove them: the run has its result."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, file: Path, tree: Tree) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_snapshot(file, {"of": self._of, "tree": tree})
        except (OSError, TypeError) as error:
            self._report(f"No snapshot was written, and those before it stay: {error}")

    def _steps(self) -> list[Path]:
        return sorted(self.folder.glob(f"step-*{SUFFIX}"))

    def _offer(self, others: list[Path]) -> str:
        """What can be done where the last is spoilt: go on from the one before, or from the stages."""
        for file in reversed(others):
            try:
                self.open(file, "")
            except ValueError:
                continue
            return f"{file} is whole, after {_number(file):,} steps: remove the spoilt one to go on from there."
        return "None before it is whole; remove it to go on from the stages that are finished."


def _number(file: Path) -> int:
    return int(file.stem.removeprefix("step-"))


def plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """``told`` as it comes back from JSON."""
    return json.loads(json.dumps(told, default=str))


def difference(then: Any, now: Any, path: str = "") -> str:
    """The first difference of two nested settings in words, such as "seed 3, not 4 as here"; empty if there is none."""
    if isinstance(then, dict) and isinstance(now, dict):
        names = dict.fromkeys([*then, *now])
        told = (difference(then.get(name), now.get(name), f"{path}.{name}".strip(".")) for name in names)
        return next(filter(None, told), "")
    return "" if then == now else f"{path} {then}, not {now} as here"

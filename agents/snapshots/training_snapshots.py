"""Snapshots of a training: every stage that is finished, and the state within the last one now and then."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from driftrec.agents.evaluation.curves import Curve
from driftrec.agents.snapshots.snapshot_file import SpoiltError
from driftrec.agents.snapshots.snapshot_folder import SnapshotFolder
from driftrec.agents.snapshots.snapshots import Found
from driftrec.agents.snapshots.tree import Tree, tree_of

EVERY = 25_000
"""Environment steps between two snapshots where nothing else is said: some minutes of a long training."""

KEPT = 2
"""Snapshots within a stage that are kept: the last, and the one before it, should the last be spoilt."""


class TrainingSnapshots:
    """Snapshots in a folder, each with the training curve as it was; see ``Snapshots``.

    Args:
        folder: Where.
        curve: Set back to what it was with each that is read.
        every: Environment steps between two snapshots, at least.
        report: Called with a line where one within a stage is taken up.
        learner: Whose steps these are, for that line.

    Raises:
        ValueError: If ``every`` is below 1.
    """

    def __init__(
        self,
        folder: SnapshotFolder,
        curve: Curve,
        every: int = EVERY,
        report: Callable[[str], None] = lambda line: None,
        learner: str = "PPO",
    ) -> None:
        if every < 1:
            raise ValueError(f"--snapshot-every is {every}; give at least 1 environment step.")
        self._folder, self._curve, self._every, self._report = folder, curve, every, report
        self._learner = learner
        self._taken = 0  # steps at the last snapshot

    def stage(self, name: str, module: nn.Module, work: Callable[[], Found]) -> Found:
        """What ``work`` found and made of ``module``; errors as of ``SnapshotFolder.read`` where it is kept already."""
        if self._folder.holds(name):
            kept = self._folder.read(name, "Remove it, and this stage starts over.")
            module.load_state_dict(kept["weights"])
            self._curve.go_on(kept["curve"])
            return kept["found"]
        found = work()
        weights = dict(module.state_dict())
        self._folder.write(name, {"weights": weights, "curve": self._curve.kept(), "found": tree_of(found)})
        return found

    def due(self, steps: int) -> bool:
        """Whether the last was taken long enough ago."""
        return steps >= self._taken + self._every

    def take(self, steps: int, make: Callable[[], Tree]) -> None:
        """Keep what ``make`` tells and the curve, or say that it cannot be; of those before only the last stays."""
        self._taken = steps
        try:
            state = make()
        except TypeError as error:
            self._report(f"No snapshot was taken: {error}")
            return
        self._folder.write(_name(steps), {"curve": self._curve.kept(), "state": state})
        for name in self._folder.names(_BEGIN)[:-KEPT]:
            self._folder.remove(name)

    def last(self) -> Tree:
        """The last tree taken, the curve being as it was then; None where there is none.

        Raises:
            SpoiltError: If it was cut off or altered; names the last good one.
            ValueError: If it is of another run.
        """
        names = self._folder.names(_BEGIN)
        if not names:
            return None
        kept = self._folder.read(names[-1], self._offer(names[:-1]))
        self._curve.go_on(kept["curve"])
        self._taken = _steps(names[-1])
        self._report(f"Going on after {self._taken:,} steps of {self._learner}")
        return kept["state"]

    def _offer(self, before: list[str]) -> str:
        """What can be done where the last is spoilt: go on from the one before, or from the stages."""
        for name in reversed(before):
            try:
                self._folder.read(name, "")
            except SpoiltError:
                continue
            good = f"The last good one is {self._folder.file(name)}, after {_steps(name):,} steps"
            return f"{good}: remove the spoilt one to go on from it."
        return "None before it is whole; remove it to go on from the stages that were finished."


_BEGIN = "step-"


def _name(steps: int) -> str:
    return f"{_BEGIN}{steps:012d}"


def _steps(name: str) -> int:
    return int(name.removeprefix(_BEGIN))

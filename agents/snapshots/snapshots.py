"""What trainings leave on the way, for the one that goes on where they were cut short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from torch import nn

from driftrec.agents.snapshots.tree import Tree

Found = TypeVar("Found")


class Snapshots(Protocol):
    """Keeps stages that are finished, and the state within the one that takes longest."""

    def stage(self, name: str, module: nn.Module, work: Callable[[], Found]) -> Found:
        """What ``work`` returns, a tree, once it has changed ``module``; both from where they are kept, if they are."""
        ...

    def due(self, steps: int) -> bool:
        """Whether it is time to ``take`` another after so many environment steps."""
        ...

    def take(self, steps: int, make: Callable[[], Tree]) -> None:
        """Keep the state after so many steps, which ``make`` tells."""
        ...

    def last(self) -> Any:
        """The last tree taken, None where there is none."""
        ...


class NoSnapshots:
    """Nothing is kept; see ``Snapshots``."""

    def stage(self, name: str, module: nn.Module, work: Callable[[], Found]) -> Found:
        """Work."""
        return work()

    def due(self, steps: int) -> bool:
        """Never."""
        return False

    def take(self, steps: int, make: Callable[[], Tree]) -> None:
        """Not kept."""

    def last(self) -> Any:
        """None."""
        return None


NOTHING_KEPT = NoSnapshots()

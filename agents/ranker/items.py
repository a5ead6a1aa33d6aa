"""What may be shown to a user, and how it is described: ``Items`` of a catalogue with texts, or of features."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from driftrec.agents.baselines.common import held_rows, read_places
from driftrec.agents.policy import Context, Observation
from driftrec.simulators.offers import MOMENT, OFFERED, OPENED, items_of

READ = -1e4
"""Value of what was read lately, in the world's unit: below all else, and still a number."""

WITHHELD = -1e20
"""Value of what must not be shown: below what was read, however little it attracts."""


class Items(Protocol):
    """What may be shown. Rankers are handed ``shown``: columns of items, or positions in a catalogue that they know.

    Attributes:
        num_items: Items that may be shown.
        topics: Topic of every item of a catalogue, (items,), -1 of those that are never kept; empty where candidates
            are not kept by topic.
        width: Columns of an item as they come with a request.
        keys: Entries of an observation that ``every`` and ``forbid`` look at.
        listed: Whether a position is the same item in every request, and rankers know it.
        recalls: Whether nothing opened is shown again, however long ago that was; see ``Recall``.
        once: Whether the world tells what was opened, and that nothing is opened twice.
    """

    listed: bool
    recalls: bool
    once: bool
    num_items: int
    width: int
    topics: NDArray[np.int64]
    keys: tuple[str, ...]

    def count(self, observation: Observation) -> int:
        """Items that a ranker judges for a user."""
        ...

    def every(self, observation: Observation) -> Tensor | None:
        """All that may be shown, as rankers read it; None for the whole of a catalogue that they know."""
        ...

    def of(self, observation: Observation, slates: NDArray[np.int64]) -> Tensor:
        """What ``slates`` (users, n) hold, as rankers read it, (users, n, ...)."""
        ...

    def forbid(
        self, observation: Observation, value: NDArray[np.float32], among: NDArray[np.int64] | None = None
    ) -> None:
        """Lower the ``value`` (users, items) of what is not to be shown, in place.

        Args:
            observation: Of the users.
            value: Of all that may be shown, or of the items ``among``.
            among: Positions of the columns in the catalogue, (users, items); None where they are all that may be shown.
        """
        ...


class TextItems:
    """The items of a catalogue with texts, by position.

    Args:
        context: What is known of them.
        reads: Whether observations tell what was read lately, under "read_items".
    """

    width = 0
    listed = True
    recalls = False
    once = False

    def __init__(self, context: Context, reads: bool = True) -> None:
        self.keys: tuple[str, ...] = ("read_items",) if reads else ()
        self._size, self._withheld = context.num_items, context.withheld
        self.num_items = self._size - (0 if context.withheld is None else int(context.withheld.sum()))
        self.topics: NDArray[np.int64] = np.empty(0, np.int64)

    def count(self, observation: Observation) -> int:
        """Items in the catalogue."""
        return self._size

    def every(self, observation: Observation) -> None:
        """None: the whole catalogue."""

    def of(self, observation: Observation, slates: NDArray[np.int64]) -> Tensor:
        """The positions themselves."""
        return torch.from_numpy(slates)

    def forbid(
        self, observation: Observation, value: NDArray[np.float32], among: NDArray[np.int64] | None = None
    ) -> None:
        """``READ`` for what the user read lately, where the world tells; ``WITHHELD`` for what must not be shown."""
        if among is not None:
            for memory in self._memories(observation):
                value[held_rows(memory, among)] = READ
            if self._withheld is not None:
                value[self._withheld[among]] = WITHHELD
            return
        if self.keys:
            value[read_places(observation)] = READ
        if self._withheld is not None:
            value[:, self._withheld] = WITHHELD

    def _memories(self, observation: Observation) -> list[NDArray[np.int32]]:
        """Items that users had better not be shown again, each (users, slots), -1 for none."""
        return [observation["read_items"]] if self.keys else []


class PageItems(TextItems):
    """``TextItems`` of pages of which several are opened: what was opened among the last impressions was read, too.

    A page may want of every topic a little, so that candidates are kept by topic.

    Args:
        context: What is known of them.
        recalls: See ``Items``.
    """

    def __init__(self, context: Context, recalls: bool = False) -> None:
        super().__init__(context)
        self.keys = ("read_items", "shown", "clicked")
        self.recalls = recalls
        if context.topics is not None:
            self.topics = context.topics

    def forbid(
        self, observation: Observation, value: NDArray[np.float32], among: NDArray[np.int64] | None = None
    ) -> None:
        """As ``TextItems``."""
        if among is None:
            for opened in self._opened(observation):
                users, places = np.nonzero(opened >= 0)
                value[users, opened[users, places]] = READ
        super().forbid(observation, value, among)

    def _memories(self, observation: Observation) -> list[NDArray[np.int32]]:
        return [*self._opened(observation), *super()._memories(observation)]

    def _opened(self, observation: Observation) -> list[NDArray[np.int32]]:
        """Among the last impressions, and what is recalled, each (users, slots), -1 for none."""
        last = np.where(observation["clicked"] != 0, observation["shown"], -1)
        return [last, observation[OPENED]] if OPENED in observation else [last]


class ShownAgain(TextItems):
    """``TextItems`` of pages of which several are opened, whatever was opened before; candidates are kept by topic.

    Args:
        context: What is known of them.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context, reads=False)
        if context.topics is not None:
            self.topics = context.topics


class RepeatedItems(ShownAgain):
    """The same, where what was opened before is opened with other chances.

    Args:
        context: What is known of them.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.keys = ("persona", "shown", "clicked", "age", "hour")  # by which rankers know what was opened before

    def forbid(
        self, observation: Observation, value: NDArray[np.float32], among: NDArray[np.int64] | None = None
    ) -> None:
        """``WITHHELD`` for what must not be shown, and nothing else."""
        if self._withheld is not None:
            value[np.broadcast_to(self._withheld, value.shape) if among is None else self._withheld[among]] = WITHHELD


class OfferedItems(PageItems):
    """Pages of what is on offer now, as the observation tells: positions among it, and rankers are handed the items."""

    listed = False

    def __init__(self, context: Context, recalls: bool = False) -> None:
        super().__init__(context, recalls)
        self.keys = (*self.keys, OFFERED, *([] if context.hours is None else [MOMENT]))
        self.num_items, self._everything = context.offered, context.num_items
        self.topics = np.empty(0, np.int64)  # of a position it is not always the same

    def count(self, observation: Observation) -> int:
        """Items on offer."""
        return observation[OFFERED].shape[1]

    def every(self, observation: Observation) -> Tensor:  # type: ignore[override]
        """Items on offer, (users, offered)."""
        return torch.from_numpy(observation[OFFERED].astype(np.int64))

    def of(self, observation: Observation, slates: NDArray[np.int64]) -> Tensor:
        """Items of the catalogue."""
        return torch.from_numpy(items_of(observation, slates))

    def forbid(
        self, observation: Observation, value: NDArray[np.float32], among: NDArray[np.int64] | None = None
    ) -> None:
        """As ``PageItems``; what is on offer is never retrieved from."""
        whole = np.zeros((len(value), self._everything), np.float32)
        super().forbid(observation, whole)
        told = np.take_along_axis(whole, observation[OFFERED], axis=1)
        np.copyto(value, told, where=told < 0)


class FeatureItems:
    """Columns of the items that may be shown: a catalogue's, the same for all users, or those of the request.

    A catalogue's features are joined by a one in the column of the topic, where items have one.

    Args:
        num_items: Items that may be shown.
        features: Of a catalogue, (items, features); None where candidates come with the request.
        topics: Topic of every item of a catalogue, (items,), from 0; None where items have none.
        request_width: Columns of a candidate that comes with the request.
        withheld: True for items of a catalogue that must not be shown, (items,); None where all may be.
        once: See ``Items``: what was opened is below all else then.

    Attributes:
        catalogue: Columns of a catalogue's items, (items, columns); None without one.
        width: Columns of an item.
    """

    def __init__(
        self,
        num_items: int,
        features: NDArray[np.float32] | None,
        topics: NDArray[np.int64] | None = None,
        request_width: int = 0,
        withheld: NDArray[np.bool_] | None = None,
        once: bool = False,
    ) -> None:
        self._withheld, self.once = withheld, once
        self.num_items = num_items - (0 if withheld is None else int(withheld.sum()))
        self.listed = features is not None
        self.recalls = False
        known: NDArray[np.int64] = np.empty(0, np.int64) if topics is None else topics
        self.topics = known if withheld is None or not len(known) else np.where(withheld, -1, known)
        self.catalogue: Tensor | None = None
        self.width = request_width
        self.keys: tuple[str, ...] = (OFFERED,)
        if features is not None:
            self.keys = (OPENED,) if once else ()
            ones = np.eye(known.max(initial=-1) + 1, dtype=np.float32)[known].reshape(len(features), -1)
            self.catalogue = torch.from_numpy(np.concatenate([features, ones], axis=1))  # (items, columns)
            self.width = self.catalogue.shape[1]

    def count(self, observation: Observation) -> int:
        """Items that may be shown to a user."""
        return self.every(observation).shape[-2]

    def every(self, observation: Observation) -> Tensor:
        """Columns of all that may be shown: (items, columns), or (users, candidates, columns)."""
        return torch.from_numpy(observation[OFFERED]) if self.catalogue is None else self.catalogue

    def of(self, observation: Observation, slates: NDArray[np.int64]) -> Tensor:
        """Columns of what slates (users, n) hold, (users, n, columns)."""
        index = torch.from_numpy(slates)
        if self.catalogue is not None:
            return self.catalogue[index]
        columns = torch.from_numpy(observation[OFFERED])
        return columns.gather(1, index[..., None].expand(-1, -1, columns.shape[2]))

    def forbid(
        self, observation: Observation, value: NDArray[np.float32], among: NDArray[np.int64] | None = None
    ) -> None:
        """``READ`` for what was opened where nothing is opened twice; ``WITHHELD`` for what must not be shown."""
        if self.once:
            users, slots = np.nonzero(observation[OPENED] >= 0)
            value[users, observation[OPENED][users, slots]] = READ
        if self._withheld is not None:
            value[:, self._withheld] = WITHHELD

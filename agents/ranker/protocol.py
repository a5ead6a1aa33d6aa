"""What a ranker is, whatever it reads: it scores items for a user, learns from logs, and tells what is to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor, nn

from driftrec.agents.policy import Observation
from driftrec.agents.ranker.choice import Choice

CPU = torch.device("cpu")

RECENT = 1
"""Column of ``Ranker.past`` with the logarithm of 1 + how often an item was opened of late."""


@dataclass
class Scores:
    """Predictions for some items, each (users, items)."""

    appeal: Tensor  # logit of opening the item at the first position, that of opening nothing being 0
    engagement: Tensor  # expected engagement if opened, in the world's unit


@dataclass
class Logs:
    """Steps of many users in order of time, leading axes (steps, users), or one for both."""

    seen: dict[str, Tensor]  # (..., ...) what the ranker remembers of the observations before
    shown: Tensor  # (..., slate_size, ...) the items, see ``Items.of``
    clicks: Tensor  # (..., slate_size) bool
    engagement: Tensor  # (..., slate_size) in the world's unit
    over: Tensor  # (...) the episode ended with this step

    def rows(self) -> Logs:
        """The same with one leading axis."""
        if self.over.ndim == 1:
            return self
        seen = {name: value.flatten(0, 1) for name, value in self.seen.items()}
        return Logs(seen, *(value.flatten(0, 1) for value in self._others()))

    def steps(self) -> Logs:
        """The same with both axes; what has one axis is one step of many users."""
        if self.over.ndim == 2:
            return self
        seen = {name: value[None] for name, value in self.seen.items()}
        return Logs(seen, *(value[None] for value in self._others()))

    def __getitem__(self, index: Tensor) -> Logs:
        seen = {name: value[index] for name, value in self.seen.items()}
        return Logs(seen, *(value[index] for value in self._others()))

    def __len__(self) -> int:
        return len(self.over)

    def to(self, device: torch.device) -> Logs:
        """The same on another device."""
        seen = {name: value.to(device) for name, value in self.seen.items()}
        return Logs(seen, *(value.to(device) for value in self._others()))

    def _others(self) -> list[Tensor]:
        """All but what was seen."""
        return [getattr(self, field.name) for field in fields(self)[1:]]


def joined(parts: list[Logs]) -> Logs:
    """Several logs in a row."""
    seen = {name: torch.cat([part.seen[name] for part in parts]) for name in parts[0].seen}
    return Logs(seen, *map(torch.cat, zip(*(part._others() for part in parts), strict=True)))


class Ranker(nn.Module):
    """Predicts what a user would open, and for how much engagement.

    Attributes:
        choice: How users choose.
        future: What opening an item does to the engagement after it, zero until set; see ``later``.
        width: Length of the state vectors that ``state`` gives.
        topic_shape: Topics of the catalogue, and numbers that the end of a state vector has of each; (0, 0) for none.
        past_numbers: Numbers that ``past`` has of an item; 0 where it is None.
        believes: Whether ``believed`` tells anything.
        wears: Whether ``past`` ends with the chance that one more opening wears an item out.
        pilot_steps: Steps a lane of random slates that ``pilot`` wants to see before anything is fitted.
    """

    choice: Choice
    future: Tensor
    width: int
    topic_shape = (0, 0)
    past_numbers = 0
    believes = False
    wears = False
    pilot_steps = 0

    @property
    def device(self) -> torch.device:
        """Where it computes: tensors that it is handed lie there, and those that it gives."""
        return self.future.device

    def read(self, observation: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """An observation, and what several of the methods below make of it, so that it is made once."""
        return observation

    def state(self, observation: Mapping[str, Tensor]) -> Tensor:
        """What is made of users, (users, width)."""
        raise NotImplementedError

    def scores(self, state: Tensor, shown: Tensor | None) -> Scores:
        """Predictions for items.

        Args:
            state: From ``state``.
            shown: As the world's ``Items`` give them: what all users share or, with a leading axis more, of each.
        """
        raise NotImplementedError

    def later(self, shown: Tensor | None) -> Tensor:
        """Engagement to come of items by ``future``; shapes as of ``scores``, or (items,)."""
        raise NotImplementedError

    def past(self, observation: Mapping[str, Tensor], shown: Tensor | None) -> Tensor | None:
        """What users have opened of the very items, (users, items, numbers), with arguments as of ``scores``.

        None where it makes no difference, as where nothing is opened twice.
        """
        return None

    def again(self, past: Tensor) -> Tensor:
        """What such a ``past`` adds to appeal, (users, items)."""
        raise NotImplementedError

    def timely(self, observation: Mapping[str, Tensor], shown: Tensor | None) -> Tensor | None:
        """What the moment adds to appeal of items, (users, items), with arguments as of ``scores``.

        None where items have no dates.
        """
        return None

    def believed(self, state: Tensor) -> Tensor | None:
        """What is believed of every topic, (users, topics, numbers), see ``driftrec.agents.beliefs``; of a state.

        None where nothing is.
        """
        return None

    def columns(self) -> Tensor | None:
        """Few columns that tell a catalogue's items apart, (items, columns); None where ``shown`` are columns.

        Where there are topics, the last columns are an item's shares of them. They are made on the CPU and lie there:
        another device may turn components about, and what was learned with these would mean nothing with those.
        """
        return None

    def remember(self, observation: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What logs keep of observations."""
        raise NotImplementedError

    def carry(
        self, observation: Mapping[str, Tensor], before: Mapping[str, Tensor] | None
    ) -> tuple[Mapping[str, Tensor], Mapping[str, Tensor]] | None:
        """What is to be kept of users until their next request, and what joins the observation of this one.

        Args:
            observation: Of users, one request each.
            before: What was kept of the same users at the request before; None where there was none.

        Returns:
            None where an observation tells all.
        """
        return None

    def pilot(self, logs: Logs) -> None:
        """Look at random slates before anything is fitted."""

    def prepare(self, logs: Sequence[Logs]) -> Sequence[Logs]:
        """Look at all logs before they are fitted; returns them, with what is to be known of them besides."""
        return logs

    def settle(self) -> None:
        """Keep what was learned of how users tire, where something was: later fits leave it as it is."""

    def loss(self, logs: Logs) -> Tensor:
        """What fitting makes small: negative log-likelihood of the clicks, and error of the engagement."""
        raise NotImplementedError


def as_tensors(observation: Observation, device: torch.device = CPU) -> dict[str, Tensor]:
    """The arrays of an observation as tensors; on the CPU they share their memory, where it may be written to."""
    return {
        name: torch.from_numpy(np.require(value, requirements=["C", "W"])).to(device)
        for name, value in observation.items()
    }


def remembered(ranker: Ranker, observation: Observation) -> dict[str, Tensor]:
    """What logs keep of observations, on the CPU."""
    with torch.no_grad():
        seen = ranker.remember(as_tensors(observation, ranker.device))
    return {name: value.cpu() for name, value in seen.items()}

"""What is made of users page by page and carried on: of those who are served, and of those of a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from driftrec.agents.beliefs.topic_belief import Carried, TopicBelief

CLOCK, SHOWN, PERSONA = "clock", "shown", "persona"
"""Fields of an observation that tell whether a user goes on from the request before; so they are carried, too."""


class Carrier(Protocol):
    """Makes something of a user's pages that can go on from page to page.

    Attributes:
        READS: Fields of an observation that it looks at.
        slate_size: Positions of a page.
        at_once: Users whose pages are read at once.
    """

    READS: tuple[str, ...]
    slate_size: int

    @property
    def at_once(self) -> int:
        """See above."""
        ...

    def follow(self, observation: Mapping[str, Tensor], before: Carried | None = None) -> Carried:
        """What is to be carried of users: after the newest page, by what was ``before`` it; or after the window."""
        ...

    def told(self, carried: Carried) -> Carried:
        """What joins the observation of these users."""
        ...


def carry(carrier: Carrier, observation: Mapping[str, Tensor], before: Carried | None) -> tuple[Carried, Carried]:
    """What is to be carried of users after a request, and what is told of them at it.

    Of who goes on from the request before, the newest page is read; of who is asked of again, before anything has
    happened, none is; of all others the window is. Who goes on is told by the window, which is that of before with one
    slate more, by the persona, and by the clock, which is at 0 for who comes new. (A window of one slate cannot tell of
    a page that was missed.)

    Args:
        carrier: Reads.
        observation: Of all users, where ``carrier`` computes.
        before: What was carried of the same users from the request before; is not written to.
    """
    seen = {name: observation[name] for name in {*carrier.READS, CLOCK, SHOWN, PERSONA}}
    rows = [slice(first, first + carrier.at_once) for first in range(0, len(seen[CLOCK]), carrier.at_once)]
    parts = [_after(carrier, _of(seen, some), None if before is None else _of(before, some)) for some in rows]
    return _joined(parts), _joined([carrier.told(part) for part in parts])


def told_of_log(belief: TopicBelief, seen: Mapping[str, Tensor], shown: Tensor) -> dict[str, Tensor]:
    """What ``belief`` has told before every step of a log, of items those alone that were shown at it.

    Args:
        belief: Reads.
        seen: Observations, leading axes (steps, lanes), of users who follow each other in lanes.
        shown: Items, (steps, lanes, slate_size).

    Returns:
        To be joined to ``seen``, where that lies.
    """
    parts = []
    for first in range(0, shown.shape[1], belief.at_once):
        some, carried, steps = slice(first, first + belief.at_once), None, []
        for step, items in enumerate(shown):
            observation = {name: seen[name][step, some].to(belief.topic.device) for name in {*belief.READS, CLOCK}}
            carried, told = carry(belief, observation, carried)
            few = belief.of_few(told, items[some].to(belief.topic.device))
            steps.append({name: each.to(shown.device) for name, each in few.items()})
        parts.append({name: torch.stack([step[name] for step in steps]) for name in steps[0]})
    return {name: torch.cat([part[name] for part in parts], dim=1) for name in parts[0]}


def _joined(parts: Sequence[Carried]) -> Carried:
    """Of several users in a row; some have room for more items than others."""
    if len(parts) == 1:
        return parts[0]
    found = {}
    for name in parts[0]:
        each = [part[name] for part in parts]
        if each[0].ndim > 1:
            columns = max(value.shape[1] for value in each)
            each = [_with_columns(value, columns) for value in each]
        found[name] = torch.cat(each)
    return found


def _after(carrier: Carrier, seen: Mapping[str, Tensor], before: Carried | None) -> Carried:
    """What is to be carried of some users."""
    size = carrier.slate_size
    now = {CLOCK: seen[CLOCK].clone(), SHOWN: seen[SHOWN].clone(), PERSONA: seen[PERSONA].clone()}
    if before is None:
        return {**carrier.follow(seen), **_marked(now)}
    same = {name: (value == before[_mark(name)]).all(dim=1) for name, value in now.items()}
    still = same[CLOCK] & same[SHOWN] & same[PERSONA]
    goes_on = same[PERSONA] & ~same[CLOCK] & (now[CLOCK][:, 0] > 0)
    goes_on &= (seen[SHOWN][:, :-size] == before[_mark(SHOWN)][:, size:]).all(dim=1)
    parts, order = [], []
    for rows in (each.nonzero()[:, 0] for each in (still, goes_on, ~still & ~goes_on)):
        if not len(rows):
            continue
        if still[rows[0]]:
            parts.append(_of(before, rows))
        else:
            own = _of(before, rows) if goes_on[rows[0]] else None
            parts.append({**carrier.follow(_of(seen, rows), own), **_marked(_of(now, rows))})
        order.append(rows)
    after = _joined(parts)
    return after if len(order) == 1 else _of(after, torch.cat(order).argsort())


def _mark(name: str) -> str:
    """Of what is carried, to tell who goes on."""
    return f"last {name}"


def _marked(now: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {_mark(name): value for name, value in now.items()}


def _of(values: Mapping[str, Tensor], rows: slice | Tensor) -> dict[str, Tensor]:
    return {name: value[rows] for name, value in values.items()}


def _with_columns(value: Tensor, columns: int) -> Tensor:
    """``value`` with so many, what is new being no item and nothing of one."""
    more = columns - value.shape[1]
    return pad(value, (*[0] * (2 * value.ndim - 4), 0, more), value=0 if value.is_floating_point() else -1)

"""What is made of users page by page and carried on: of those who are served, and of those of a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from driftrec.agents.beliefs.topic_belief import Carried, TopicBelief

AT = "asked at"
"""Hour of the last request, among what is carried, (users,)."""

USERS = 1024
"""Read at once."""


class Carrier(Protocol):
    """Makes something of a user's pages that can go on from page to page.

    Attributes:
        READS: Fields of an observation that it looks at.
    """

    READS: tuple[str, ...]

    def follow(self, observation: Mapping[str, Tensor], before: Carried | None = None) -> Carried:
        """What is to be carried of users: after the newest page, by what was ``before`` it; or after the window."""
        ...

    def told(self, carried: Carried) -> Carried:
        """What joins the observation of these users."""
        ...


def carry(carrier: Carrier, observation: Mapping[str, Tensor], before: Carried | None) -> tuple[Carried, Carried]:
    """What is to be carried of users after a request, and what is told of them at it.

    Of who is new by the clock, and of all where nothing was carried, the window is read; of others its newest page,
    unless they are asked of again at the same hour.

    Args:
        carrier: Reads.
        observation: Of all users, where ``carrier`` computes.
        before: What was carried of the same users from the request before; is not written to.
    """
    seen = {name: observation[name] for name in (*carrier.READS, "clock")}
    rows = [slice(start, start + USERS) for start in range(0, len(seen["clock"]), USERS)]
    parts = [_after(carrier, _of(seen, some), None if before is None else _of(before, some)) for some in rows]
    return _joined(parts), _joined([carrier.told(part) for part in parts])


def told_of_log(belief: TopicBelief, seen: Mapping[str, Tensor], shown: Tensor) -> dict[str, Tensor]:
    """What ``belief`` has told before every step of a log, of items those alone that were shown at it.

    Args:
        belief: Reads.
        seen: Observations, leading axes (steps, lanes), of users who follow each other in lanes. Of who does not go on
            from the step before, by what the windows show, the window is read.
        shown: Items, (steps, lanes, slate_size).

    Returns:
        To be joined to ``seen``, where that lies.
    """
    seen = {**seen, "clock": torch.where(_continues(seen, belief.slate_size)[..., None], seen["clock"], 0.0)}
    parts = []
    for start in range(0, shown.shape[1], USERS):
        some, carried, steps = slice(start, start + USERS), None, []
        for step, items in enumerate(shown):
            observation = {name: seen[name][step, some].to(belief.topic.device) for name in (*belief.READS, "clock")}
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
    hour = seen["clock"][:, 0].clone()  # observations may be written to
    new = hour == 0.0
    if before is None or new.all():
        return {**carrier.follow(seen), AT: hour}
    still = ~new & (hour == before[AT])  # is asked of again: nothing has happened
    parts, order = [], []
    for rows in (each.nonzero()[:, 0] for each in (new, still, ~new & ~still)):
        if not len(rows):
            continue
        known = _of(before, rows)
        if not still[rows[0]]:
            known = {**carrier.follow(_of(seen, rows), None if new[rows[0]] else known), AT: hour[rows]}
        parts.append(known)
        order.append(rows)
    after = _joined(parts)
    return after if len(order) == 1 else _of(after, torch.cat(order).argsort())


def _continues(seen: Mapping[str, Tensor], slate_size: int) -> Tensor:
    """Whether a step of a log shows what the same lane showed a step before, and one page more, (steps, lanes)."""
    shown = seen["shown"]
    goes_on = (shown[1:, :, :-slate_size] == shown[:-1, :, slate_size:]).all(dim=2)
    return torch.cat([goes_on.new_zeros(1, shown.shape[1]), goes_on])


def _of(values: Mapping[str, Tensor], rows: slice | Tensor) -> dict[str, Tensor]:
    return {name: value[rows] for name, value in values.items()}


def _with_columns(value: Tensor, columns: int) -> Tensor:
    """``value`` with so many, what is new being no item and nothing of one."""
    more = columns - value.shape[1]
    return pad(value, (*[0] * (2 * value.ndim - 4), 0, more), value=0 if value.is_floating_point() else -1)

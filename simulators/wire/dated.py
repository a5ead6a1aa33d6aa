"""A catalogue whose articles have a date."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.catalogue import Catalogue, check_dtype, check_finite, digest

DAY = 24.0
"""Hours."""

MOST_DAYS = 20 * 366
"""Longest calendar: a date farther off is a mistake, such as a system's day zero."""


@dataclass(frozen=True)
class Dated(Catalogue):
    """A catalogue whose articles appear one after the other in the course of a calendar.

    Attributes:
        hours: When each appears, in hours from the midnight with which the calendar begins, float32, (items,).

    Raises:
        ValueError: As of ``Catalogue``, or if an hour is missing or before the calendar begins, or the calendar is
            longer than ``MOST_DAYS``.
    """

    hours: NDArray[np.float32]  # (items,)

    def __post_init__(self) -> None:
        if len(self.hours) != len(self.ids):
            raise ValueError(f"Column 'hours' has {len(self.hours)} rows for {len(self.ids)} item ids.")
        check_dtype("hours", self.hours, np.float32)
        check_finite("hours", self.hours, self.ids)
        early = np.flatnonzero(self.hours < 0)
        if early.size:
            i = int(early[0])
            raise ValueError(
                f"Item {self.ids[i]!r} appears at hour {self.hours[i]:g}, before the calendar begins; count hours from "
                "midnight before the first article."
            )
        first, last = int(self.hours.argmin()), int(self.hours.argmax())
        if self.hours[last] >= DAY * MOST_DAYS:
            years = float(self.hours[last] - self.hours[first]) / DAY / 365.25
            raise ValueError(
                f"The articles span {years:,.0f} years, from {self.ids[first]!r} to {self.ids[last]!r}; a calendar has "
                f"at most {MOST_DAYS // 366}. Mend the date that is wrong, or leave old articles out."
            )
        super().__post_init__()

    @property
    def period(self) -> float:
        """Hours of the calendar: whole days, the last article's among them."""
        return DAY * (np.floor(float(self.hours.max()) / DAY) + 1.0)

    def fingerprint(self) -> str:
        """SHA-256 over all that ``Catalogue`` tells and the hours."""
        return digest([super().fingerprint()], [self.hours])


def dated(catalogue: Catalogue, hours: NDArray[np.float32]) -> Dated:
    """``catalogue`` with the hours at which its articles appear; errors as of ``Dated``."""
    return Dated(**{field.name: getattr(catalogue, field.name) for field in fields(catalogue)}, hours=hours)

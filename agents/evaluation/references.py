"""What a policy's engagement is held against: a baseline in pairs, and a floor and a ceiling that make a scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from driftrec.agents.evaluation.bootstrap import Interval, Values, interval, paired_interval, ratio_interval


@dataclass(frozen=True)
class References:
    """Engagement of all policies, and those among them that the others are held against.

    Attributes:
        engagement: Of each policy, (training seeds, users).
        trained: Training seeds of each policy, in the order of ``engagement``; none where nothing was trained.
        baseline: Label of the policy for paired differences.
        floor: Label of what counts as 0.
        ceiling: Label of what counts as 1.
        seed: Seed of the resampling.
    """

    engagement: Mapping[str, Values]
    trained: Mapping[str, Sequence[int]]
    baseline: str
    floor: str
    ceiling: str
    seed: int

    @cached_property
    def scaled(self) -> bool:
        """Whether ceiling and floor can be told apart; else a ratio to their difference says nothing."""
        return {self.floor, self.ceiling} <= set(self.engagement) and self._gap(self.ceiling, self.floor).low > 0

    def compare(self, name: str) -> dict[str, Any]:
        """How one policy compares.

        ``normalised`` is None where floor or ceiling is absent, or where the interval of ceiling - floor reaches 0.
        ``distinguishable_from_random`` compares with the floor and is None where that is absent.
        """
        return {
            "normalised": self._normalised(name) if self.scaled else None,
            "versus_baseline": self._versus(name),
            "distinguishable_from_random": (
                name != self.floor and self._gap(name, self.floor).excludes(0)
                if self.floor in self.engagement
                else None
            ),
        }

    def _normalised(self, name: str) -> dict[str, float]:
        ends = {self.floor: 0.0, self.ceiling: 1.0}
        if name in ends:  # by definition, even if its training seeds are resampled
            return asdict(Interval(ends[name], ends[name], ends[name]))
        low, high = self.engagement[self.floor], self.engagement[self.ceiling]
        return asdict(ratio_interval(self.engagement[name], low, high, seed=self.seed))

    def _versus(self, name: str) -> dict[str, float]:
        gap = Interval(0.0, 0.0, 0.0) if name == self.baseline else self._gap(name, self.baseline)
        return {"difference": gap.mean, "low": gap.low, "high": gap.high}

    def _gap(self, name: str, other: str) -> Interval:
        """Difference in pairs: of users, and of training seeds too where both policies have the same."""
        if self.trained[name] and self.trained[name] == self.trained[other]:
            return interval(self.engagement[name] - self.engagement[other], seed=self.seed)
        return paired_interval(self.engagement[name], self.engagement[other], seed=self.seed)

"""The promotion gate: a new policy serves only if it is not worse than the old one by more than is tolerated."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from driftrec.agents.evaluation.bootstrap import paired_interval
from driftrec.simulators.vectors import Double


@dataclass(frozen=True)
class Verdict:
    """What the gate decided.

    Attributes:
        promoted: Whether the candidate serves next.
        why: In words.
        mean: Candidate less incumbent, engagement an episode, on the same users.
        low: Lower end of its 95 % interval.
        high: Upper end.
        bound: What ``low`` must not be below.
    """

    promoted: bool
    why: str
    mean: float
    low: float
    high: float
    bound: float

    def as_json(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self)


def verdict_on(candidate: Double, incumbent: Double, *, tolerance: float, seed: int, unit: str) -> Verdict:
    """Compare two policies user by user.

    Args:
        candidate: Engagement an episode of every held-out user, (users,).
        incumbent: The same of the policy that serves now.
        tolerance: As a part of the incumbent's mean.
        seed: Of the resampling.
        unit: What engagement is counted in.
    """
    found = paired_interval(candidate[None], incumbent[None], seed=seed)
    bound = -tolerance * float(incumbent.mean())
    promoted = found.low >= bound
    word = "not below" if promoted else "below"
    why = (
        f"candidate less incumbent {found.mean:+.3g} {unit} an episode, 95 % interval {found.low:+.3g} to "
        f"{found.high:+.3g}; its lower end is {word} {bound:+.3g}"
    )
    return Verdict(promoted, why, found.mean, found.low, found.high, bound)

"""The experiments of the scorecard, as data: what is measured where, and what 0 and 1 mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from driftrec.agents.scorecard.composition import composed
from driftrec.agents.scorecard.earning import earned, earned_late, earned_next
from driftrec.agents.scorecard.jump import followed
from driftrec.agents.scorecard.personal import personalised
from driftrec.agents.scorecard.resting import rested
from driftrec.agents.scorecard.sitting import Measure
from driftrec.agents.scorecard.stages import FLOOR, MYOPIC, PLANNER, Where
from driftrec.simulators.settings import nearest


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    Attributes:
        name: What a policy that scores is good at.
        measured: What is measured, per user.
        measure: Measures it.
        one: Policies of which the better one comes to 1; one that a world does not have is left out.
        steps: How many, the horizon at most; None for all.
        world: In which form of the world.
        zero: Policy that comes to 0.
    """

    name: str
    measured: str
    measure: Measure
    one: tuple[str, ...]
    steps: int | None = None
    world: Where = "as it is"
    zero: str = FLOOR


EITHER = (MYOPIC, PLANNER)

BATTERY = (
    Experiment("short term", "a page beside the best for the next step", earned_next, (MYOPIC,), 20),
    Experiment("long term", "engagement after the first 30 pages", earned_late, EITHER),
    Experiment("cold start", "engagement of the first 10 pages", earned, EITHER, 10),
    Experiment("slate composition", "a page over one of equals by chance", composed, EITHER, 20),
    Experiment("rest and repetition", "a page over itself shown all along", rested, EITHER, 60),
    Experiment("following a jump", "how far pages turn to another's taste", followed, EITHER, 60),
    Experiment("personalisation", "engagement over that with users taken for one another", personalised, EITHER, 40),
    Experiment("other drift", "engagement where tastes move otherwise", earned, (MYOPIC,), 100, "other drift"),
    Experiment("other prices", "engagement where prices weigh otherwise", earned, (MYOPIC,), 100, "other prices"),
    Experiment("new items", "engagement with items nobody has met", earned, (MYOPIC,), 50, "new items"),
    Experiment("new people", "engagement of people nobody has met", earned, (MYOPIC,), 50, "new people"),
)
"""In the order of table and picture."""


def experiments_named(names: Sequence[str]) -> tuple[Experiment, ...]:
    """Those of ``BATTERY`` with these names, in its order; all where none is given.

    Raises:
        ValueError: If a name is unknown; gives the nearest.
    """
    known = [made.name for made in BATTERY]
    for name in names:
        if name not in known:
            raise ValueError(f"Experiment {name!r} is unknown. {nearest(name, known)}")
    return tuple(made for made in BATTERY if not names or made.name in names)

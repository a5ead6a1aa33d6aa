"""The experiments of the scorecard, as data: what is measured where, and what 0 and 1 mean."""

from __future__ import annotations

from dataclasses import dataclass

from driftrec.agents.scorecard.composition import composed
from driftrec.agents.scorecard.earning import earned, earned_by_page, earned_late
from driftrec.agents.scorecard.jump import followed
from driftrec.agents.scorecard.personal import personalised
from driftrec.agents.scorecard.resting import rested
from driftrec.agents.scorecard.stages import FLOOR, MYOPIC, PLANNER, Where
from driftrec.agents.scorecard.trial import Measure


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    Attributes:
        name: What a policy that scores is good at.
        measured: What is measured, per user.
        measure: Measures it.
        one: Policy that comes to 1; where a world has no planner the myopic oracle stands in for it.
        steps: How many, the horizon at most; None for all.
        world: In which form of the world.
        zero: Policy that comes to 0.
    """

    name: str
    measured: str
    measure: Measure
    one: str
    steps: int | None = None
    world: Where = "as it is"
    zero: str = FLOOR


BATTERY = (
    Experiment("short term", "engagement of a page while the user is there", earned_by_page, MYOPIC, 50),
    Experiment("long term", "engagement of the second half of an episode", earned_late, PLANNER),
    Experiment("cold start", "engagement of the first 10 steps", earned, MYOPIC, 10),
    Experiment("slate composition", "a page over one of equals by chance", composed, MYOPIC, 20),
    Experiment("rest and repetition", "a page over one shown lately", rested, PLANNER, 60),
    Experiment("following a jump", "how far pages turn to another's taste", followed, MYOPIC, 60),
    Experiment("personalisation", "engagement over that with users taken for one another", personalised, MYOPIC, 40),
    Experiment("other drift", "engagement where tastes move faster", earned, MYOPIC, 100, "other drift"),
    Experiment("other prices", "engagement where prices weigh double", earned, MYOPIC, 100, "other prices"),
    Experiment("new items", "engagement with items nobody has met", earned, MYOPIC, 50, "new items"),
    Experiment("new people", "engagement of personas nobody has met", earned, MYOPIC, 50, "new people"),
)
"""In the order of table and picture."""

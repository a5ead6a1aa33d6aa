"""RecSim's long-term satisfaction behind gymnasium's interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driftrec.envs.lanes import Lanes
from driftrec.envs.rendering import describe
from driftrec.envs.single import RecommendationEnv
from driftrec.simulators.published.recsim_long_term_satisfaction import LongTermSatisfactionWorld


class LongTermSatisfactionEnv(RecommendationEnv):
    """A user whom clickbait engages more now, and sours on everything, if satisfaction matters at all.

    ## Description
    RecSim's ``long_term_satisfaction`` ("choc and kale"), re-implemented. At every step the recommender shows a slate
    of its candidates; the user opens the top one. As published, satisfaction hardly moves and most clickbait is best
    in the long run too; ``corrected=True`` makes it matter. Equations and faults of the original:
    ``driftrec.simulators.published.recsim_long_term_satisfaction.LongTermSatisfactionWorld``.

    ## Action space
    ``MultiDiscrete([num_candidates] * slate_size)``: positions among the candidates. Only the top one matters.

    ## Observation space
    A ``Dict`` of ``Box``; C = ``num_candidates``, K = ``slate_size``. The last two rows tell of the last slate;
    before the first they are 0. Of the user nothing is observed.

    | key | shape | dtype | unit | range |
    |---|---|---|---|---|
    | candidates | (C, 1) | float32 | clickbait score | 0 .. 1 |
    | clicked | (K,) | int8 | 1 if clicked | 0 .. 1 |
    | engagement | (K,) | float32 | engagement, cut at 100 | 0 .. 100 |

    ## Reward
    Engagement of the step, not cut.

    ## Starting state
    Net positive exposure uniform in [-1.67, 1.67], a budget of 60 steps.

    ## Episode end
    Terminated: the budget is spent, after 60 steps. Truncated: ``horizon`` steps were taken. Never both.

    ## Info
    ``clicks`` and ``engagement`` by position, ``left``, ``ended`` and ``gap`` (of no meaning here); and for oracles
    and plots only the hidden truth: ``net_positive_exposure``, ``satisfaction``, ``budget``.

    ## Version history
    v0: RecSim at 55e50e4.

    Args:
        slate_size: Positions in a slate, at least 1.
        num_candidates: Candidates in every step, at least 1. RecSim's own main.py has 5; the figures are for 10.
        resample_documents: Draw new candidates in every step; with False the first ones stay to the end.
        corrected: Make satisfaction matter, see the world.
        horizon: Steps after which an episode is truncated; None, as published, for no limit.
        config: Changes to ``LongTermSatisfactionConfig`` by name, after ``corrected``.
        render_mode: "ansi" for ``render`` to tell the last step in words; None for no rendering.

    Raises:
        TypeError: If a size is not whole, a flag not True or False, a setting not a number, or the render mode unknown.
        ValueError: If a setting is unknown or out of range, or if ``horizon`` is below 1.
    """

    world: LongTermSatisfactionWorld

    def __init__(
        self,
        slate_size: int = 2,
        num_candidates: int = 10,
        resample_documents: bool = True,
        corrected: bool = False,
        horizon: int | None = None,
        config: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
    ) -> None:
        world = LongTermSatisfactionWorld(slate_size, num_candidates, resample_documents, corrected, config)
        super().__init__(world, horizon, render_mode)


class LongTermSatisfactionVectorEnv(Lanes):
    """Many users of ``LongTermSatisfactionEnv`` side by side, in native array code.

    Settings as of ``LongTermSatisfactionEnv``; see ``Lanes``.
    """

    single = LongTermSatisfactionEnv


def long_term_satisfaction_world(**settings: Any) -> LongTermSatisfactionWorld:
    """The world behind ``driftrec/RecSim-LongTermSatisfaction-v0``; settings as of ``LongTermSatisfactionEnv``."""
    return LongTermSatisfactionEnv(horizon=1, **settings).world


@describe.register
def _(world: LongTermSatisfactionWorld, seen: Mapping[str, Any], item: int) -> str:
    return f"candidate {item}: clickbait {seen['candidates'][item, 0]:.2f}"

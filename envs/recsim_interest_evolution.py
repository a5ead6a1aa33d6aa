"""RecSim's interest evolution behind gymnasium's interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driftrec.envs.lanes import Lanes
from driftrec.envs.rendering import describe
from driftrec.envs.single import RecommendationEnv
from driftrec.simulators.published.recsim_choice import choice_model
from driftrec.simulators.published.recsim_interest_evolution import PUBLISHED_CHOICE, InterestEvolutionWorld


class InterestEvolutionEnv(RecommendationEnv):
    """A user with a budget of time, which poor videos drain and good ones restore; interests move with what is watched.

    ## Description
    RecSim's ``interest_evolution``, the world of the SlateQ paper, re-implemented. At every step the recommender
    shows a slate of its candidates; the user clicks one of them or none, by interest in its topic. A click earns 4
    minutes and costs between 7.2 and 0.8 of the budget, the less the better the video; no click costs 0.5. Equations
    and faults of the original: ``driftrec.simulators.published.recsim_interest_evolution.InterestEvolutionWorld``.

    ## Action space
    ``MultiDiscrete([num_candidates] * slate_size)``: positions among the candidates. A repeat is shown twice.

    ## Observation space
    A ``Dict`` of ``Box``; T = 20 topics, C = ``num_candidates``, K = ``slate_size``. The last four rows tell of the
    last slate, clicked or not; before the first they are 0, and ``cluster`` -1. The quality of the candidates is not
    observed.

    | key | shape | dtype | unit | range |
    |---|---|---|---|---|
    | user | (T,) | float32 | interest in every topic | -1 .. 1 |
    | candidates | (C, T) | float32 | one-hot of the topic | 0 .. 1 |
    | clicked | (K,) | int8 | 1 if clicked | 0 .. 1 |
    | watch_time | (K,) | float32 | minutes | 0 .. 4 |
    | quality | (K,) | float32 | of the item shown | -3.59 .. 3.59 |
    | cluster | (K,) | int32 | its topic | -1 .. T - 1 |

    ## Reward
    Minutes watched in the step.

    ## Starting state
    Interests uniform in [-1, 1], a budget of 200 minutes.

    ## Episode end
    Terminated: the budget is spent. Truncated: ``horizon`` steps were taken. Never both.

    ## Info
    ``clicks`` and ``engagement`` (minutes) by position, ``left``, ``ended`` and ``gap`` (of no meaning here); and for
    oracles and plots only the hidden truth: ``interest`` (unit vector), ``interests``, ``budget``,
    ``candidate_quality``.

    ## Version history
    v0: RecSim at 55e50e4.

    Args:
        slate_size: Positions in a slate, at least 1.
        num_candidates: Candidates in every step, at least 1. RecSim's own main.py has 5; the figures are for 10.
        resample_documents: Draw new candidates in every step; with False the first ones stay to the end.
        corrected: Move interests as the SlateQ paper says, see the world.
        horizon: Steps after which an episode is truncated; None, as published, for no limit.
        choice: Changes to the choice model by name, such as ``{"no_click_mass": 2.0}``; under "kind" another of
            ``recsim_choice.MODELS``, or one of your own, "package.module:Class".
        config: Changes to ``InterestEvolutionConfig`` by name.
        render_mode: "ansi" for ``render`` to tell the last step in words; None for no rendering.

    Raises:
        TypeError: If a size is not whole, a flag not True or False, a setting not a number, or the render mode unknown.
        ValueError: If a setting is unknown or out of range, or if no episode could ever end.
    """

    world: InterestEvolutionWorld

    def __init__(
        self,
        slate_size: int = 2,
        num_candidates: int = 10,
        resample_documents: bool = True,
        corrected: bool = False,
        horizon: int | None = None,
        choice: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
    ) -> None:
        world = InterestEvolutionWorld(
            slate_size, num_candidates, resample_documents, corrected, choice_model(choice, PUBLISHED_CHOICE), config
        )
        super().__init__(world, horizon, render_mode)


class InterestEvolutionVectorEnv(Lanes):
    """Many users of ``InterestEvolutionEnv`` side by side, in native array code.

    Settings as of ``InterestEvolutionEnv``; see ``Lanes``.
    """

    single = InterestEvolutionEnv


def interest_evolution_world(**settings: Any) -> InterestEvolutionWorld:
    """The world behind ``driftrec/RecSim-InterestEvolution-v0``; settings as of ``InterestEvolutionEnv``."""
    return InterestEvolutionEnv(horizon=1, **settings).world


@describe.register
def _(world: InterestEvolutionWorld, seen: Mapping[str, Any], item: int) -> str:
    topic, quality = seen["candidates"][item].argmax(), seen["info"]["candidate_quality"][item]
    return f"candidate {item}: topic {topic}, quality {quality:.2f}"

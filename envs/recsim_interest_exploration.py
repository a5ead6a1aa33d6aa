"""RecSim's interest exploration behind gymnasium's interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from driftrec.envs.lanes import Lanes
from driftrec.envs.rendering import describe
from driftrec.envs.single import RecommendationEnv
from driftrec.simulators.published.recsim_choice import choice_model
from driftrec.simulators.published.recsim_interest_exploration import PUBLISHED_CHOICE, InterestExplorationWorld


class InterestExplorationEnv(RecommendationEnv):
    """A user of one of two hidden kinds, who likes one of two topics better.

    ## Description
    RecSim's ``interest_exploration``, re-implemented. At every step the recommender shows a slate of its candidates;
    the user clicks one of them or none, by affinity to its topic plus its quality. Nothing moves: what there is to
    learn is the user's kind. Equations and faults of the original:
    ``driftrec.simulators.published.recsim_interest_exploration.InterestExplorationWorld``.

    ## Action space
    ``MultiDiscrete([num_candidates] * slate_size)``: positions among the candidates. A repeat is shown twice.

    ## Observation space
    A ``Dict`` of ``Box``; C = ``num_candidates``, H = ``history * slate_size``. The last three rows tell of the last
    ``history`` slates by position, oldest first, clicked or not; before the first slate they are 0, and ``cluster``
    -1. Of the user nothing is observed.

    | key | shape | dtype | unit | range |
    |---|---|---|---|---|
    | candidates | (C, 3) | float32 | one-hot of the topic, quality | 0 .. 4.01 |
    | clicked | (H,) | int8 | 1 if clicked | 0 .. 1 |
    | quality | (H,) | float32 | of the item shown | 0 .. 4.01 |
    | cluster | (H,) | int32 | its topic | -1 .. 1 |

    ## Reward
    1 for a click, else 0.

    ## Starting state
    A kind, 0 with chance 0.3, and a log-normal affinity to each topic.

    ## Episode end
    Terminated: never. Truncated: ``horizon`` steps were taken.

    ## Info
    ``clicks`` and ``engagement`` (1 a click) by position, ``left``, ``ended`` and ``gap`` (of no meaning here); and
    for oracles and plots only the hidden truth: ``affinity``, ``type``.

    ## Version history
    v0: RecSim at 55e50e4.

    Args:
        slate_size: Positions in a slate, at least 1.
        num_candidates: Candidates in every step, at least 1. RecSim's own main.py has 5; the figures are for 10.
        resample_documents: Draw new candidates in every step; with False the first ones stay to the end.
        horizon: Steps after which an episode is truncated, at least 1. The published figures are cut at 100; the
            original's runner cuts at 27,000.
        choice: Changes to the choice model by name, such as ``{"no_click_mass": 4.0}``; under "kind" another of
            ``recsim_choice.MODELS``, or one of your own, "package.module:Class".
        config: Changes to ``InterestExplorationConfig``, nested by topic and type.
        history: Past slates in the observation, at least 1; 1 is the published one.
        render_mode: "ansi" for ``render`` to tell the last step in words; None for no rendering.

    Raises:
        TypeError: If a size is not whole, a flag not True or False, a setting not a number, or the render mode unknown.
        ValueError: If a setting is unknown or out of range, or if ``horizon`` is None.
    """

    world: InterestExplorationWorld

    def __init__(
        self,
        slate_size: int = 2,
        num_candidates: int = 10,
        resample_documents: bool = True,
        horizon: int | None = 100,
        choice: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        history: int = 1,
        render_mode: str | None = None,
    ) -> None:
        world = InterestExplorationWorld(
            slate_size, num_candidates, resample_documents, choice_model(choice, PUBLISHED_CHOICE), config, history
        )
        super().__init__(world, horizon, render_mode)


class InterestExplorationVectorEnv(Lanes):
    """Many users of ``InterestExplorationEnv`` side by side, in native array code.

    Settings as of ``InterestExplorationEnv``; see ``Lanes``.
    """

    single = InterestExplorationEnv


def interest_exploration_world(**settings: Any) -> InterestExplorationWorld:
    """The world behind ``driftrec/RecSim-InterestExploration-v0``; settings as of ``InterestExplorationEnv``."""
    return InterestExplorationEnv(horizon=1, **settings).world


@describe.register
def _(world: InterestExplorationWorld, seen: Mapping[str, Any], item: int) -> str:
    *topic, quality = seen["candidates"][item]
    return f"candidate {item}: topic {np.argmax(topic)}, quality {quality:.2f}"

"""The news environments: which world they put behind gymnasium's interface, and with which settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from driftrec.envs.single import RecommendationEnv
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.catalogue import Catalogue, Personas, load_catalogue
from driftrec.simulators.news import NewsConfig, NewsWorld
from driftrec.simulators.settings import updated


class NewsEnv(RecommendationEnv):
    """A reader of news: interests drift, topics tire, clickbait disappoints, and the disappointed stay away.

    ## Description
    At every step the recommender shows a slate of items. The reader opens one of them or none, reads for some
    minutes, and ends the session or not. After a session comes a gap of simulated hours, in which the reader may be
    lost for good. Over an episode one reader lives through several sessions. The equations are in ``docs/model.md``.

    ## Action space
    ``MultiDiscrete([items] * slate_size)``: positions in the catalogue. A repeat within a slate is an empty position.

    ## Observation space
    A ``Dict`` of ``Box``; H = ``history`` impressions and R = ``config.memory`` reads, newest last. Reads go further
    back than impressions: a recommender knows what was opened long after it forgot what was passed over.

    | key | shape | dtype | unit | range |
    |---|---|---|---|---|
    | persona | (1,) | int32 | row of the personas | 0 .. personas - 1 |
    | items | (H,) | int32 | item shown, -1 = empty | -1 .. items - 1 |
    | clicked | (H,) | int8 | 1 if opened | 0 .. 1 |
    | engagement | (H,) | float32 | minutes read | 0 .. longest read |
    | age | (H,) | float32 | hours since shown, 0 where empty | 0 .. 1e6 |
    | read_items | (R,) | int32 | item read, -1 = empty | -1 .. items - 1 |
    | read_minutes | (R,) | float32 | minutes read | 0 .. longest read |
    | read_age | (R,) | float32 | hours since read, 0 where empty | 0 .. 1e6 |
    | clock | (4,) | float32 | hours since first visit, sessions begun, steps and minutes in session | 0 .. 1e6 |

    ## Reward
    Minutes read in the step.

    ## Starting state
    A persona drawn uniformly, an own variation of its interest, a satisfaction drawn between 0.4 and 0.6.

    ## Episode end
    Terminated: the reader is gone for good. Truncated: ``horizon`` steps were taken. Never both.

    ## Info
    ``clicks`` and ``engagement`` by position, ``ended`` (the session ended), ``gap`` (hours away), ``left``; and for
    oracles and plots only the hidden truth: ``interest``, ``satiation``, ``satisfaction``.

    ## Version history
    v0: first version.

    Args:
        catalogue: Folder written by ``driftrec encode``; None for the packaged news catalogue of 1,000 items.
        slate_size: Positions in a slate, 1 to the number of items.
        history: Impressions in the observation, at least 1.
        horizon: Steps after which an episode is truncated; None for no limit.
        config: Changes to ``NewsConfig``, nested by mechanism, such as ``{"drift": {"towards": 0.1}}``.

    Raises:
        ValueError: If a setting is unknown or out of range, or if no episode could ever end.
        FileNotFoundError: If ``catalogue`` is not a catalogue folder.
    """

    def __init__(
        self,
        catalogue: str | None = None,
        slate_size: int = 5,
        history: int = 50,
        horizon: int | None = 200,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        world = news_world(catalogue, slate_size, history, config)
        super().__init__(world, check_horizon(horizon, world))


class NewsVectorEnv(RecommendationVectorEnv):
    """Many readers of ``NewsEnv`` side by side, in native array code.

    Args:
        num_envs: Lanes.
        catalogue: See ``NewsEnv``.
        slate_size: See ``NewsEnv``.
        history: See ``NewsEnv``.
        horizon: See ``NewsEnv``.
        config: See ``NewsEnv``.
        autoreset_mode: "NextStep", "SameStep" or "Disabled", see ``RecommendationVectorEnv``.
    """

    def __init__(
        self,
        num_envs: int = 1,
        catalogue: str | None = None,
        slate_size: int = 5,
        history: int = 50,
        horizon: int | None = 200,
        config: Mapping[str, Any] | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        world = news_world(catalogue, slate_size, history, config)
        super().__init__(world, num_envs, check_horizon(horizon, world), autoreset_mode)


def news_world(
    catalogue: str | Path | None = None,
    slate_size: int = 5,
    history: int = 50,
    config: Mapping[str, Any] | None = None,
) -> NewsWorld:
    """The world behind ``driftrec/News-v0``; arguments as of ``NewsEnv``."""
    check_whole("slate_size", slate_size)
    check_whole("history", history)
    items, personas = packaged_catalogue() if catalogue is None else load_catalogue(catalogue)
    return NewsWorld(items, personas, slate_size, history, updated(NewsConfig(), {} if config is None else config))


@lru_cache(maxsize=1)
def packaged_catalogue() -> tuple[Catalogue, Personas]:
    """The packaged news: 1,000 items and 320 personas, made by a seeded generator, always the same."""
    from driftrec.simulators.newsroom import generate_news, generate_personas

    return generate_news(), generate_personas()


def check_horizon(horizon: int | None, world: NewsWorld) -> int | None:
    """Return ``horizon``.

    Raises:
        TypeError: If it is neither None nor an integer.
        ValueError: If it is below 1, or None in a world that nobody leaves.
    """
    if horizon is None:
        comeback = world.config.comeback
        longest = np.array([comeback.max_gap], np.float32)
        if not comeback.churn_probability(longest).any():  # rates below 1e-45 or so vanish in float32
            raise ValueError(
                f"No episode could ever end: horizon is None and comeback.churn_rate is {comeback.churn_rate:g}. "
                "Set one of the two."
            )
        return None
    check_whole("horizon", horizon)
    if horizon < 1:
        raise ValueError(f"horizon is {horizon}; it must be at least 1 step, or None for no limit.")
    return horizon


def check_whole(name: str, value: Any) -> None:
    """Raise TypeError unless ``value`` is an integer: 2.5 steps would never be reached."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {value!r}; it must be a whole number.")

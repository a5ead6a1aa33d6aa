"""The news environments: which world they put behind gymnasium's interface, and with which settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driftrec.envs.catalogues import check_path, read_catalogue
from driftrec.envs.lanes import Lanes
from driftrec.envs.single import RecommendationEnv
from driftrec.simulators.news import NewsWorld
from driftrec.simulators.news_config import NewsConfig
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
    A ``Dict`` of ``Box``; H = ``history`` impressions and R = ``config.memory`` reads, newest last. With the
    default sizes reads go further back than impressions: what was opened is known long after what was passed over.

    | key | shape | dtype | unit | range |
    |---|---|---|---|---|
    | persona | (1,) | int32 | row of the personas | 0 .. personas - 1 |
    | shown | (H,) | int32 | item shown, -1 = empty | -1 .. items - 1 |
    | clicked | (H,) | int8 | 1 if opened | 0 .. 1 |
    | engagement | (H,) | float32 | minutes read | 0 .. longest read |
    | age | (H,) | float32 | hours since shown, 0 where empty | 0 .. 1e6 |
    | read_items | (R,) | int32 | item read, -1 = empty | -1 .. items - 1 |
    | read_minutes | (R,) | float32 | minutes read | 0 .. longest read |
    | read_age | (R,) | float32 | hours since read, 0 where empty | 0 .. 1e6 |
    | clock | (4,) | float32 | hours since first visit, sessions ended + 1, steps and minutes in session | 0 .. 1e6 |

    ## Reward
    Minutes read in the step.

    ## Starting state
    A persona drawn uniformly, an own variation of its interest, a satisfaction drawn between
    ``start_low`` and ``start_high`` of ``config.satisfaction``, 0.4 and 0.6 by default.

    ## Episode end
    Terminated: the reader is gone for good. Truncated: ``horizon`` steps were taken. Never both.

    ## Info
    ``clicks`` and ``engagement`` by position, ``ended`` (the session ended), ``gap`` (hours away), ``left``; and for
    oracles and plots only the hidden truth: ``interest``, ``satiation``, ``satisfaction``.

    ## Version history
    v0: first version.

    Args:
        catalogue: Folder written by ``driftrec encode``, a string; None for the packaged news catalogue of 1,000 items.
        slate_size: Positions in a slate, 1 to the number of items.
        history: Impressions in the observation, at least 1.
        horizon: Steps after which an episode is truncated; None for no limit. The
            ``max_episode_steps`` of ``gymnasium.make`` lays a ``TimeLimit`` around it, which can only be shorter.
        config: Changes to ``NewsConfig``, nested by mechanism, such as ``{"drift": {"towards": 0.1}}``; under "kind" a
            mechanism of your own, ``{"drift": {"kind": "package.module:Class"}}`` (see ``docs/own-worlds.md``).
        render_mode: "ansi" for ``render`` to tell the last step in words; None for no rendering.

    Raises:
        TypeError: If ``catalogue`` is not a string, which ``env.spec.to_json()`` needs, a size is not whole, or the
            render mode unknown.
        ValueError: If a setting is unknown or out of range, or if no episode could ever end.
        ImportError: If a mechanism of your own cannot be imported.
        FileNotFoundError: If ``catalogue`` is not a catalogue folder.
    """

    world: NewsWorld

    def __init__(
        self,
        catalogue: str | None = None,
        slate_size: int = 5,
        history: int = 50,
        horizon: int | None = 200,
        config: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
    ) -> None:
        items, personas = read_catalogue(check_path(catalogue))
        changed = updated(NewsConfig(), {} if config is None else config)
        super().__init__(NewsWorld(items, personas, slate_size, history, changed), horizon, render_mode)


class NewsVectorEnv(Lanes):
    """Many readers of ``NewsEnv`` side by side, in native array code.

    Settings as of ``NewsEnv``; see ``Lanes``.
    """

    single = NewsEnv


def news_world(**settings: Any) -> NewsWorld:
    """The world behind ``driftrec/News-v0``; settings as of ``NewsEnv``."""
    return NewsEnv(horizon=1, **settings).world

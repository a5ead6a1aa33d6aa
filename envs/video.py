"""The video environments: a feed of short clips behind gymnasium's interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driftrec.envs.catalogues import check_path, packaged_clips, read_catalogue
from driftrec.envs.lanes import Lanes
from driftrec.envs.single import RecommendationEnv
from driftrec.simulators.feed.feed_config import VIDEO
from driftrec.simulators.feed.feed_world import FeedWorld
from driftrec.simulators.settings import updated


class VideoEnv(RecommendationEnv):
    """A viewer of short videos: several are watched of a page, tastes grow, topics bore at once, regret stays.

    ## Description
    At every step the recommender shows a page of clips, read from the top. The viewer opens some of them, each a
    decision of its own; those of a topic opened above take from their like. What is worth it grows the taste for its
    topic, up to a potential that nobody sees; clickbait is watched and regretted. Too much of a topic bores all of a
    sudden, annoys, and takes rest to pass; how much is too much, and how long the rest, is the viewer's own and of each
    topic. After the page the session ends or not; time away follows one of two habits, and the dissatisfied are lost.
    The equations are in ``docs/scenarios.md``.

    ## Action space
    ``MultiDiscrete([items] * slate_size)``: positions in the catalogue. A repeat within a page is an empty position.

    ## Observation space
    A ``Dict`` of ``Box``; H = ``history`` impressions, newest last, and R = ``config.memory`` clips opened last, in no
    order.

    | key | shape | dtype | unit | range |
    |---|---|---|---|---|
    | persona | (1,) | int32 | row of the personas | 0 .. personas - 1 |
    | shown | (H,) | int32 | item shown, -1 = empty | -1 .. items - 1 |
    | clicked | (H,) | int8 | 1 if opened | 0 .. 1 |
    | engagement | (H,) | float32 | minutes watched | 0 .. longest watched |
    | age | (H,) | float32 | hours since shown, 0 where empty | 0 .. 1e6 |
    | read_items | (R,) | int32 | item opened, -1 = empty | -1 .. items - 1 |
    | read_minutes | (R,) | float32 | minutes watched | 0 .. longest watched |
    | read_age | (R,) | float32 | hours since opened, 0 where empty | 0 .. 1e6 |
    | clock | (4,) | float32 | hours since first visit, sessions ended + 1, steps and minutes in session | 0 .. 1e6 |
    | hour | (1,) | float32 | hour of the day | 0 .. 24 |

    ## Reward
    Minutes watched in the step.

    ## Starting state
    A persona drawn uniformly; own tastes, gems, thresholds, half-lives and annoyances; a satisfaction between
    ``start_low`` and ``start_high`` of ``config.regret``; a habit, and an hour of the day.

    ## Episode end
    Terminated: the viewer is gone for good. Truncated: ``horizon`` steps were taken. Never both.

    ## Info
    ``clicks`` and ``engagement`` by position, ``ended`` (the session ended), ``gap`` (hours away), ``left``; and for
    oracles and plots only the hidden truth: ``interest`` (taste by topic, scaled to length 1), ``load``, ``bored``,
    ``satisfaction``.

    ## Version history
    v0: first version.

    Args:
        catalogue: Folder written by ``driftrec encode``, a string; None for the packaged catalogue of 1,008 clips.
        slate_size: Positions of a page, 1 to the number of items.
        history: Impressions in the observation, at least 1.
        horizon: Steps after which an episode is truncated; None for no limit.
        config: Changes to ``FeedConfig``, nested by mechanism, such as ``{"boredom": {"threshold": 8}}``.
        render_mode: "ansi" for ``render`` to tell the last step in words; None for no rendering.

    Raises:
        TypeError: If ``catalogue`` is not a string, a size is not whole, or the render mode unknown.
        ValueError: If a setting is unknown or out of range, or if no episode could ever end.
        FileNotFoundError: If ``catalogue`` is not a catalogue folder.
    """

    world: FeedWorld

    def __init__(
        self,
        catalogue: str | None = None,
        slate_size: int = 10,
        history: int = 200,
        horizon: int | None = 80,
        config: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
    ) -> None:
        items, personas = read_catalogue(check_path(catalogue), packaged_clips)
        changed = updated(VIDEO, {} if config is None else config)
        super().__init__(FeedWorld(items, personas, slate_size, history, changed), horizon, render_mode)


class VideoVectorEnv(Lanes):
    """Many viewers of ``VideoEnv`` side by side, in native array code.

    Settings as of ``VideoEnv``; see ``Lanes``.
    """

    single = VideoEnv


def video_world(**settings: Any) -> FeedWorld:
    """The world behind ``driftrec/Video-v0``; settings as of ``VideoEnv``."""
    return VideoEnv(horizon=1, **settings).world

"""The environments of news that moves: articles appear and age, behind gymnasium's interface."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from driftrec.envs.catalogues import check_path, read_catalogue, read_column
from driftrec.envs.lanes import Lanes
from driftrec.envs.single import RecommendationEnv
from driftrec.simulators.catalogue import Personas
from driftrec.simulators.feed.feed_config import STREAM
from driftrec.simulators.feed.stream_world import StreamWorld
from driftrec.simulators.settings import updated
from driftrec.simulators.wire.dated import Dated, dated

DATES_FILE = "dates.csv"
"""Of a catalogue folder: a header id,date and a line an item, such as n1,2025-03-01T08:30, all in one time zone."""


class NewsStreamEnv(RecommendationEnv):
    """A reader of news that moves: articles age, stories break for everybody, and topics tire over many sessions.

    ## Description
    As ``VideoEnv`` page by page, of articles that appear in the course of a year. On offer are the ``num_candidates``
    newest ones. An article loses with its age and gains while its topic is in the news; of a topic that a reader had
    too much of, several sessions' rest is needed. A reader comes on any day of the calendar, which begins anew after
    its last day. The equations are in ``docs/scenarios.md``.

    ## Action space
    ``MultiDiscrete([num_candidates] * slate_size)``: positions among the candidates of the observation, newest first.
    A repeat within a page is an empty position.

    ## Observation space
    That of ``VideoEnv``, whose items are places in the catalogue, and C = ``num_candidates`` articles on offer.

    | key | shape | dtype | unit | range |
    |---|---|---|---|---|
    | candidates | (C,) | int32 | item on offer, newest first | 0 .. items - 1 |
    | moment | (1,) | float32 | hour of the calendar | 0 .. 8,760, as long as the calendar |

    Ages follow, in hours, with ``world = env.unwrapped.world``:
    ``(moment - world.catalogue.hours[candidates]) % world.calendar.period``.

    ## Reward
    Minutes read in the step.

    ## Starting state
    As of ``VideoEnv``, and a day of the calendar.

    ## Episode end
    Terminated: the reader is gone for good. Truncated: ``horizon`` steps were taken. Never both.

    ## Info
    As of ``VideoEnv``, and ``heat``: how much every topic is in the news.

    ## Version history
    v0: first version.

    Args:
        catalogue: Folder with a file ``dates.csv``, a string; None for the packaged year of 9,000 articles.
        slate_size: Positions of a page, 1 to the number of candidates.
        history: Impressions in the observation, at least 1.
        horizon: Steps after which an episode is truncated; None for no limit.
        num_candidates: Articles on offer at any time, 1 to their number.
        config: Changes to ``StreamConfig``, nested by mechanism, such as ``{"freshness": {"loss": 0.5}}``.
        render_mode: "ansi" for ``render`` to tell the last step in words; None for no rendering.

    Raises:
        TypeError: If ``catalogue`` is not a string, a size is not whole, or the render mode unknown.
        ValueError: If a setting is unknown or out of range, an item has no date, or no episode could ever end.
        FileNotFoundError: If ``catalogue`` is not a catalogue folder, or has no dates.
    """

    world: StreamWorld

    def __init__(
        self,
        catalogue: str | None = None,
        slate_size: int = 8,
        history: int = 160,
        horizon: int | None = 100,
        num_candidates: int = 320,
        config: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
    ) -> None:
        items, personas = read_articles(check_path(catalogue))
        changed = updated(STREAM, {} if config is None else config)
        world = StreamWorld(items, personas, slate_size, history, num_candidates, changed)
        super().__init__(world, horizon, render_mode)


class NewsStreamVectorEnv(Lanes):
    """Many readers of ``NewsStreamEnv`` side by side, in native array code.

    Settings as of ``NewsStreamEnv``; see ``Lanes``.
    """

    single = NewsStreamEnv


def news_stream_world(**settings: Any) -> StreamWorld:
    """The world behind ``driftrec/NewsStream-v0``; settings as of ``NewsStreamEnv``."""
    return NewsStreamEnv(horizon=1, **settings).world


def read_articles(catalogue: str | None) -> tuple[Dated, Personas]:
    """The packaged year of news for None, or a catalogue folder with dates.

    Raises:
        FileNotFoundError: If it is not a catalogue folder, or has no dates.
        ValueError: If a folder is damaged, or its dates do not fit its items.
    """
    if catalogue is None:
        return packaged_articles()
    items, personas = read_catalogue(catalogue)
    remedy = (
        "Write a header id,date and a line an item, such as n1,2025-03-01T08:30, or give driftrec encode a table with "
        "a date column."
    )
    file = Path(catalogue) / DATES_FILE
    dates = read_column(file, "date", items.ids, datetime.fromisoformat, "an ISO date", remedy)
    try:
        midnight = min(dates).replace(hour=0, minute=0, second=0, microsecond=0)
    except TypeError:  # some have a time zone
        raise ValueError(
            f"{Path(catalogue) / DATES_FILE}: some dates have a time zone and others none; write all in one."
        ) from None
    hours = [(date - midnight).total_seconds() / 3600.0 for date in dates]
    try:
        return dated(items, np.array(hours, np.float32)), personas
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error


@lru_cache(maxsize=1)
def packaged_articles() -> tuple[Dated, Personas]:
    """The packaged year: 9,000 articles and 320 personas, made by a seeded generator, always the same."""
    from driftrec.simulators.wire import generate_articles, generate_readers

    return generate_articles(), generate_readers()

"""The music environments: a feed of songs behind gymnasium's interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driftrec.envs.catalogues import check_path, packaged_songs, read_catalogue
from driftrec.envs.lanes import Lanes
from driftrec.envs.single import RecommendationEnv
from driftrec.simulators.feed.feed_config import MUSIC
from driftrec.simulators.feed.song_world import SongWorld
from driftrec.simulators.settings import updated


class MusicEnv(RecommendationEnv):
    """A listener: songs heard again are liked better until they are worn out, and moods decide what is played.

    ## Description
    As ``VideoEnv`` page by page, of songs: repeats are welcome, familiarity builds liking, a song played too often
    wears out and needs days of rest, a mood that comes with the hour and switches within a session makes songs fit or
    not, and a good streak keeps the session going. The equations are in ``docs/scenarios.md``.

    ## Action space
    ``MultiDiscrete([items] * slate_size)``: positions in the catalogue. A repeat within a page is an empty position.

    ## Observation space
    That of ``VideoEnv``: persona, shown, clicked, engagement, age, read_items, read_minutes, read_age, clock, hour.

    ## Reward
    Minutes listened in the step.

    ## Starting state
    As of ``VideoEnv``; some songs of liked styles are known for long, and the mood is that of the hour or any.

    ## Episode end
    Terminated: the listener is gone for good. Truncated: ``horizon`` steps were taken. Never both.

    ## Info
    As of ``VideoEnv``, and ``mood``.

    ## Version history
    v0: first version.

    Args:
        catalogue: Folder written by ``driftrec encode`` of a table with a column ``mood``, a string; None for the
            packaged 1,000 songs.
        slate_size: Positions of a page, 1 to the number of items.
        history: Impressions in the observation, at least 1.
        horizon: Steps after which an episode is truncated; None for no limit.
        config: Changes to ``MusicConfig``, nested by mechanism, such as ``{"repeats": {"limit": 5}}``.
        render_mode: "ansi" for ``render`` to tell the last step in words; None for no rendering.

    Raises:
        TypeError: If ``catalogue`` is not a string, a size is not whole, or the render mode unknown.
        ValueError: If a setting is unknown or out of range, an item has no mood, or no episode could ever end.
        FileNotFoundError: If ``catalogue`` is not a catalogue folder.
    """

    world: SongWorld

    def __init__(
        self,
        catalogue: str | None = None,
        slate_size: int = 8,
        history: int = 200,
        horizon: int | None = 80,
        config: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
    ) -> None:
        items, personas = read_catalogue(check_path(catalogue), packaged_songs)
        changed = updated(MUSIC, {} if config is None else config)
        super().__init__(SongWorld(items, personas, slate_size, history, changed), horizon, render_mode)


class MusicVectorEnv(Lanes):
    """Many listeners of ``MusicEnv`` side by side, in native array code.

    Settings as of ``MusicEnv``; see ``Lanes``.
    """

    single = MusicEnv


def music_world(**settings: Any) -> SongWorld:
    """The world behind ``driftrec/Music-v0``; settings as of ``MusicEnv``."""
    return MusicEnv(horizon=1, **settings).world

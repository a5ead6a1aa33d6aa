"""Lanes of an environment: many of its users side by side, by the same settings."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from gymnasium.vector import AutoresetMode

from driftrec.envs.episodes import check_same_limit
from driftrec.envs.rendering import check_nothing_drawn
from driftrec.envs.single import RecommendationEnv
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.settings import nearest


class Lanes(RecommendationVectorEnv):
    """Many users of the environment ``single`` side by side, in native array code.

    A subclass says which environment that is.

    Args:
        num_envs: Lanes.
        *positional: The first of the settings.
        autoreset_mode: "NextStep", "SameStep" or "Disabled", see ``RecommendationVectorEnv``.
        render_mode: None; lanes draw nothing, single environments do.
        max_episode_steps: Gymnasium's name for the horizon, refused where it says another number.
        **settings: Those of ``single``, which ``inspect.signature`` shows.

    Raises:
        TypeError: If a setting is unknown (the message gives the nearest), or as of ``single``.
        ValueError: If ``max_episode_steps`` is not the horizon, or as of ``single`` and ``RecommendationVectorEnv``.
    """

    single: ClassVar[type[RecommendationEnv]]
    __signature__: ClassVar[inspect.Signature]

    def __init_subclass__(cls) -> None:
        first, *last = [p for name, p in _OWN.items() if name not in ("self", "positional", "settings")]
        settings = [p for name, p in inspect.signature(cls.single).parameters.items() if name not in _OWN]
        cls.__signature__ = inspect.Signature([first, *settings, *last])

    def __init__(
        self,
        num_envs: int = 1,
        *positional: Any,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        max_episode_steps: int | None = None,
        **settings: Any,
    ) -> None:
        check_nothing_drawn(render_mode)
        known = self.__signature__.parameters
        for name in settings:
            if name not in known:
                unknown = f"{type(self).__name__} got an unexpected keyword argument {name!r}."
                raise TypeError(f"{unknown} {nearest(name, known)}")
        told = self.__signature__.bind(num_envs, *positional, **settings).arguments
        env = self.single(**{name: value for name, value in told.items() if name not in _OWN})
        super().__init__(env.world, num_envs, env.horizon, autoreset_mode)
        check_same_limit(max_episode_steps, self.horizon)


_OWN = inspect.signature(Lanes.__init__).parameters

"""The fitted environments: users as a log tells of them, behind gymnasium's interface."""

from __future__ import annotations

from typing import Any

from driftrec.envs.lanes import Lanes
from driftrec.envs.single import RecommendationEnv
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.fitted.folder import load_world


class FittedEnv(RecommendationEnv):
    """A user like those of a log: opens items of a slate or none, drifts, tires, leaves and returns.

    ## Description
    The numbers come from ``driftrec fit``; the equations are in ``docs/fit.md``.

    ## Action space
    ``MultiDiscrete([items] * slate_size)``: positions in ``world.parameters.ids``. A repeat is an empty position.

    ## Observation space
    A ``Dict`` with "user", float32: what feedback tells of the user, and "opened", int32: the items that the user has
    opened, -1 for none; see ``FittedWorld``.

    ## Reward
    Engagement as the log counted it: minutes, ratings, 1 a click.

    ## Starting state
    The own interest of one of the log's users, who has opened nothing.

    ## Episode end
    Terminated: the user is gone for good. Truncated: ``horizon`` steps were taken. Never both.

    ## Info
    ``clicks`` and ``engagement`` by position, ``ended`` (the session ended), ``gap`` (hours away), ``left``; and for
    oracles and plots only the hidden truth: ``taste`` and ``load``.

    ## Version history
    v0: first version.

    Args:
        world: Folder that ``driftrec fit`` wrote, a string; None for a small made-up one.
        slate_size: Positions in a slate, 1 to the number of items.
        horizon: Steps after which an episode is truncated; None for no limit.
        known: Folder of another fit to the same log, such as that of which ``world`` is a replicate: its items' vectors
            and memories are what the recommender sees, whatever users live by; None for the world's own.
        render_mode: "ansi" for ``render`` to tell the last step in words; None for no rendering.

    Raises:
        TypeError: If ``world`` or ``known`` is not a string, a size is not whole, or the render mode unknown.
        ValueError: If a folder is not valid, ``known`` is of other items, a size is out of range, or no episode could
            ever end.
        FileNotFoundError: If it is no such folder.
    """

    world: FittedWorld

    def __init__(
        self,
        world: str | None = None,
        slate_size: int = 5,
        horizon: int | None = 100,
        known: str | None = None,
        render_mode: str | None = None,
    ) -> None:
        for name, folder in (("world", world), ("known", known)):
            if not (folder is None or isinstance(folder, str)):
                raise TypeError(
                    f"{name} is {folder!r}; give the folder as a string, str(path), so that env.spec.to_json() can "
                    "hold it."
                )
        parameters = made_up() if world is None else load_world(world)
        taken = None if known is None or known == world else load_world(known)
        super().__init__(FittedWorld(parameters, slate_size, taken), horizon, render_mode)


class FittedVectorEnv(Lanes):
    """Many users of ``FittedEnv`` side by side, in native array code.

    Settings as of ``FittedEnv``; see ``Lanes``.
    """

    single = FittedEnv


def fitted_world(**settings: Any) -> FittedWorld:
    """The world behind ``driftrec/Fitted-v0``; settings as of ``FittedEnv``."""
    return FittedEnv(horizon=1, **settings).world

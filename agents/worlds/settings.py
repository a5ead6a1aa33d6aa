"""How agents are trained in a world unless told otherwise."""

from __future__ import annotations

from typing import Any

from driftrec.agents.runs.baselines import STOCK
from driftrec.agents.runs.train import TrainSettings
from driftrec.agents.setup import NEWS
from driftrec.agents.slateq.values import SlateQTraining
from driftrec.agents.worlds.recipes import RECIPES, SLATEQ_RECIPES
from driftrec.simulators.settings import nearest

PPO = "ppo"
"""The kind that ``driftrec train`` trains."""


def settings_of(world: str, kind: str = PPO) -> Any:
    """How a kind of run is trained in a world, a frozen dataclass.

    Args:
        world: Environment id.
        kind: "ppo", "slateq", "sb3-ppo" or "sb3-sac".

    Raises:
        ValueError: If the world is unknown (the message gives the nearest), or trains no such kind.
    """
    if world == NEWS:
        known: dict[str, Any] = {PPO: TrainSettings(), "slateq": SlateQTraining()}
        known |= {name: stock() for name, stock in STOCK.items()}
    elif world in RECIPES:
        known = {PPO: RECIPES[world], "slateq": SLATEQ_RECIPES[world]}
    else:
        raise ValueError(f"World {world!r} is unknown. {nearest(world, (NEWS, *RECIPES))}")
    if kind not in known:
        raise ValueError(f"{world} trains no {kind}. {nearest(kind, known.keys() - {PPO})}")
    return known[kind]


def fitting(settings: Any, world: str, kind: str = PPO) -> Any:
    """``settings`` unless they are None, else those of ``settings_of``, whose errors are this function's.

    Raises:
        TypeError: If they are of another kind of run or world.
    """
    known = settings_of(world, kind)
    if settings is None:
        return known
    if type(settings) is not type(known):
        raise TypeError(f"{world} trains {kind} with {type(known).__name__}, not {type(settings).__name__}.")
    return settings

"""Which kit a world has: the one registered for its id, or a general one for worlds of texts or of features."""

from __future__ import annotations

from typing import Any

from driftrec.agents.setup import Setup, WorldArgs, make_env, registered
from driftrec.agents.worlds import feeds, fitted, news, recsim, sardine, shop
from driftrec.agents.worlds.feature_kit import FeatureKit
from driftrec.agents.worlds.kit import Kit
from driftrec.agents.worlds.text_kit import TextKit
from driftrec.simulators.settings import nearest
from driftrec.simulators.world import World

PPO = "ppo"
"""The kind that ``driftrec train`` trains."""

KITS: dict[str, Kit] = {**news.KITS, **feeds.KITS, **shop.KITS, **fitted.KITS, **recsim.KITS, **sardine.KITS}
"""By environment id; extend it with ``register``."""


def register(world: str, kit: Kit) -> None:
    """Let agents know ``kit`` as that of the world ``world``, an environment id, in this process."""
    KITS[world] = kit


def kit_of(setup: Setup) -> Kit:
    """The kit of a world."""
    return KITS.get(setup.args.world.rpartition(":")[2]) or _general(setup.world)


def item_ids(setup: Setup) -> list[str]:
    """Ids of a world's items as logs write them: a catalogue's, or what the kit knows."""
    catalogue = setup.world.catalogue
    return kit_of(setup).item_ids(setup) if catalogue is None else [str(each) for each in catalogue.ids]


def kit_named(world: str) -> Kit:
    """The kit of the world of an environment id, which is made only where no kit of its own is known.

    Raises:
        ValueError: If the world is unknown; the message gives the nearest.
        ImportError: If the module of a user's world cannot be imported.
    """
    name = registered(world)
    return KITS.get(name) or _general(make_env(WorldArgs(world)).world)


def _general(world: World[Any]) -> Kit:
    """What serves a world that has no kit of its own."""
    return FeatureKit() if world.catalogue is None else TextKit()


def settings_of(world: str, kind: str = PPO) -> Any:
    """How a kind of run is trained in a world, a frozen dataclass.

    Args:
        world: Environment id.
        kind: "ppo", "slateq", one of the kit's rivals, or one of stable-baselines3's that the world's kit has.

    Raises:
        ValueError: If the world is unknown (the message gives the nearest), or trains no such kind.
    """
    kit = kit_named(world)
    known = {PPO: kit.settings, "slateq": kit.slateq, **kit.learned_rivals, **kit.stock}
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

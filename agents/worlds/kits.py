"""Which kit a world has: the one registered for its id, or a general one for worlds of texts or of features."""

from __future__ import annotations

from driftrec.agents.setup import Setup
from driftrec.agents.worlds import news, recsim, sardine
from driftrec.agents.worlds.kit import FeatureKit, Kit, TextKit

KITS: dict[str, Kit] = {**news.KITS, **recsim.KITS, **sardine.KITS}
"""By environment id; extend it with ``register``."""


def register(world: str, kit: Kit) -> None:
    """Let agents know ``kit`` as that of the world ``world``, an environment id, in this process."""
    KITS[world] = kit


def kit_of(setup: Setup) -> Kit:
    """The kit of a world."""
    general: Kit = FeatureKit() if setup.setting is None else TextKit()
    return KITS.get(setup.args.world.rpartition(":")[2], general)

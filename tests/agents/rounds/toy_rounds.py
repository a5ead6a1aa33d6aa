"""A deployment at toy size: the packaged clips with made-up embeddings, trained for next to no time."""

from functools import cache
from typing import Any

import numpy as np

from driftrec.agents.catalogues.setting import Setting
from driftrec.agents.rounds.folder import RoundsFolder
from driftrec.agents.rounds.loop import play_rounds
from driftrec.agents.rounds.plan import Deployment, Plan
from driftrec.agents.setup import Setup, WorldArgs
from driftrec.agents.worlds.kits import settings_of
from driftrec.envs.video import video_world
from driftrec.simulators.moving.moves import Moves
from driftrec.simulators.settings import updated
from driftrec.simulators.vectors import unit

VIDEO = "driftrec/Video-v0"
TINY: dict[str, Any] = {
    "fit": {"lanes": 8, "log_steps": 6, "rounds": 1, "epochs": 1, "batch_size": 64},
    "future": {"weights": [0], "users": 4, "lanes": 8, "log_steps": 6},
    "ppo": {"total_steps": 64, "lanes": 8, "rollout": 4, "batch_size": 32, "candidates": 16, "epochs": 1},
    "prices": {"users": 4, "rounds": 1, "samples": 4},
    "validations": 2,
    "validation_users": 4,
    "value_steps": 32,
    "refits": 0,
}


@cache
def toy_setup() -> Setup:
    """Video with short pages and random unit rows for embeddings, the same in every call."""
    world = video_world(slate_size=4, history=20)
    generator = np.random.default_rng(0)
    sizes = (world.num_items, world.personas.num_personas)
    items, people = (unit(generator.standard_normal((n, 16)), floor=0.0).astype(np.float32) for n in sizes)
    args = WorldArgs(VIDEO, slate_size=4, history=20, horizon=6)
    return Setup(args, world, 6, Setting(world.catalogue, world.personas, items, people, "made up"))


def toy_plan(**changes: Any) -> Plan:
    settings = updated(settings_of(VIDEO), TINY)
    told: dict[str, Any] = {"arms": ("frozen", "refit", "ppo"), "rounds": 3, "users": 8, "held_out": 20, "seed": 5}
    told["moves"] = Moves(hours=24.0, offered=0.2)
    return Plan(world=toy_setup().args, settings=settings, **{**told, **changes})


def played(root: Any, **changes: Any) -> tuple[Any, dict[str, Any]]:
    """The tables of a toy deployment in ``root``."""
    return play_rounds(Deployment(toy_plan(**changes), toy_setup()), RoundsFolder(root), lambda line: None)

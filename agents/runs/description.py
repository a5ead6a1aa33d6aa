"""What sets a world apart: from its own defaults, for titles, and from the one that a run was made in, for notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import gymnasium as gym

from driftrec.agents.setup import Setup, WorldArgs, creator_takes, make_env, resolved


def description(setup: Setup) -> str:
    """The world's id and, for a title, whatever is not as by default: "driftrec/News-v0, slate_size 10, memory 3".

    A world that is not registered is its id alone.
    """
    if setup.args.world not in gym.registry:
        return setup.args.world
    here, usual = settings(setup.args), settings(WorldArgs(setup.args.world))
    usual |= {"embeddings": "packaged"} if "embeddings" in usual else {}  # the published items of SARDINE
    words = [f"{name} {here[name]}" for name in here if here[name] != usual.get(name)]
    if setup.args.catalogue is not None:
        catalogue = f"catalogue {Path(setup.args.catalogue).resolve().name} ({_items(setup):,} items)"
        words = [catalogue, *(word for word in words if not word.startswith("catalogue "))]
    return ", ".join([setup.args.world, *words])


def _items(setup: Setup) -> int:
    """Items of the catalogue, or that a slate position can hold where there is none."""
    catalogue = setup.world.catalogue
    return setup.world.num_items if catalogue is None else catalogue.num_items


def recorded(setup: Setup) -> dict[str, Any]:
    """The world for a run's configuration: its arguments, all sizes as they are, and its description."""
    sizes = {"slate_size": setup.slate_size, "horizon": setup.horizon, "items": _items(setup)}
    history = settings(setup.args).get("history")
    return {**asdict(setup.args), "history": history, **sizes, "description": description(setup)}


def differences(then: WorldArgs, here: WorldArgs) -> list[str]:
    """How the world ``then`` differs from the one ``here``, in words, such as "horizon 6, not 5 as here".

    Catalogues are left out: folders of other names may hold the same, and loading a run compares what they hold.
    """
    there, now = {"world": then.world, **settings(then)}, {"world": here.world, **settings(here)}
    names = [name for name in {**there, **now} if name != "catalogue"]
    told = [(name, there.get(name), now.get(name)) for name in names]
    return [f"{name} {was}, not {today} as here" for name, was, today in told if was != today]


def settings(args: WorldArgs) -> dict[str, Any]:
    """Every setting of a world by name, given or its own; parts of ``config`` and options by paths: "drift.walk"."""
    given, usual = args.kwargs(), _usual(args.world)
    config = given.pop("config", {})
    return {**usual, **_flat(config), **_flat(given)}


@lru_cache
def _usual(world: str) -> Mapping[str, Any]:
    """The settings that a world has where nothing is said."""
    own = WorldArgs(world)
    env = make_env(own)
    taken = {name: default for name, default in creator_takes(world).items() if name not in ("config", "render_mode")}
    sizes = {name: value for name, value in resolved(own, env).kwargs().items() if name in taken}
    return {**taken, **sizes, **_flat(env.world.settled.get("config", {}))}


def _flat(nested: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Values by path, ``{"drift": {"walk": 1}}`` as ``{"drift.walk": 1}``; lists as tuples, which dataclasses hold."""
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{path}{name}.")
        else:
            flat[f"{path}{name}"] = tuple(value) if isinstance(value, list) else value
    return flat

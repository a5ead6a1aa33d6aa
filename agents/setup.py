"""A world by its environment id, and all that a run must know of it."""

from __future__ import annotations

import inspect
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import load_env_creator
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.agents.catalogues.setting import Setting, load_setting
from driftrec.agents.policy import Context
from driftrec.agents.ranker.true_state import truth_columns
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.envs.single import RecommendationEnv
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.news import NewsWorld
from driftrec.simulators.revealed import RevealedNews, revealed
from driftrec.simulators.settings import nearest

NEWS = "driftrec/News-v0"
HORIZON = 200
"""Steps of an episode of news, unless said otherwise."""


@dataclass(frozen=True)
class WorldArgs:
    """Which world, and how large.

    Attributes:
        world: Environment id.
        catalogue: Catalogue folder written by `driftrec encode`; the packaged news when omitted.
        slate_size: Positions in a slate; the world's own default when omitted, as of the next two.
        history: Impressions that the recommender sees; in published worlds slates.
        horizon: Steps of an episode.
        config: Changes to the world's mechanisms as JSON, such as '{"drift": {"towards": 0.1}}'; under "kind" a class
            of your own (docs/own-worlds.md).
        options: Other keyword arguments of the world as JSON, such as '{"num_candidates": 20}'.
    """

    world: str = NEWS
    catalogue: str | None = None
    slate_size: int | None = None
    history: int | None = None
    horizon: int | None = None
    config: str = "{}"
    options: str = "{}"

    def kwargs(self) -> dict[str, Any]:
        """Keyword arguments for ``gymnasium.make`` and ``make_vec``, without those that are left to the world.

        Raises:
            ValueError: If ``config`` or ``options`` is not a JSON object, or ``options`` holds what has a flag.
        """
        given = {name: getattr(self, name) for name in ("catalogue", "slate_size", "history", "horizon")}
        given["config"] = json_object("config", self.config) or None
        told = {name: value for name, value in given.items() if value is not None}
        others = json_object("options", self.options)
        for name in others:
            if name in given:
                raise ValueError(
                    f"--options holds {name}, which has a flag of its own; use --{name.replace('_', '-')}."
                )
        return {**told, **others}


@dataclass(frozen=True)
class WorldSetup:
    """A world with the texts and embeddings of its items and people.

    Attributes:
        args: Which world.
        world: The simulator.
        setting: Catalogue, personas and embeddings.
        withheld: True for items that policies must not show, bool, (items,); None where all may be shown.
    """

    args: WorldArgs
    world: NewsWorld
    setting: Setting
    withheld: NDArray[np.bool_] | None = None

    @property
    def slate_size(self) -> int:
        """Positions in a slate."""
        return self.world.slate_size

    @property
    def horizon(self) -> int:
        """Steps of an episode."""
        return HORIZON if self.args.horizon is None else self.args.horizon

    @property
    def context(self) -> Context:
        """What a recommender may know, and how much of the truth its observations hold."""
        truth = truth_columns(self.world) if isinstance(self.world, RevealedNews) else 0
        return replace(self.setting.context(self.slate_size), withheld=self.withheld, truth=truth)

    @property
    def note(self) -> str:
        """What makes figures other than the published ones: nothing."""
        return ""

    def described(self) -> dict[str, Any]:
        """The arguments with the sizes that the world has, for the record."""
        return {**asdict(self.args), "slate_size": self.slate_size, "horizon": self.horizon}

    def fingerprints(self) -> dict[str, str]:
        """Hashes of all that a checkpoint's weights mean nothing without."""
        return self.setting.fingerprints()

    def revealed(self) -> WorldSetup:
        """The same with the users' true state in the observations."""
        return replace(self, world=revealed(self.world))

    def envs(self, num_envs: int) -> RecommendationVectorEnv:
        """Native environments of the same world with "SameStep" autoreset, for training."""
        return RecommendationVectorEnv(self.world, num_envs, self.horizon, AutoresetMode.SAME_STEP)


def make_env(args: WorldArgs) -> RecommendationEnv:
    """Make the world's environment; no text is encoded.

    Raises:
        ValueError: If the world is unknown (the message gives the nearest), or takes no such setting.
        FileNotFoundError: If the catalogue folder is not one.
    """
    known = [name for name in gym.registry if name.startswith("driftrec/")]
    if args.world not in known:
        raise ValueError(f"World {args.world!r} is unknown. {nearest(args.world, known)}")
    kwargs = args.kwargs()
    takes = creator_takes(args.world)
    for name in kwargs:
        if name not in takes:
            raise ValueError(f"{args.world} takes no {name}. {nearest(name, takes)}")
    env = gym.make(args.world, **kwargs).unwrapped
    assert isinstance(env, RecommendationEnv)
    return env


def creator_takes(world: str) -> dict[str, Any]:
    """Keyword arguments that the environment of a known world takes, with their defaults; what its id says left out."""
    spec = gym.spec(world)
    parameters = inspect.signature(load_env_creator(str(spec.entry_point))).parameters
    return {name: parameter.default for name, parameter in parameters.items() if name not in spec.kwargs}


def resolved(args: WorldArgs, env: RecommendationEnv) -> WorldArgs:
    """The arguments with the sizes that ``env`` has, whether they were given or are its defaults.

    History stays as given where the world has no ``history_length``. Options say which items a world has that may have
    several.
    """
    told: dict[str, Any] = {field.name: getattr(args, field.name) for field in fields(WorldArgs)}
    told |= {"slate_size": env.world.slate_size, "horizon": env.horizon}
    told["history"] = getattr(env.world, "history_length", args.history)
    if hasattr(env.world, "item_source"):
        options = json_object("options", args.options)
        told["options"] = json.dumps({**options, "embeddings": env.world.item_source})
    return WorldArgs(**told)


def set_up(args: WorldArgs, encoder: TextEncoder | None = None, progress: bool = False) -> WorldSetup:
    """Make a news world and load or compute its embeddings; errors as of ``make_env``.

    Raises:
        ValueError: Also if the world has no texts.
    """
    env = make_env(args)
    world = env.world
    if not isinstance(world, NewsWorld):
        raise ValueError(
            f"{args.world} has no texts, which this needs. driftrec train, compare and gap serve it, too; in Python "
            "driftrec.agents.worlds.published_setup.set_up_published makes it."
        )
    setting = load_setting(args.catalogue, encoder, progress, (world.catalogue, world.personas))
    return WorldSetup(resolved(args, env), world, setting)


def json_object(name: str, text: str) -> dict[str, Any]:
    """The JSON object in ``text``, the value of the flag ``name``.

    Raises:
        ValueError: If it is none.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"--{name} is not JSON ({error}); give an object such as {{}}: {text}") from error
    if not isinstance(value, dict):
        raise ValueError(f"--{name} is {text}; give a JSON object such as {{}}.")
    return value

"""A world by its environment id, and all that a run must know of it.

Imports of agents: policy, engines, text, catalogues.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from dataclasses import dataclass, fields, replace
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec, load_env_creator
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

import driftrec.envs  # noqa: F401 (registers the worlds)
from driftrec.agents.catalogues.representations import represented
from driftrec.agents.catalogues.setting import Setting, load_setting
from driftrec.agents.engines.devices import usable
from driftrec.agents.policy import Context
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.envs.single import RecommendationEnv
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.contract import check_trial
from driftrec.simulators.imports import import_own
from driftrec.simulators.offers import MOMENT, OFFERED
from driftrec.simulators.settings import nearest
from driftrec.simulators.world import World

NEWS = "driftrec/News-v0"
LONGEST = 1000
"""Steps after which an episode is cut, for training and comparison, where the world alone ends it."""


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
class PlacedArgs(WorldArgs):
    """Which world, and where its networks compute.

    Attributes:
        device: Where networks compute: cpu; cuda, the first GPU; cuda:1 and so on; or auto, a GPU where there is one.
    """

    device: str = "cpu"


@dataclass(frozen=True)
class Setup:
    """A world, and all that a run must know of it.

    Attributes:
        args: Which world.
        world: The simulator.
        horizon: Steps of an episode.
        setting: Items and people with the embeddings of their texts; None in a world of features alone.
        withheld: True for items that policies must not show, bool, (items,); None where all may be shown.
        truth: Numbers of hidden truth in the observations, 0 for all but oracles.
        device: Where networks compute, as torch calls it; the world itself is the CPU's.
        newcomers: Items, the last ones, that came after the policy was trained, see ``Context``.
    """

    args: WorldArgs
    world: World[Any]
    horizon: int
    setting: Setting | None = None
    withheld: NDArray[np.bool_] | None = None
    truth: int = 0
    device: str = "cpu"
    newcomers: int = 0

    @property
    def slate_size(self) -> int:
        """Positions in a slate."""
        return self.world.slate_size

    @property
    def context(self) -> Context:
        """What a recommender may know."""
        if self.setting is None:
            return replace(context_of(self.world), withheld=self.withheld)
        offered = self.world.num_items if OFFERED in self.world.fields else 0
        told = self.setting.context(self.slate_size)
        hidden: Any = {"withheld": self.withheld, "truth": self.truth, "newcomers": self.newcomers}
        hours = told.hours if MOMENT in self.world.fields else None
        return replace(told, offered=offered, hours=hours, **hidden)

    def represented(self, name: str) -> Setup:
        """The same with other vectors for items and people, see ``driftrec.agents.catalogues.representations``."""
        return self if self.setting is None else replace(self, setting=represented(self.setting, name))

    def envs(self, num_envs: int) -> RecommendationVectorEnv:
        """Native environments of the same world with "SameStep" autoreset, for training."""
        return RecommendationVectorEnv(self.world, num_envs, self.horizon, AutoresetMode.SAME_STEP)

    def fingerprints(self) -> dict[str, str]:
        """Hashes of what a checkpoint's weights mean nothing without: texts and encoder, or items and observation.

        Parameters of the world are not in it, so that a policy can be met with others than it was trained with.
        """
        if self.setting is not None:
            return self.setting.fingerprints()
        features = self.world.item_features
        items = b"drawn for every request" if features is None else np.ascontiguousarray(features).tobytes()
        fields = {name: (field.shape, str(field.dtype)) for name, field in self.world.fields.items()}
        told = json.dumps([self.args.world, fields], sort_keys=True, default=str)
        return {"items": hashlib.sha256(items).hexdigest(), "world": hashlib.sha256(told.encode()).hexdigest()}


def context_of(world: World[Any]) -> Context:
    """What a recommender may know of a world of features: those of the items in place of text embeddings.

    Where candidates come with the request nothing is known of them before: the embeddings are NaN.
    """
    features, num_items = world.item_features, world.num_items
    items = np.full((num_items, 1), np.nan, np.float32) if features is None else features
    titles = tuple(f"Item {number}" for number in range(num_items))
    people = np.zeros((1, 1), np.float32)
    return Context(world.slate_size, items, people, np.ones(num_items, np.float32), titles)


def make_env(args: WorldArgs) -> RecommendationEnv:
    """Make the world's environment; no text is encoded.

    Raises:
        ValueError: If the world is unknown (the message gives the nearest), or takes no such setting.
        FileNotFoundError: If the catalogue folder is not one.
        TypeError: If it is no world; names all that is missing or ill-shaped.
    """
    name = registered(args.world)
    kwargs = args.kwargs()
    takes = creator_takes(args.world)
    for each in kwargs:
        if each not in takes:
            raise ValueError(f"{args.world} takes no {each}. {nearest(each, takes)}")
    env = gym.make(name, **kwargs).unwrapped
    if not isinstance(env, RecommendationEnv):
        raise TypeError(
            f"{args.world} makes a {type(env).__name__}, which is no driftrec.envs.single.RecommendationEnv; "
            "derive its class from that one, around your world."
        )
    check_trial(env.world)
    return env


def registered(world: str) -> str:
    """The id of ``world`` in Gymnasium's registry; the module of "package.module:Name-v0" registers it when imported.

    Raises:
        ImportError: If the module cannot be imported.
        ValueError: If the id is unknown; the message gives the nearest.
    """
    module, _, name = world.rpartition(":")
    if module:
        import_own(f"world {world!r}", module)
    known = [each for each, spec in gym.registry.items() if each.startswith("driftrec/") or (module and _own(spec))]
    if name not in known:
        raise ValueError(f"World {world!r} is unknown. {nearest(name, known)} Or your own: package.module:Name-v0.")
    return name


def _own(spec: EnvSpec) -> bool:
    """Whether an environment is not one of Gymnasium's."""
    return not str(getattr(spec.entry_point, "__module__", spec.entry_point)).startswith("gymnasium")


def creator_takes(world: str) -> dict[str, Any]:
    """Keyword arguments that the environment of a known world takes, with their defaults; what its id says left out."""
    spec = gym.spec(registered(world))
    make = spec.entry_point if callable(spec.entry_point) else load_env_creator(str(spec.entry_point))
    parameters = inspect.signature(make).parameters
    return {name: parameter.default for name, parameter in parameters.items() if name not in spec.kwargs}


def resolved(args: WorldArgs, env: RecommendationEnv) -> WorldArgs:
    """The arguments with the sizes and options that ``env`` has, whether they were given or left to the world.

    ``config`` stays as given: it holds changes.
    """
    own = {field.name: getattr(args, field.name) for field in fields(WorldArgs)}
    told = {**env.world.settled, "slate_size": env.world.slate_size, "horizon": env.horizon, "config": args.config}
    options = {name: value for name, value in told.items() if name not in own}
    if options:
        told["options"] = json.dumps({**json_object("options", args.options), **options})
    return WorldArgs(**{name: told.get(name, value) for name, value in own.items()})


def set_up(args: WorldArgs, encoder: TextEncoder | None = None, progress: bool = False, device: str = "cpu") -> Setup:
    """Make a world, with the embeddings of its texts where it has some; errors as of ``make_env``.

    Args:
        args: Which world.
        encoder: Of its texts, see ``load_setting``.
        progress: Show progress bars on stderr while encoding.
        device: Where networks compute, the text encoder's too, see ``driftrec.agents.engines.devices.usable``.

    Raises:
        ValueError: Also if a slate has more positions than there are items, or the device cannot be used.
    """
    device = usable(device)
    env = make_env(args)
    world, setting = env.world, None
    if world.slate_size > world.num_items:
        raise ValueError(f"slate_size is {world.slate_size}, with {world.num_items} items to choose from. Lower it.")
    if world.catalogue is not None and world.personas is not None:
        setting = load_setting(args.catalogue, encoder, progress, (world.catalogue, world.personas), device)
    return Setup(resolved(args, env), world, env.horizon or LONGEST, setting, device=device)


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

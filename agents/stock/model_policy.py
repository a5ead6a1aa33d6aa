"""A model file of stable-baselines3 or sb3-contrib as a policy: ``sb3:ALGORITHM:model.zip``.

What its actions mean follows from the spaces that it was trained on:

    observation                 actions        trained on
    the world's fields          MultiDiscrete  the environment itself; a repeated item gives way to the next number
    the same and "picked"       Discrete       ``driftrec.envs.picks``, slates made pick by pick
    the same, slates of one     Discrete       ``driftrec.envs.one_item``
    one vector                  MultiDiscrete  ``StockVecEnv`` with ``ItemNumbers``
    one vector                  Box            ``StockVecEnv`` with ``NearestItems``
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.policies import BasePolicy

from driftrec.agents.policy import Observation, Policy, Slates, num_users, user_chunks
from driftrec.agents.setup import Setup
from driftrec.agents.stock.model_file import ModelFile, read_model
from driftrec.agents.stock.sb3 import Actions, FlatObservations, ItemNumbers, NearestItems, StockPolicy
from driftrec.envs.partial_slates import PICKED, PartialSlates
from driftrec.envs.spaces import observation_space
from driftrec.simulators.extras import install
from driftrec.simulators.settings import nearest
from driftrec.simulators.world import World

ALGORITHMS: Mapping[str, str] = {
    **dict.fromkeys(("A2C", "DDPG", "DQN", "PPO", "SAC", "TD3"), "stable_baselines3"),
    **dict.fromkeys(("MaskablePPO", "QRDQN", "TRPO"), "sb3_contrib"),
}
"""Algorithms whose files are served, and the package of each. One that remembers (RecurrentPPO) is not."""


def load_model_file(setup: Setup, argument: str) -> Policy:
    """The policy of a model file, its most likely or most valued actions.

    Args:
        setup: The world that it serves in, which must be the one that it was trained in.
        argument: "DQN:model.zip", the algorithm and the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If the algorithm is sb3-contrib's, which is not installed.
        ValueError: If the algorithm is unknown (the message gives the nearest), the file damaged, pickled in parts that
            matter, or of a network for other spaces than the world's.
    """
    algorithm, _, path = argument.partition(":")
    if algorithm not in ALGORITHMS or not path:
        raise ValueError(f"sb3:{argument} names no algorithm; write sb3:PPO:{path or argument}. " + _known(algorithm))
    model = read_model(path)
    seen = _observations(setup, model, path)
    actions: Actions | None = None
    if model.actions == "MultiDiscrete":
        actions = ItemNumbers(setup.context)
    elif model.actions == "Box":
        actions = NearestItems(setup.context, *model.action_shape)
    space = spaces.Discrete(setup.world.num_items) if actions is None else actions.space
    network = _network(algorithm, path, model, seen, space).to(setup.device)
    if actions is None:
        return PickingPolicy(setup, network)
    if isinstance(seen, spaces.Dict):
        return StockPolicy(dict, actions, network, greedy=True)
    return StockPolicy(FlatObservations(setup.context), actions, network, greedy=True)


def _known(algorithm: str) -> str:
    """Which algorithms there are."""
    memory = "Of what remembers make a class of your own. " if algorithm.startswith("Recurrent") else ""
    return memory + nearest(algorithm, ALGORITHMS)


def _observations(setup: Setup, model: ModelFile, path: str) -> spaces.Space[Any]:
    """The space of what the model sees; ValueError if that is not to be had in this world."""
    world: World[Any] = setup.world
    here = observation_space(world)
    if not model.fields:
        return FlatObservations(setup.context).space(here)
    if model.actions == "Discrete" and (PICKED in model.fields or world.slate_size > 1):
        here = PartialSlates(world, 1).space(here)
    if model.fields != set(here.spaces):
        odd = ", ".join(sorted(model.fields ^ set(here.spaces)))
        raise ValueError(f"{path} was trained on other observations than those of {setup.args.world}: {odd} differ.")
    return here


def _network(
    algorithm: str, path: str, model: ModelFile, seen: spaces.Space[Any], actions: spaces.Space[Any]
) -> BasePolicy:
    """The algorithm's own network with the weights of the file."""
    try:
        kinds = getattr(importlib.import_module(ALGORITHMS[algorithm]), algorithm).policy_aliases
    except ImportError as error:
        raise ImportError(f"{algorithm} is of sb3-contrib, which is not installed: {install('examples')}.") from error
    kind = kinds["MultiInputPolicy" if isinstance(seen, spaces.Dict) else "MlpPolicy"]
    try:
        network: BasePolicy = kind(seen, actions, lambda left: 0.0, **model.options)
        network.load_state_dict(model.weights)
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        cause = " ".join(str(error).split())[:300]
        raise ValueError(
            f"{path} does not fit {algorithm} on this world; give the algorithm, world, slate size and history that it "
            f"was trained with. {cause}"
        ) from error
    network.set_training_mode(False)
    return network


class PickingPolicy:
    """A network with ``Discrete`` actions that makes slates pick by pick: the best item of those not yet picked.

    Args:
        setup: World; withheld items are never picked.
        network: Of a policy (PPO and its like) or of values (DQN, QR-DQN); told the slate so far if it sees ``PICKED``.
    """

    def __init__(self, setup: Setup, network: BasePolicy) -> None:
        self._world, self._withheld, self._network = setup.world, setup.context.withheld, network

    def reset(self, num_users: int, seed: int) -> None:
        """Nothing to forget and nothing random."""

    def act(self, observation: Observation) -> Slates:
        """Slates, (users, slate_size)."""
        chunks = user_chunks(observation, self._world.num_items)
        return np.concatenate([self._slates(chunk) for chunk in chunks])

    def _slates(self, observation: Observation) -> Slates:
        """Slates of a chunk of users."""
        partial = PartialSlates(self._world, num_users(observation), self._withheld)
        complete = None
        while complete is None:
            values = item_scores(self._network, {**observation, PICKED: partial.observe()})
            complete = partial.pick(np.where(partial.masks(), values, -np.inf).argmax(axis=1))
        return complete


def item_scores(network: BasePolicy, observation: Observation) -> NDArray[np.float32]:
    """What ``network`` makes of every item: values (DQN, QR-DQN) or log-chances, (users, items)."""
    assert isinstance(network.observation_space, spaces.Dict)
    net: Any = network  # whose parts are named by algorithm
    with torch.inference_mode():
        seen = net.obs_to_tensor({name: observation[name] for name in network.observation_space.spaces})[0]
        if hasattr(net, "quantile_net"):
            return net.quantile_net(seen).mean(dim=1).cpu().numpy()  # over the quantiles
        if hasattr(net, "q_net"):
            return net.q_net(seen).cpu().numpy()
        return net.get_distribution(seen).distribution.logits.cpu().numpy()

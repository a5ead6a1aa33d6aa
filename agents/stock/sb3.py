"""Any algorithm of stable-baselines3 with its own ``MlpPolicy`` on a world: flat observations and plain action spaces.

A world's observation is a dict of integers and clocks, its action a slate; stock algorithms want one vector in and, but
for a few, one vector out. ``StockVecEnv`` translates:

    bridge = SB3VecEnv(setup.envs(64))
    actions = NearestItems(setup.context)  # or ItemNumbers(setup.context)
    venv = StockVecEnv(bridge, FlatObservations(setup.context), actions)
    model = TD3("MlpPolicy", venv)
    bridge.set_seeds(user_seeds(0, "training", 64).tolist())  # after the model's own seeding, which uses s + lane
    model.learn(100_000)
    policy = StockPolicy(venv.flat, venv.actions, model.policy, greedy=True)  # serves like any other policy

``NearestItems`` is for algorithms that act in a ``Box`` (SAC, TD3, DDPG, PPO, A2C), ``ItemNumbers`` for those that act
in a ``MultiDiscrete`` (PPO, A2C).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn
from stable_baselines3.sac.policies import SACPolicy
from torch import Tensor

from driftrec.agents.baselines.common import best_unread, centred_units, step_generator
from driftrec.agents.baselines.content import read_weights
from driftrec.agents.policy import Context, Observation, Slates
from driftrec.simulators.vectors import Float, unit


def components(context: Context, count: int) -> Float:
    """Directions in which the items' embeddings differ most, orthonormal columns, (embedding, at most ``count``)."""
    centred = centred_units(context.item_embeddings, context.item_embeddings.mean(axis=0))
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    # A direction and its opposite are alike; which of them comes out is the linear algebra library's choice.
    signs = np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])
    return np.ascontiguousarray((directions * signs[:, None])[:count].T)


class FlatObservations:
    """One vector for what a recommender sees of a user.

    It holds the persona's embedding and a fading mean of the embeddings of items read (weights 2^(-age / half_life), 0
    where nothing was read), both as principal components of the items' embeddings, and log1p of the clock. Components
    are scaled by one number, so that those of the items have variance 1 on average. Impressions passed over and
    engagement are left out.

    Args:
        context: What is known of items and personas.
        count: Principal components; no more than embeddings and items allow.
        half_life: Hours after which a read counts half.
    """

    def __init__(self, context: Context, count: int = 64, half_life: float = 24.0) -> None:
        mean, directions = context.item_embeddings.mean(axis=0), components(context, count)
        items = centred_units(context.item_embeddings, mean) @ directions
        self._scale = np.float32(1.0 / max(float(items.std()), 1e-6))
        self._items: Float = items * self._scale  # (items, components)
        self._personas: Float = centred_units(context.persona_embeddings, mean) @ directions * self._scale
        self._half_life = half_life
        self.dims = 2 * directions.shape[1]

    def space(self, observation_space: spaces.Dict) -> spaces.Box:
        """Space of the vector, given the world's."""
        clock = observation_space["clock"].shape
        assert clock is not None
        return spaces.Box(-np.inf, np.inf, (self.dims + clock[0],), np.float32)

    def __call__(self, observation: Observation) -> Float:
        """Vectors of a batch, float32, (users, dims + clock)."""
        history = read_weights(observation, self._half_life, len(self._items)) @ self._items
        clock = np.log1p(observation["clock"], dtype=np.float32)
        return np.concatenate([self._personas[observation["persona"][:, 0]], history, clock], axis=1)


class Actions(Protocol):
    """A plain action space, and what its actions mean as slates."""

    @property
    def space(self) -> spaces.Space[Any]:
        """Space of one user's action."""
        ...

    def slates(self, actions: NDArray[Any], observation: Observation) -> Slates:
        """Slates, (users, slate_size), no item twice, from a batch of actions and what was seen of the users."""
        ...


class ItemNumbers:
    """An item number for every position. An item that the slate holds already gives way to the next free number.

    Where only some items are on offer, their places there, which such an agent does not see: the n-th newest article.

    Args:
        context: What is known of the items.
    """

    def __init__(self, context: Context) -> None:
        self._num_items = context.num_choices
        self.space = spaces.MultiDiscrete([context.num_choices] * context.slate_size)

    def slates(self, actions: NDArray[np.int64], observation: Observation) -> Slates:
        """Slates of the items named, (users, slate_size)."""
        slates = np.array(actions, dtype=np.int64)
        for k in range(1, slates.shape[1]):
            for _ in range(k):  # at most k items are taken
                taken = (slates[:, :k] == slates[:, k : k + 1]).any(axis=1)
                slates[taken, k] = (slates[taken, k] + 1) % self._num_items
        return slates


class NearestItems:
    """A direction among items (a proto-action, Dulac-Arnold et al., 2015): the nearest items fill the slate.

    Items are the first principal components of their embeddings, scaled to length 1; nearest are those of largest
    inner product with the action. What the user has read lately is shown only when nothing else is left.

    Args:
        context: What is known of the items.
        count: Principal components, the length of an action; no more than embeddings and items allow.
    """

    def __init__(self, context: Context, count: int = 16) -> None:
        centred = centred_units(context.item_embeddings, context.item_embeddings.mean(axis=0))
        self._items: Float = unit(centred @ components(context, count), floor=1e-6)  # (items, components)
        self._slate_size = context.slate_size
        self.space = spaces.Box(-1.0, 1.0, (self._items.shape[1],), np.float32)

    def slates(self, actions: Float, observation: Observation) -> Slates:
        """Slates of the nearest items, nearest first, (users, slate_size)."""

        def score(chunk: Observation, rows: slice) -> Float:
            return actions[rows] @ self._items.T  # (users, items)

        return best_unread(score, observation, len(self._items), self._slate_size)


class StockVecEnv(VecEnvWrapper):
    """A world's ``VecEnv`` with flat observations and plain actions.

    Args:
        venv: The environments: ``SB3VecEnv``.
        flat: Makes vectors of observations.
        actions: Makes slates of actions.
    """

    CHANGING = ("_seen",)
    """Attributes that change while lanes are served."""

    def __init__(self, venv: VecEnv, flat: FlatObservations, actions: Actions) -> None:
        assert isinstance(venv.observation_space, spaces.Dict)
        super().__init__(venv, flat.space(venv.observation_space), actions.space)
        self.flat, self.actions = flat, actions
        self._seen: Observation | None = None

    def reset(self) -> Float:
        """Reset all lanes."""
        return self._flattened(self.venv.reset())

    def step_async(self, actions: NDArray[Any]) -> None:
        """Make slates of the actions and step."""
        if self._seen is None:
            raise RuntimeError("step was called before reset(); nothing is known of the users yet.")
        self.venv.step_async(self.actions.slates(actions, self._seen))

    def step_wait(self) -> VecEnvStepReturn:
        """Step; a terminal observation is made a vector too."""
        observation, rewards, dones, infos = self.venv.step_wait()
        for lane in np.flatnonzero(dones):
            last = infos[lane]["terminal_observation"]
            infos[lane]["terminal_observation"] = self.flat({name: row[None] for name, row in last.items()})[0]
        return self._flattened(observation), rewards, dones, infos

    def _flattened(self, observation: Any) -> Float:
        self._seen = observation
        return self.flat(observation)


class StockPolicy:
    """A policy network of stable-baselines3, ready to serve.

    Args:
        flat: What the network sees of a batch of observations, as in training.
        actions: As in training.
        network: ``model.policy`` of a trained algorithm.
        greedy: Most likely actions; False draws them, by seed, step and row.
    """

    def __init__(self, flat: Callable[[Observation], Any], actions: Actions, network: BasePolicy, greedy: bool) -> None:
        self.network, self.greedy = network, greedy
        self._flat, self._actions = flat, actions
        self.reset(num_users=0, seed=0)

    def reset(self, num_users: int, seed: int) -> None:
        """Start over; draws come from ``seed``."""
        self._seed, self._step = seed, 0

    def act(self, observation: Observation) -> Slates:
        """Slates, (users, slate_size)."""
        vectors = self._flat(observation)
        self._step += 1
        actions = (
            self.network.predict(vectors, deterministic=True)[0]
            if self.greedy
            else drawn_actions(self.network, vectors, step_generator(self._seed, self._step))
        )
        return self._actions.slates(actions, observation)


def drawn_actions(network: BasePolicy, vectors: Float, rng: np.random.Generator) -> NDArray[Any]:
    """Actions drawn from what ``network`` gives chances of, (users, ...); its own ones where it draws nothing (TD3).

    stable-baselines3 draws for all rows of a batch at once, so that a row's draw depends on the number of rows. Here
    every row has numbers of its own, as many whatever the others'.

    Args:
        network: Policy network of a trained algorithm.
        vectors: Flat observations, (users, dims).
        rng: Source of the step's draws.
    """
    shape = (len(vectors), *network.action_space.shape)  # type: ignore[misc]
    with torch.inference_mode():
        seen = network.obs_to_tensor(vectors)[0]
        if isinstance(network, SACPolicy):
            mean, log_std = (each.cpu() for each in network.actor.get_action_dist_params(seen)[:2])
            normal = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
            return network.unscale_action(torch.tanh(mean + log_std.exp() * normal).numpy())
        if not isinstance(network, ActorCriticPolicy):
            return network.predict(vectors, deterministic=True)[0]
        chances = network.get_distribution(seen).distribution
        if isinstance(chances, list):  # a categorical one a position
            draws = torch.from_numpy(rng.random(shape)).unbind(1)
            return np.stack([_index(one.probs.cpu(), u).numpy() for one, u in zip(chances, draws, strict=True)], axis=1)  # type: ignore[attr-defined]
        normal = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
        space = network.action_space
        assert isinstance(space, spaces.Box)
        return np.clip((chances.mean.cpu() + chances.stddev.cpu() * normal).numpy(), space.low, space.high)


def _index(chances: Tensor, uniforms: Tensor) -> Tensor:
    """Index drawn from each row of ``chances`` (users, items) by inverse cumulation, (users,)."""
    total = chances.double().cumsum(dim=1)
    found = torch.searchsorted(total, uniforms[:, None] * total[:, -1:], right=True)[:, 0]
    return found.clamp(max=chances.shape[1] - 1)  # a product that rounds up to the total

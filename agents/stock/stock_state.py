"""All that changes while a stock algorithm of stable-baselines3 trains, between two rollouts: as a tree, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.callbacks import BaseCallback

from driftrec.agents.snapshots.lanes_state import layers_of
from driftrec.agents.snapshots.learning_state import moments_of, put_moments, put_random_states, random_states
from driftrec.agents.snapshots.snapshots import Snapshots
from driftrec.agents.snapshots.tree import Tree, parts_of, put_back

COUNTERS = (
    *("num_timesteps", "_n_updates", "_episode_num", "_current_progress_remaining"),
    *("_last_obs", "_last_original_obs", "_last_episode_starts"),
)
"""Of stable-baselines3's algorithm: steps, the schedules' place, and what the policy is to answer next."""

MEMORY = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
"""Of its replay buffer, each (steps, lanes, ...)."""


def stock_state(model: PPO | SAC) -> Tree:
    """All that changes: weights, optimizers, replay buffer, lanes, random states. Arrays are shared, not copied.

    To be taken at the start of a rollout, when PPO's buffer is empty.

    Raises:
        TypeError: If a world's state holds other things than arrays and numbers.
    """
    return {
        "weights": dict(model.policy.state_dict()),
        "optimizers": [moments_of(optimizer) for optimizer in _optimizers(model)],
        "counters": parts_of(model, COUNTERS),
        "lanes": [parts_of(layer, names) for layer, names in layers_of(model.env)],
        "off policy": _off_policy(model) if isinstance(model, SAC) else None,
        "actions": model.action_space.np_random.bit_generator.state,
        "random": random_states(),
    }


def put_stock_state(model: PPO | SAC, tree: Tree) -> None:
    """Make ``model``, new and of the same settings, as the one of ``tree`` was."""
    assert model.env is not None
    model.env.reset()  # brings users, whose state is filled in below
    model.policy.load_state_dict(tree["weights"])
    for optimizer, moments in zip(_optimizers(model), tree["optimizers"], strict=True):
        put_moments(optimizer, moments)
    put_back(model, tree["counters"])
    for (layer, _), part in zip(layers_of(model.env), tree["lanes"], strict=True):
        put_back(layer, part)
    if isinstance(model, SAC):
        _put_off_policy(model, tree["off policy"])
    model.action_space.np_random.bit_generator.state = tree["actions"]
    put_random_states(tree["random"])


def _optimizers(model: PPO | SAC) -> list[torch.optim.Optimizer]:
    """All there are."""
    if isinstance(model, PPO):
        return [model.policy.optimizer]
    assert model.ent_coef_optimizer is not None  # the entropy's weight is tuned unless a setting says not to
    return [model.actor.optimizer, model.critic.optimizer, model.ent_coef_optimizer]


def _off_policy(model: SAC) -> Tree:
    """The entropy's weight, and of the replay buffer what is filled."""
    memory: Any = model.replay_buffer
    steps = {name: getattr(memory, name)[: memory.size()] for name in MEMORY}
    return {"log_ent_coef": model.log_ent_coef, "pos": memory.pos, "full": memory.full, "steps": steps}


def _put_off_policy(model: SAC, tree: Tree) -> None:
    """The same, back."""
    memory: Any = model.replay_buffer
    assert model.log_ent_coef is not None
    with torch.no_grad():
        model.log_ent_coef.copy_(tree["log_ent_coef"])
    memory.pos, memory.full = tree["pos"], tree["full"]
    for name, steps in tree["steps"].items():
        getattr(memory, name)[: memory.size()] = steps


class Keeping(BaseCallback):
    """Takes a snapshot at the start of every rollout at which one is due.

    Args:
        snapshots: Keep it.
        state: Tells it.
    """

    def __init__(self, snapshots: Snapshots, state: Callable[[], Tree]) -> None:
        super().__init__()
        self._snapshots, self._state = snapshots, state

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self._snapshots.due(self.num_timesteps):
            self._snapshots.take(self.num_timesteps, self._state)

"""All that changes while stable-baselines3's PPO trains, between two rollouts: as a tree, and back."""

from __future__ import annotations

from stable_baselines3 import PPO

from driftrec.agents.ppo.recording import losses_of, put_losses
from driftrec.agents.snapshots.lanes_state import layers_of
from driftrec.agents.snapshots.learning_state import moments_of, put_moments, put_random_states, random_states
from driftrec.agents.snapshots.tree import Tree, parts_of, put_back

COUNTERS = ("num_timesteps", "_n_updates", "_current_progress_remaining", "_last_obs", "_last_episode_starts")
"""Of stable-baselines3's algorithm: steps, the schedules' place, and what the policy is to answer next."""


def ppo_state(model: PPO) -> Tree:
    """All that changes: weights, optimizer, counters, lanes and random states. Arrays are shared, not copied.

    To be taken at the start of a rollout, when the buffer is empty.

    Raises:
        TypeError: If a world's state holds other things than arrays and numbers.
    """
    return {
        "weights": dict(model.policy.state_dict()),
        "optimizer": moments_of(model.policy.optimizer),
        "counters": parts_of(model, COUNTERS),
        "lanes": [parts_of(layer, names) for layer, names in layers_of(model.env)],
        "losses": losses_of(model),
        "random": random_states(),
    }


def put_ppo_state(model: PPO, tree: Tree) -> None:
    """Make ``model``, new and of the same settings, as the one of ``tree`` was."""
    assert model.env is not None
    model.env.reset()  # brings users, whose state is filled in below
    model.policy.load_state_dict(tree["weights"])
    put_moments(model.policy.optimizer, tree["optimizer"])
    put_back(model, tree["counters"])
    for (layer, _), part in zip(layers_of(model.env), tree["lanes"], strict=True):
        put_back(layer, part)
    put_losses(model, tree.get("losses", []))
    put_random_states(tree["random"])

"""What changes of an optimizer and of the random generators while something learns: as a tree, and back."""

from __future__ import annotations

import random

import numpy as np
import torch

from driftrec.agents.snapshots.tree import Tree


def moments_of(optimizer: torch.optim.Optimizer) -> Tree:
    """What it remembers of past gradients, by the number of the parameter; arrays are shared, not copied."""
    return {str(number): state for number, state in optimizer.state_dict()["state"].items()}


def put_moments(optimizer: torch.optim.Optimizer, tree: Tree) -> None:
    """Make ``optimizer``, of the same parameters and settings, remember what ``moments_of`` told."""
    moments = {int(number): state for number, state in tree.items()}
    optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})


def random_states() -> Tree:
    """Of torch, NumPy and Python, which stable-baselines3 draws from."""
    _, words, *place = np.random.get_state(legacy=True)  # noqa: NPY002
    version, state, spare = random.getstate()
    python = {"version": version, "state": list(state), "spare": spare}
    return {"torch": torch.get_rng_state(), "numpy": [words, *place], "python": python}


def put_random_states(tree: Tree) -> None:
    """Set the random states to those of ``random_states``."""
    torch.set_rng_state(tree["torch"])
    np.random.set_state(("MT19937", *tree["numpy"]))  # noqa: NPY002
    python = tree["python"]
    random.setstate((python["version"], tuple(python["state"]), python["spare"]))

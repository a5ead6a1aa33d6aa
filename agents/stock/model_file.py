"""Files that stable-baselines3's ``model.save`` writes, read without running anything that they hold.

Such a file is a zip. ``policy.pth`` holds the weights, which torch reads as data (``weights_only``). ``data`` is JSON
in which everything that JSON cannot hold, spaces and classes, is pickled; unpickling runs what the file says, so none
of it is. What JSON tells beside the pickled parts is enough for networks of the library's own shapes.
"""

from __future__ import annotations

import io
import json
import pickle
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

ACTIVATIONS: Mapping[str, type[nn.Module]] = {
    each.__name__: each for each in (nn.ReLU, nn.Tanh, nn.ELU, nn.LeakyReLU, nn.SiLU, nn.GELU)
}
"""What ``policy_kwargs`` may name as ``activation_fn``."""

REMEDY = "Serve it from a class of your own that loads it: package.module:Class (docs/how-to.md)"
_PICKLED = ":serialized:"
_LIBRARIES = ("stable_baselines3.", "sb3_contrib.")


@dataclass(frozen=True)
class ModelFile:
    """What a file tells without unpickling.

    Attributes:
        weights: Of the policy network, by name.
        options: ``policy_kwargs``, those of the optimiser left out.
        fields: Names of the observation's fields; empty for an observation that is one vector.
        actions: Kind of the action space: "Discrete", "MultiDiscrete" or "Box".
        action_shape: Its shape.
    """

    weights: Mapping[str, Tensor]
    options: Mapping[str, Any]
    fields: frozenset[str]
    actions: str
    action_shape: tuple[int, ...]


def read_model(path: str) -> ModelFile:
    """Read a file of ``model.save``.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is damaged or none of stable-baselines3's, or what the network is made of is pickled.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            data, weights = archive.read("data"), archive.read("policy.pth")
        told = json.loads(data)
        loaded = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)
        observations, actions = told["observation_space"], told["action_space"]
        spaces = {name: _kind(space) for name, space in (("observation", observations), ("action", actions))}
        own_class, options = str(told["policy_class"]["__module__"]), told.get("policy_kwargs") or {}
        fields = re.findall(r"'(\w+)': ", observations["spaces"]) if spaces["observation"] == "Dict" else []
        shape = tuple(map(int, actions["_shape"] or ()))
        if not all(isinstance(value, Tensor) for value in loaded.values()):
            raise ValueError("policy.pth holds other things than tensors")
    except FileNotFoundError:
        raise FileNotFoundError(f"There is no file {path}; give what model.save(path) wrote.") from None
    except _DAMAGED as error:
        cause = " ".join(str(error).split())[:200]
        raise ValueError(f"{path} is no file of stable-baselines3's model.save, or is damaged: {cause}.") from error
    if not own_class.startswith(_LIBRARIES):
        raise ValueError(f"The policy class of {path} is {own_class}'s, which only running the file tells. {REMEDY}.")
    return ModelFile(loaded, _options(path, options), frozenset(fields), spaces["action"], shape)


_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    pickle.UnpicklingError,
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    NotImplementedError,
)
"""What reading damaged zips, JSON and tensors raises."""


def _kind(space: Mapping[str, Any]) -> str:
    """The class of a pickled space, by the name that is written beside it."""
    found = re.fullmatch(r"<class 'gymnasium\.spaces\.\w+\.(\w+)'>", space[":type:"])
    if found is None:
        raise ValueError(f"a space is {space[':type:']}")
    return found[1]


def _options(path: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the network; ValueError where they are told by pickled objects alone."""
    options = {name: value for name, value in told.items() if not name.startswith((":", "optimizer_"))}
    if _PICKLED not in told:
        return options
    for name, value in options.items():
        known = re.fullmatch(r"<class 'torch\.nn\.modules\.activation\.(\w+)'>", str(value))
        if name == "activation_fn" and known and known[1] in ACTIVATIONS:
            options[name] = ACTIVATIONS[known[1]]
        elif isinstance(value, str):  # what JSON could not hold
            raise ValueError(f"policy_kwargs of {path} has {name}={value}, which only running it tells. {REMEDY}.")
    return options

"""Lanes of stable-baselines3 and what is wrapped around them: which of it changes while they are served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper, VecNormalize

from driftrec.envs.sb3_bridge import SB3VecEnv

SCALES = ("ret_rms", "returns")
"""Of ``VecNormalize``."""


def layers_of(env: VecEnv | None) -> Iterator[tuple[Any, Sequence[str]]]:
    """Every layer around the lanes and these themselves, each with the names of what changes.

    A layer of ours says so itself, in its ``CHANGING``.
    """
    layer: Any = env
    while isinstance(layer, VecEnvWrapper):
        if names := SCALES if isinstance(layer, VecNormalize) else getattr(layer, "CHANGING", ()):
            yield layer, names
        layer = layer.venv
    assert isinstance(layer, SB3VecEnv)
    yield layer, layer.CHANGING
    lanes: Any = layer.envs.unwrapped
    yield lanes, lanes.CHANGING

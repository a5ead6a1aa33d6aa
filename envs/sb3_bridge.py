"""The native vector environment as a stable-baselines3 ``VecEnv``. Imports torch; ``driftrec.envs`` does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn


class SB3VecEnv(VecEnv):
    """stable-baselines3's view of a ``RecommendationVectorEnv``, bare or behind gymnasium's vector wrappers.

    Infos are empty but for lanes that are done, which carry ``terminal_observation``, ``TimeLimit.truncated`` and the
    monitor's ``episode`` (r: return, l: length, t: 0). The bridge thus is a ``Monitor``, and says so, inside of all
    that ``VecNormalize`` and the like do to rewards, and outside of gymnasium's reward wrappers; no ``VecMonitor`` is
    needed. One around ``VecNormalize`` would overwrite the returns by normalised ones, as stable-baselines3 warns.

    Args:
        envs: Autoreset mode "SameStep".

    Raises:
        ValueError: If the autoreset mode is another: one fake transition an episode would be learned from.
    """

    CHANGING = ("_returns", "_lengths")
    """Attributes that change while lanes are served, beside those of the native environment."""

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        mode = envs.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)  # gymnasium's own default
        if mode != AutoresetMode.SAME_STEP:
            raise ValueError(
                f"stable-baselines3 needs autoreset_mode='SameStep', not {mode.value!r}; "
                "with another it would learn from steps that never happened."
            )
        self.envs = envs
        self.render_mode = None
        self._actions: NDArray[np.int64] | None = None
        self._returns = np.zeros(envs.num_envs)
        self._lengths = np.zeros(envs.num_envs, np.int64)
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)

    def reset(self) -> VecEnvObs:
        """Start all lanes anew, with the seeds of the last ``seed`` call if there was one since."""
        seeds = self._seeds if any(seed is not None for seed in self._seeds) else None
        observation, _ = self.envs.reset(seed=seeds)  # type: ignore[arg-type]  # one a lane, as all lanes take
        self._reset_seeds()
        self._reset_options()
        self._returns[:], self._lengths[:] = 0.0, 0
        return observation

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Keep the actions for ``step_wait``."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Step all lanes; lanes that are done come back with the next user's first observation."""
        if self._actions is None:
            raise RuntimeError("step_wait was called before step_async; use step(actions).")
        observation, rewards, terminated, truncated, info = self.envs.step(self._actions)
        self._returns += rewards
        self._lengths += 1
        dones = terminated | truncated
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for lane in np.flatnonzero(dones):
            infos[lane] = {
                "terminal_observation": info["final_obs"][lane],
                "TimeLimit.truncated": bool(truncated[lane]),
                "episode": {"r": float(self._returns[lane]), "l": int(self._lengths[lane]), "t": 0.0},
            }
        self._returns[dones], self._lengths[dones] = 0.0, 0
        return observation, rewards.astype(np.float32), dones, infos

    def close(self) -> None:
        """Close the native environment."""
        self.envs.close()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """An attribute of the native environment or of a wrapper around it, once for every lane asked for."""
        return [self._attribute(attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Not supported: lanes share one environment."""
        raise NotImplementedError(f"Lanes share one environment; {attr_name!r} cannot be set lane by lane.")

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of the native environment once and give every lane asked for its row."""
        rows = self._attribute(method_name)(*method_args, **method_kwargs)
        return [rows[lane] for lane in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type, indices: VecEnvIndices = None) -> list[bool]:
        """Whether every lane is monitored, as all are, or behind a vector wrapper of gymnasium's."""
        wrapped = wrapper_class is Monitor or any(isinstance(layer, wrapper_class) for layer in self._wrappers())
        return [wrapped for _ in self._get_indices(indices)]

    def set_seeds(self, seeds: Sequence[int]) -> None:
        """Give every lane its own seed for the next ``reset``, such as those of ``user_seeds``."""
        if len(seeds) != self.num_envs:
            raise ValueError(f"{len(seeds)} seeds for {self.num_envs} lanes; give one a lane.")
        self._seeds = [int(seed) for seed in seeds]

    def _wrappers(self) -> Iterator[VectorWrapper[Any, Any, Any, Any, Any]]:
        """Those around the native environment, the outermost first."""
        envs = self.envs
        while isinstance(envs, VectorWrapper):
            yield envs
            envs = envs.env

    def _attribute(self, name: str) -> Any:
        """From the outermost layer that has it."""
        layer = next((layer for layer in self._wrappers() if hasattr(layer, name)), self.envs.unwrapped)
        return getattr(layer, name)

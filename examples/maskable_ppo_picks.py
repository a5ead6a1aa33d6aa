"""sb3-contrib's MaskablePPO, which makes a slate pick by pick and never shows an item twice in one."""

import gymnasium as gym
from sb3_contrib import MaskablePPO
from sb3_contrib.common.maskable.utils import get_action_masks

from driftrec.envs import PicksLanes
from driftrec.envs.sb3_bridge import SB3VecEnv

WORLD = "driftrec.envs:driftrec/RecSim-InterestEvolution-v0"
SLATE = 3


def main(steps: int = 300_000, lanes: int = 64, rollout: int = 96, batch: int = 512) -> list[list[int]]:
    envs = gym.make_vec(WORLD, num_envs=lanes, slate_size=SLATE, autoreset_mode="SameStep")
    venv = SB3VecEnv(PicksLanes(envs))
    gamma = 0.98 ** (1 / SLATE)  # a pick is a part of a step
    model = MaskablePPO("MultiInputPolicy", venv, n_steps=rollout, batch_size=batch, gamma=gamma, seed=0, device="cpu")
    model.learn(steps)
    observation, picks = venv.reset(), []
    for _ in range(SLATE):  # masks go to predict by hand, as sb3-contrib wants it
        actions, _ = model.predict(observation, action_masks=get_action_masks(venv), deterministic=True)
        observation, *_ = venv.step(actions)
        picks.append(actions.tolist())
    return [list(slate) for slate in zip(*picks, strict=True)]


if __name__ == "__main__":
    print("slates:", main()[:3])

"""sb3-contrib's RecurrentPPO, a memory instead of a history, on a one-item world."""

import gymnasium as gym
from sb3_contrib import RecurrentPPO

from driftrec.envs import OneItemLanes
from driftrec.envs.sb3_bridge import SB3VecEnv

WORLD = "driftrec.envs:driftrec/Sardine-SingleItem-BoredInf-v0"


def main(steps: int = 100_000, lanes: int = 16, rollout: int = 128) -> RecurrentPPO:
    venv = SB3VecEnv(OneItemLanes(gym.make_vec(WORLD, num_envs=lanes, autoreset_mode="SameStep")))
    return RecurrentPPO("MultiInputLstmPolicy", venv, n_steps=rollout, seed=0, device="cpu").learn(steps)


if __name__ == "__main__":
    main()

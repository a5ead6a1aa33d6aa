"""stable-baselines3's DQN on a one-item world, saved, and compared as a policy of driftrec."""

import gymnasium as gym
from stable_baselines3 import DQN

from driftrec.envs import OneItemLanes
from driftrec.envs.sb3_bridge import SB3VecEnv

WORLD = "driftrec/Sardine-SingleItem-BoredInf-v0"


def main(file: str = "dqn.zip", steps: int = 200_000, lanes: int = 16, learning_starts: int = 5_000) -> str:
    venv = SB3VecEnv(OneItemLanes(gym.make_vec(f"driftrec.envs:{WORLD}", num_envs=lanes, autoreset_mode="SameStep")))
    model = DQN(
        "MultiInputPolicy",
        venv,
        buffer_size=max(learning_starts, steps // 2),
        learning_starts=learning_starts,
        gradient_steps=4,
        exploration_fraction=0.3,
        seed=0,
        device="cpu",
    )
    model.learn(steps).save(file)
    return f"driftrec compare --world {WORLD} --policies random sb3:DQN:{file} myopic-oracle --baseline random"


if __name__ == "__main__":
    print(main())

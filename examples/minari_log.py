"""Episodes of picks to a Minari data set and back; MINARI_DATASETS_PATH says where data sets are kept."""

import gymnasium as gym
import minari
import numpy as np
from minari.data_collector import EpisodeBuffer

from driftrec.envs import Picks

WORLD = "driftrec.envs:driftrec/RecSim-InterestEvolution-v0"


def main(name: str = "driftrec/interest-evolution-v0", episodes: int = 100) -> minari.MinariDataset:
    env, rng, buffers = Picks(gym.make(WORLD, slate_size=3)), np.random.default_rng(0), []
    for seed in range(episodes):
        seen, steps = [env.reset(seed=seed)[0]], []
        while not steps or not (steps[-1][2] or steps[-1][3]):
            action = rng.choice(np.flatnonzero(env.action_masks()))
            observation, reward, terminated, truncated, _ = env.step(action)
            seen.append(observation)
            steps.append((action, reward, terminated, truncated))
        actions, *rest = map(np.array, zip(*steps, strict=True))
        told = {
            name: np.stack([each[name] for each in seen]) for name in env.observation_space
        }  # one more than actions
        buffers.append(EpisodeBuffer(seed, seed, None, told, actions, *rest))  # minari's own collector needs jax
    words = {"algorithm_name": "random", "description": "random slates, pick by pick"}
    minari.create_dataset_from_buffers(name, buffers, env=env, data_format="arrow", **words)
    return minari.load_dataset(name)


if __name__ == "__main__":
    print(main())

"""Episodes of picks to a Minari data set and back; MINARI_DATASETS_PATH says where data sets are kept."""

import gymnasium as gym
import minari

from driftrec.envs import Picks

WORLD = "driftrec.envs:driftrec/RecSim-InterestEvolution-v0"


def main(name: str = "driftrec/interest-evolution-v0", episodes: int = 100) -> minari.MinariDataset:
    env = minari.DataCollector(Picks(gym.make(WORLD, slate_size=3)), data_format="arrow")
    env.action_space.seed(0)
    for episode in range(episodes):
        env.reset(seed=episode)
        over = False
        while not over:
            action = env.action_space.sample(mask=env.get_wrapper_attr("action_masks")().astype("int8"))
            *_, terminated, truncated, _ = env.step(action)
            over = terminated or truncated
    env.create_dataset(name, algorithm_name="random", description="random slates, pick by pick")
    return minari.load_dataset(name)  # its episodes: observations, actions, rewards, terminations, truncations


if __name__ == "__main__":
    print(main())

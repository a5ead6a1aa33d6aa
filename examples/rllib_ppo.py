"""RLlib's PPO on a one-item world, whose observation is one vector; it runs in this process, without workers."""

import gymnasium as gym
import ray
from gymnasium.wrappers import FlattenObservation
from ray.rllib.algorithms.ppo import PPOConfig
from ray.tune.registry import register_env

from driftrec.envs import OneItem

WORLD = "driftrec.envs:driftrec/Sardine-SingleItem-BoredInf-v0"


def main(iterations: int = 20, steps: int = 4000, batch: int = 500) -> list[float]:
    register_env("one-item", lambda config: FlattenObservation(OneItem(gym.make(WORLD))))
    ray.init("local", num_cpus=1, include_dashboard=False)
    try:
        config = PPOConfig().environment("one-item").env_runners(num_env_runners=0).learners(num_learners=0)
        config.training(train_batch_size_per_learner=steps, minibatch_size=batch, num_epochs=5, gamma=0.9, lr=1e-3)
        algorithm = config.build_algo()
        return [algorithm.train()["env_runners"]["episode_return_mean"] for _ in range(iterations)]
    finally:
        ray.shutdown()


if __name__ == "__main__":
    print("clicks an episode:", main())

"""A choice model of your own in a world of ours: users look at the first positions and at no other."""

from dataclasses import dataclass

import gymnasium as gym
import numpy as np

from driftrec.simulators.choice import MultinomialLogit


@dataclass(frozen=True)
class Glance(MultinomialLogit):
    """Looks at the first ``looks`` positions."""

    looks: int = 3

    def position_weights(self, slate_size):
        seen = np.arange(slate_size) < self.looks
        return np.where(seen, super().position_weights(slate_size), np.float32(0))


def main(users: int = 256, steps: int = 20, looks: int = 2) -> list[float]:
    choice = {"kind": f"{Glance.__module__}:Glance", "looks": looks}
    envs = gym.make_vec("driftrec.envs:driftrec/News-v0", num_envs=users, config={"choice": choice})
    rng, clicks = np.random.default_rng(0), np.zeros(envs.unwrapped.world.slate_size)
    envs.reset(seed=0)
    for _ in range(steps):
        *_, info = envs.step(rng.integers(1000, size=envs.action_space.shape))
        clicks += info["clicks"].sum(axis=0)
    return (clicks / clicks.sum()).round(3).tolist()  # share of each position


if __name__ == "__main__":
    print("clicks by position:", main())

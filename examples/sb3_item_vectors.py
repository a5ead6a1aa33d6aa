"""stable-baselines3's PPO whose last layer begins as the items' vectors: it learns what to show, not numbers."""

import gymnasium as gym
import torch
from stable_baselines3 import PPO

from driftrec.envs import OneItemLanes
from driftrec.envs.sb3_bridge import SB3VecEnv

WORLD, OPTIONS = "driftrec/Sardine-SingleItem-BoredInf-v0", {"embeddings": "generated"}


def main(file: str = "ppo.zip", steps: int = 300_000, lanes: int = 64, item_vectors: bool = True) -> str:
    envs = gym.make_vec(f"driftrec.envs:{WORLD}", num_envs=lanes, autoreset_mode="SameStep", **OPTIONS)
    vectors = torch.tensor(envs.unwrapped.world.item_features)  # (items, features); of texts their embeddings
    model = PPO(
        "MultiInputPolicy",
        SB3VecEnv(OneItemLanes(envs)),
        n_steps=50,
        batch_size=800,
        n_epochs=4,
        gamma=0.98,
        learning_rate=3e-3,
        ent_coef=0.01,
        policy_kwargs={"net_arch": {"pi": [64, vectors.shape[1]], "vf": [64]}},
        seed=0,
        device="cpu",
    )
    if item_vectors:  # the network before them says which features to show, and the items that have them are likely
        with torch.no_grad():
            model.policy.action_net.weight.copy_(vectors)
    model.learn(steps).save(file)
    told = '--options \'{"embeddings": "generated"}\' --baseline random'
    return f"driftrec compare --world {WORLD} {told} --policies random sb3:PPO:{file}"


if __name__ == "__main__":
    print(main())

"""A policy of your own in torch: learned from random slates, saved, and named with its file and a parameter."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from driftrec.agents.setup import WorldArgs, set_up

WORLD = "driftrec/Sardine-SlateTopK-Bored-v0"


class Scorer:
    def __init__(self, context, weights: Path | None = None, temper: float = 0.0):
        self.items, self.size, self.temper = torch.tensor(context.item_embeddings), context.slate_size, temper
        self.net = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, self.items.shape[1]))
        if weights is not None:
            self.net.load_state_dict(torch.load(weights, weights_only=True))

    def reset(self, num_users, seed):
        self.rng = np.random.default_rng(seed)

    def act(self, observation):
        scores = (self.net(torch.from_numpy(observation["user"])) @ self.items.T).detach().numpy()
        return np.argsort(-scores - self.temper * self.rng.gumbel(size=scores.shape), axis=1)[:, : self.size]


def main(file: str = "scorer.pt", steps: int = 1_000, lanes: int = 256) -> str:
    setup, rng = set_up(WorldArgs(WORLD)), np.random.default_rng(0)
    envs, policy = setup.envs(lanes), Scorer(setup.context)
    adam, observation = torch.optim.Adam(policy.net.parameters(), lr=1e-3), envs.reset(seed=0)[0]
    for _ in range(steps):
        slates = rng.integers(setup.context.num_items, size=(lanes, setup.slate_size))
        user, (observation, *_, info) = torch.from_numpy(observation["user"]), envs.step(slates)
        scores = (policy.net(user)[:, None] * policy.items[slates]).sum(dim=2)  # log-odds of a click, by position
        adam.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(scores, torch.tensor(info["clicks"]).float()).backward()
        adam.step()
    torch.save(policy.net.state_dict(), file)
    return f"driftrec compare --world {WORLD} --policies random 'examples.own_policy:Scorer?weights={file}&temper=0.1'"


if __name__ == "__main__":
    print(main())

"""Offline: a log of random items as a table, and fitted Q iteration on it, which meets no user until it is done."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from driftrec.agents.setup import WorldArgs, set_up


def served(setup, users, seed, choose, steps=99):  # an episode has 100: none ends
    """One row a step of a user: what was seen, the item, the reward, what was seen next."""
    envs, tables = setup.envs(users), []
    observation, _ = envs.reset(seed=seed)
    for _ in range(steps):
        seen, items = observation["user"], choose(observation["user"])
        observation, reward, *_ = envs.step(items[:, None])
        tables.append(pd.DataFrame({"seen": [*seen], "item": items, "reward": reward, "next": [*observation["user"]]}))
    return pd.concat(tables, ignore_index=True)


def main(file: str = "log.parquet", users: int = 256, rounds: int = 20, passes: int = 100) -> tuple[float, float]:
    setup, rng = set_up(WorldArgs("driftrec/Sardine-SingleItem-BoredInf-v0")), np.random.default_rng(0)
    served(setup, users, 0, lambda seen: rng.integers(setup.world.num_items, size=len(seen))).to_parquet(file)
    log = pd.read_parquet(file)
    seen, following = (torch.tensor(np.stack(log[name])) for name in ("seen", "next"))
    item, reward = torch.tensor(log["item"].to_numpy()), torch.tensor(log["reward"].to_numpy(np.float32))
    items, net = torch.tensor(setup.world.item_features), nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 10))
    adam, target = torch.optim.Adam(net.parameters(), lr=3e-3), reward
    for _ in range(rounds):
        for _ in range(passes):
            adam.zero_grad()
            ((net(seen) * items[item]).sum(dim=1) - target).pow(2).mean().backward()
            adam.step()
        target = reward + 0.9 * (net(following) @ items.T).max(dim=1).values.detach()
    new = served(setup, users, 10_000, lambda seen: (net(torch.tensor(seen)) @ items.T).argmax(dim=1).numpy())
    return float(reward.mean()), float(new["reward"].mean())  # a step: in the log, and with other users afterwards


if __name__ == "__main__":
    print("clicks a step, logged and learned:", main())

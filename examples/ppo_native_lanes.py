"""PPO in one file, in the shape of CleanRL's, on native lanes: one array step for all users."""

import gymnasium as gym
import torch
from torch import nn
from torch.distributions import Categorical as Choice

from driftrec.envs import OneItemLanes

WORLD = "driftrec.envs:driftrec/Sardine-SingleItem-BoredInf-v0"


def main(updates: int = 100, lanes: int = 64, rollout: int = 50, gamma: float = 0.98) -> list[float]:
    torch.manual_seed(0)
    envs = OneItemLanes(gym.make_vec(WORLD, num_envs=lanes, autoreset_mode="SameStep"))
    items = torch.tensor(envs.unwrapped.world.item_features)  # (items, features)
    actor = nn.Sequential(nn.Linear(30, 64), nn.Tanh(), nn.Linear(64, items.shape[1]))  # the features to show
    critic = nn.Sequential(nn.Linear(30, 64), nn.Tanh(), nn.Linear(64, 1), nn.Flatten(-2))
    adam = torch.optim.Adam([*actor.parameters(), *critic.parameters()], lr=3e-3)
    now, history = torch.from_numpy(envs.reset(seed=0)[0]["user"]), []
    for _ in range(updates):
        steps = []
        while len(steps) < rollout:
            action = Choice(logits=(actor(now) @ items.T).detach()).sample()
            following, reward, terminated, truncated, _ = envs.step(action.numpy())
            steps.append((now, action, torch.tensor(reward).float(), torch.tensor(~(terminated | truncated))))
            now = torch.from_numpy(following["user"])
        x, a, r, goes_on = map(torch.stack, zip(*steps, strict=True))  # (rollout, lanes, ...)
        values, gain, gains = critic(torch.cat([x, now[None]])).detach(), torch.zeros(lanes), torch.zeros_like(r)
        before = Choice(logits=actor(x) @ items.T).log_prob(a).detach()
        for t in reversed(range(rollout)):
            gains[t] = gain = r[t] - values[t] + gamma * goes_on[t] * (values[t + 1] + 0.95 * gain)
        for _ in range(4):
            chances, gauge = Choice(logits=actor(x) @ items.T), (gains - gains.mean()) / (gains.std() + 1e-8)
            ratio, missed = (chances.log_prob(a) - before).exp(), (critic(x) - gains - values[:-1]).pow(2).mean()
            surrogate = torch.min(ratio * gauge, ratio.clamp(0.8, 1.2) * gauge).mean()
            loss = 0.01 * missed - surrogate - 0.01 * chances.entropy().mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
        history.append(float(r.mean()))
    return history


if __name__ == "__main__":
    print("clicks a step, by update:", main())

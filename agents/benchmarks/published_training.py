"""Benchmark: frames a second of our PPO on a world of SARDINE, beside stock PPO on the original."""

from __future__ import annotations

from collections.abc import Iterator

import gymnasium as gym
from gymnasium.vector import AutoresetMode
from stable_baselines3 import PPO

from driftrec.agents.benchmarks.measure import Effort, Row, Work, alternate
from driftrec.agents.benchmarks.peers import REMEDY
from driftrec.agents.benchmarks.training import learning, settings_for
from driftrec.agents.ppo import build_ppo
from driftrec.agents.published.stage import FeatureStage, Judge
from driftrec.agents.published.training import make_items, make_ranker
from driftrec.envs.sardine import SardineVectorEnv

SECTION, UNIT = "published-training", "frames/s"
WORLD = "SlateTopK-Bored"
LANES = 256
STOCK = f"stable-baselines3's PPO, MlpPolicy, on the original {WORLD} with IdealState"


def published_training(effort: Effort) -> Iterator[Row]:
    """Ours, theirs in turns, and how many times faster ours is."""
    works = [_ours(effort)]
    try:
        works.append(_stock(effort.peer_frames))
    except ModuleNotFoundError:
        yield Row(SECTION, STOCK, None, UNIT, note=REMEDY)
    ours, *theirs = alternate(works, effort.repeats)
    yield ours.row(SECTION, f"our PPO on Sardine-{WORLD}, {LANES} lanes, ideal state, with updates", UNIT)
    for rates in theirs:
        yield rates.row(SECTION, STOCK, UNIT, note="600 to 750 were quoted for two shared cores")
        yield ours.over(rates, SECTION, "ours / theirs")


def _ours(effort: Effort) -> Work:
    frames = max(effort.frames, LANES)
    envs = SardineVectorEnv(LANES, WORLD, autoreset_mode=AutoresetMode.SAME_STEP)
    items = make_items(envs.world)
    judge = Judge(make_ranker(envs.world, items, 0), items, farsighted=True)  # unfitted: costs the same
    settings = settings_for(LANES, frames)
    model = build_ppo(envs, FeatureStage(judge, envs.world.num_items, settings.candidates), settings, seed=0)
    return learning(model, frames)


def _stock(frames: int) -> Work:
    """With all defaults; the rollout is shorter where there are fewer frames."""
    from sardine.wrappers import IdealState

    env = IdealState(gym.make(f"sardine/{WORLD}-v0"))
    return learning(PPO("MlpPolicy", env, n_steps=min(2048, frames), seed=0, device="cpu"), frames)

"""Benchmark: frames a second of PPO training, rollout and updates together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from stable_baselines3 import PPO

from driftrec.agents.benchmarks.measure import Row, Work, Workload, alternate
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.ppo_settings import PPOSettings, build_ppo
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.agents.worlds.kits import kit_of

LANES = 128


def training(effort: Workload, world: str) -> Iterator[Row]:
    """One row."""
    setup = set_up(WorldArgs(world))
    settings = settings_for(LANES, effort.frames)
    model = build_ppo(setup.envs(LANES), unfitted_stage(setup, settings.candidates), settings, seed=0)
    (rates,) = alternate([learning(model, effort.frames)], effort.repeats)
    yield rates.row("training", f"PPO, {LANES} lanes, with updates", "frames/s")


def unfitted_stage(setup: Setup, candidates: int) -> CandidateStage:
    """The candidate stage of a ranker that knows nothing yet, which costs the same."""
    kit = kit_of(setup)
    return CandidateStage(kit.judge(setup, asdict(kit.settings), seed=0), candidates, setup.slate_size)


def learning(model: PPO, frames: int) -> Work:
    """Training for ``frames`` frames or, in whole rollouts, some more."""

    def work() -> int:
        model.learn(frames)
        return model.num_timesteps

    return work


def settings_for(lanes: int, frames: int) -> PPOSettings:
    """PPO as it trains, but for ``frames`` steps: with shorter rollouts and batches where these are too few."""
    rollout = min(PPOSettings.rollout, max(frames // lanes, 1))
    batch = min(PPOSettings.batch_size, lanes * rollout)
    return PPOSettings(total_steps=frames, lanes=lanes, rollout=rollout, batch_size=batch)

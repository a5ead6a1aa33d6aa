"""Benchmark: frames a second of PPO training, rollout and updates together."""

from __future__ import annotations

from collections.abc import Iterator

from driftrec.agents.benchmarks.measure import Effort, Row, alternate
from driftrec.agents.candidates import CandidateStage
from driftrec.agents.ppo import PPOSettings, build_ppo
from driftrec.agents.ranker import Ranker
from driftrec.agents.world_setup import WorldSetup

LANES = 128


def training(effort: Effort, setup: WorldSetup) -> Iterator[Row]:
    """One row."""
    rollout = min(PPOSettings.rollout, max(effort.frames // LANES, 1))
    batch = min(PPOSettings.batch_size, LANES * rollout)
    settings = PPOSettings(total_steps=effort.frames, lanes=LANES, rollout=rollout, batch_size=batch)
    stage = CandidateStage(Ranker(setup.context, "text", 0), settings.candidates)  # unfitted: costs the same
    model = build_ppo(setup.envs(LANES), stage, settings, seed=0)

    def work() -> int:
        model.learn(effort.frames)
        return model.num_timesteps

    (rates,) = alternate([work], effort.repeats)
    yield rates.row("training", f"PPO, {LANES} lanes, with updates", "frames/s")

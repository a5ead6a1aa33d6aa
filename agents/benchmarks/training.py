"""Benchmarks: frames a second of PPO training, rollout and updates together; beside stock PPO on SARDINE's original."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace

from stable_baselines3 import PPO

from driftrec.agents.benchmarks.measure import Row, Work, Workload, alternate
from driftrec.agents.benchmarks.published import REMEDY
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.ppo_settings import PPOSettings, build_ppo
from driftrec.agents.setup import Setup, WorldArgs, set_up
from driftrec.agents.verification.sardine_original import original_env
from driftrec.agents.worlds.kits import kit_of

UNIT = "frames/s"
LANES = 128

SECTION = "published-training"
WORLD, WORLD_LANES = "SlateTopK-Bored", 256
ACTIONS = ("slates", "TopK's vectors")
"""What stock PPO acts by: MultiDiscrete slates of ten of 1,000 items; or, with the original's wrapper TopK, ten
numbers of which the slate is made."""
QUOTED = "600 to 750 were quoted for two shared cores, actions not said"


def training(effort: Workload, world: str) -> Iterator[Row]:
    """One row."""
    (rates,) = alternate([_ours(world, LANES, effort.frames)], effort.repeats)
    yield rates.row("training", f"PPO, {LANES} lanes, with updates", UNIT)


def _ours(world: str, lanes: int, frames: int) -> Work:
    """Our PPO on ``world``, an environment id."""
    setup = set_up(WorldArgs(world))
    settings = settings_for(kit_of(setup).settings.ppo, lanes, frames)
    return learning(build_ppo(setup.envs(lanes), unfitted_stage(setup, settings.candidates), settings, seed=0), frames)


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


def settings_for(usual: PPOSettings, lanes: int, frames: int) -> PPOSettings:
    """PPO as a world has it, but for ``frames`` steps: with shorter rollouts and batches where these are too few."""
    rollout = min(usual.rollout, max(frames // lanes, 1))
    return replace(
        usual, total_steps=frames, lanes=lanes, rollout=rollout, batch_size=min(usual.batch_size, lanes * rollout)
    )


def published_training(effort: Workload) -> Iterator[Row]:
    """Ours, and theirs by both kinds of actions, in turns; how many times faster ours is."""
    works = [_ours(f"driftrec/Sardine-{WORLD}-v0", WORLD_LANES, max(effort.frames, WORLD_LANES))]
    try:
        works += [_stock(actions, effort.peer_frames) for actions in ACTIONS]
    except ModuleNotFoundError:
        yield Row(SECTION, "stock PPO", None, UNIT, note=REMEDY)
    ours, *theirs = alternate(works, effort.repeats)
    yield ours.row(SECTION, f"our PPO on Sardine-{WORLD}, {WORLD_LANES} lanes, ideal state, with updates", UNIT)
    for actions, rates in zip(ACTIONS, theirs, strict=False):
        name = f"stable-baselines3's PPO, MlpPolicy, on the original with IdealState, {actions}"
        yield rates.row(SECTION, name, UNIT, note=QUOTED)
        yield ours.over(rates, SECTION, f"ours / theirs, {actions}")


def _stock(actions: str, frames: int) -> Work:
    """With all defaults but the length of a rollout, on which the rate does not depend."""
    env = original_env(WORLD)
    from sardine.wrappers import IdealState, TopK

    if actions != "slates":
        env = TopK(env, min_action=0.0, max_action=1.0)  # its own defaults fail
    return learning(PPO("MlpPolicy", IdealState(env), n_steps=min(2048, frames), seed=0, device="cpu"), frames)

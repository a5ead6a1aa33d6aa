"""Benchmark: frames a second of our PPO on a world of SARDINE, beside stock PPO on the original."""

from __future__ import annotations

from collections.abc import Iterator

from stable_baselines3 import PPO

from driftrec.agents.benchmarks.measure import Row, Work, Workload, alternate
from driftrec.agents.benchmarks.peers import REMEDY
from driftrec.agents.benchmarks.training import learning, settings_for, unfitted_stage
from driftrec.agents.ppo.ppo_settings import build_ppo
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.verification.sardine_original import original_env

SECTION, UNIT = "published-training", "frames/s"
WORLD = "SlateTopK-Bored"
LANES = 256
ACTIONS = ("slates", "TopK's vectors")
"""What stock PPO acts by: MultiDiscrete slates of ten of 1,000 items; or, with the original's wrapper TopK, ten
numbers of which the slate is made."""
QUOTED = "600 to 750 were quoted for two shared cores, actions not said"


def published_training(effort: Workload) -> Iterator[Row]:
    """Ours, and theirs by both kinds of actions, in turns; how many times faster ours is."""
    works = [_ours(effort)]
    try:
        works += [_stock(actions, effort.peer_frames) for actions in ACTIONS]
    except ModuleNotFoundError:
        yield Row(SECTION, "stock PPO", None, UNIT, note=REMEDY)
    ours, *theirs = alternate(works, effort.repeats)
    yield ours.row(SECTION, f"our PPO on Sardine-{WORLD}, {LANES} lanes, ideal state, with updates", UNIT)
    for actions, rates in zip(ACTIONS, theirs, strict=False):
        name = f"stable-baselines3's PPO, MlpPolicy, on the original with IdealState, {actions}"
        yield rates.row(SECTION, name, UNIT, note=QUOTED)
        yield ours.over(rates, SECTION, f"ours / theirs, {actions}")


def _ours(effort: Workload) -> Work:
    frames = max(effort.frames, LANES)
    setup = set_up(WorldArgs(world=f"driftrec/Sardine-{WORLD}-v0"))
    settings = settings_for(LANES, frames)
    model = build_ppo(setup.envs(LANES), unfitted_stage(setup, settings.candidates), settings, seed=0)
    return learning(model, frames)


def _stock(actions: str, frames: int) -> Work:
    """With all defaults but the length of a rollout, on which the rate does not depend."""
    env = original_env(WORLD)
    from sardine.wrappers import IdealState, TopK

    if actions != "slates":
        env = TopK(env, min_action=0.0, max_action=1.0)  # its own defaults fail
    return learning(PPO("MlpPolicy", IdealState(env), n_steps=min(2048, frames), seed=0, device="cpu"), frames)

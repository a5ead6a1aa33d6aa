"""The policies of release/ load and serve, and are better than what they began with."""

import json
import re
import shlex
from pathlib import Path

import pytest

from driftrec.agents.comparison.comparison import compare
from driftrec.agents.comparison.entries import build_entries
from driftrec.agents.registry import build_policy, builders
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import KITS

RELEASE = Path(__file__).parents[1] / "release"
RUNS = sorted(file.parent for file in RELEASE.glob("*/checkpoint.safetensors"))
MODEL = RELEASE / "one-item-sb3" / "ppo.zip"
WORLDS = ("world", "catalogue", "slate_size", "history", "horizon", "config", "options")


def named(run):
    """The policy's name, and the world that it is for."""
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    return f"{run.name.partition('-')[2]}:{run}", WorldArgs(**{name: config[name] for name in WORLDS})


def test_each_is_told_and_small():
    told = (RELEASE / "README.md").read_text(encoding="utf-8")
    names = sorted([MODEL.parent.name, *(run.name for run in RUNS)])
    assert names == sorted(re.findall(r"^\| (\w+-[\w-]+) \|", told, re.MULTILINE))
    assert names == sorted(file.name for file in RELEASE.iterdir() if file.is_dir())
    for run in RUNS:
        assert named(run)[1].world in KITS
        words = shlex.split(json.loads((run / "config.json").read_text(encoding="utf-8"))["command"])
        assert Path(words[0]).name == "driftrec"
    assert sum(file.stat().st_size for file in RELEASE.rglob("*") if file.is_file()) < 4_000_000


@pytest.mark.slow  # news texts are encoded, where they are not in the cache
@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_each_loads_and_serves(run):
    name, world = named(run)
    setup = set_up(world)
    made = builders(setup)
    policy = build_policy(name, setup.context, made.policies, made.loaders)
    policy.reset(8, seed=0)
    observation, _ = setup.envs(8).reset(seed=0)
    slates = policy.act(observation)
    assert slates.shape == (8, setup.slate_size)
    assert all(len(set(slate)) == setup.slate_size for slate in slates.tolist())


@pytest.mark.slow
def test_what_was_learned_is_worth_what_the_page_says():
    bored = {run.name: named(run) for run in RUNS if run.name.startswith("bored")}
    setup = set_up(bored["bored-ppo"][1])
    ranker = f"myopic:{RELEASE / 'bored-ppo'}"
    entries = build_entries(setup, ["random", ranker, *(name for name, _ in bored.values())], seed=0)
    told = compare(setup, entries, users=64, seed=0, baseline="random").summary["policies"]
    mean = {name: policy["engagement"]["mean"] for name, policy in told.items()}
    assert min(mean[run.partition("-")[2]] for run in bored) > 1.2 * mean["myopic"]
    assert mean["myopic"] > 2 * mean["random"]


@pytest.mark.slow
def test_the_model_file_is_worth_what_the_page_says():
    setup = set_up(WorldArgs("driftrec/Sardine-SingleItem-BoredInf-v0", options='{"embeddings": "generated"}'))
    entries = build_entries(setup, ["random", f"sb3:PPO:{MODEL}"], seed=0)
    told = compare(setup, entries, users=64, seed=0, baseline="random").summary["policies"]
    assert told[f"sb3:PPO:{MODEL}"]["engagement"]["mean"] > 3 * told["random"]["engagement"]["mean"]

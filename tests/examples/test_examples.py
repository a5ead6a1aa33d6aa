"""Every file of examples/ runs, for a few steps, and does what its first line says."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pandas as pd
import pytest

from driftrec.agents.catalogues.catalogue_folder import build_catalogue_folder
from driftrec.agents.registry import build_policy, builders
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.text.text_encoder import TextEncoder

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "examples").glob("*.py"))
EXTRAS = {
    "maskable_ppo_picks": "sb3_contrib",
    "recurrent_ppo": "sb3_contrib",
    "minari_log": "minari",
}
ITEM = "driftrec/Sardine-SingleItem-BoredInf-v0"
SLATE = "driftrec/Sardine-SlateTopK-Bored-v0"


@pytest.fixture
def example(tmp_path, monkeypatch):
    """Imports one by name, as from the repository's root; files that it writes go to a temporary folder."""
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.chdir(tmp_path)

    def load(name):
        if name in EXTRAS:
            pytest.importorskip(EXTRAS[name])
        return importlib.import_module(f"examples.{name}")

    yield load
    for name in [name for name in sys.modules if name.partition(".")[0] == "examples"]:
        del sys.modules[name]


def served(world, name, users=4):
    """Slates of a policy by its name."""
    setup = set_up(world)
    made = builders(setup)
    policy = build_policy(name, setup.context, made.policies, made.loaders)
    policy.reset(users, seed=0)
    return policy.act(setup.envs(users).reset(seed=0)[0])


def distinct(slates):
    """How many items every slate holds."""
    return [len(set(slate)) for slate in slates.tolist()]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_is_short_says_what_it_is_and_is_tested_and_explained(file):
    text = file.read_text(encoding="utf-8")
    assert sum(bool(line.strip()) for line in text.splitlines()) < 40
    assert text.startswith('"""')
    assert re.search(
        rf'example\("{file.stem}"\)|examples\.{file.stem} import', Path(__file__).read_text(encoding="utf-8")
    )
    assert f"(../examples/{file.name})" in (ROOT / "docs" / "how-to.md").read_text(encoding="utf-8")


def test_ppo_on_native_lanes(example):
    means = example("ppo_native_lanes").main(updates=3, lanes=8, rollout=5)
    assert len(means) == 3
    assert all(0 <= mean <= 1 for mean in means)


def test_sb3_ppo(example, csv, tiny_model, own_cache):
    build_catalogue_folder(csv, Path("items"), TextEncoder(tiny_model), 7)
    command = example("sb3_ppo").main(steps=64, lanes=2, catalogue="items")
    assert distinct(served(WorldArgs(catalogue="items"), policy_in(command, "sb3:"))) == [5] * 4


def test_sb3_item_vectors(example):
    main = example("sb3_item_vectors").main
    command = main(steps=50, lanes=2)
    assert (
        distinct(served(WorldArgs(ITEM, options='{"embeddings": "generated"}'), policy_in(command, "sb3:"))) == [1] * 4
    )


def test_recurrent_ppo(example):
    assert example("recurrent_ppo").main(steps=8, lanes=2, rollout=4).num_timesteps == 8


def test_dqn_on_one_item(example):
    command = example("dqn_one_item").main(steps=12, lanes=2, learning_starts=4)
    assert distinct(served(WorldArgs(ITEM), policy_in(command, "sb3:"))) == [1] * 4


def test_maskable_ppo_on_picks(example):
    slates = example("maskable_ppo_picks").main(steps=12, lanes=4, rollout=3, batch=12)
    assert [len(set(slate)) for slate in slates] == [3] * 4


def test_own_policy(example):
    command = example("own_policy").main(steps=2, lanes=4)
    assert distinct(served(WorldArgs(SLATE), policy_in(command, "examples.own_policy:Scorer").strip("'"))) == [10] * 4


def test_own_choice(example):
    shares = example("own_choice").main(users=64, steps=3)
    assert sum(shares) == pytest.approx(1, abs=0.01)
    assert shares[2:] == [0, 0, 0]  # at which nobody looks


def test_own_world(example):
    example("own_world")
    assert served(WorldArgs("examples.own_world:Snacks-v0"), "random").shape[0] == 4
    assert gym.make("Snacks-v0").unwrapped.world.unit == "bites"


def test_minari_there_and_back(example, monkeypatch, tmp_path):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    found = example("minari_log").main(episodes=2)
    assert found.total_episodes == 2
    (first, second) = found.iterate_episodes()
    for episode in (first, second):
        picked = episode.observations["picked"]
        assert len(picked) == len(episode.actions) + 1
        np.testing.assert_array_equal(picked[1:3, 0], episode.actions[:1].repeat(2))
        assert not episode.rewards[[0, 1, 3, 4]].any()  # between slates of three
        assert episode.terminations[-1] or episode.truncations[-1]
    assert not np.array_equal(first.observations["user"][0], second.observations["user"][0])


def test_rllib_ppo():
    """In a process of its own, which Ray ends with its cluster."""
    pytest.importorskip("ray")
    pytest.importorskip("tree")  # of the extra rllib
    call = (
        "import json; from examples.rllib_ppo import main; print(json.dumps(main(iterations=1, steps=200, batch=50)))"
    )
    done = subprocess.run([sys.executable, "-c", call], cwd=ROOT, timeout=600, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (mean,) = json.loads(done.stdout.splitlines()[-1])
    assert 0 <= mean <= 100  # an episode has 100 steps, and a slate at most one click


def test_offline_learning(example):
    logged, learned = example("offline_learning").main(users=4, rounds=2, passes=3)
    assert 0 <= logged <= 1
    assert 0 <= learned <= 1
    log = pd.read_parquet("log.parquet")
    assert list(log) == ["seen", "item", "reward", "next"]
    assert len(log) == 4 * 99
    assert np.array_equal(log["seen"][4], log["next"][0])  # the same user one step later


def test_plots_for_a_paper(example):
    files = example("paper_plots").main(users=20, horizon=5)
    assert {file.suffix for file in files} == {".pdf"}
    assert all(file.read_bytes().startswith(b"%PDF") for file in files)


def policy_in(command, start):
    """The policy that a printed command names."""
    return re.search(rf"(?<= )'?{start}\S+", command)[0]

"""Worlds as strangers write them, by every verb: of features, of texts, and of items that come with the request."""

import json
import re
import shutil
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from driftrec.agents.benchmarks import latency, training
from driftrec.agents.benchmarks.measure import QUICK
from driftrec.agents.benchmarks.suite import WORLD_SECTIONS, run_benchmarks
from driftrec.agents.setup import WorldArgs, make_env, set_up
from driftrec.agents.worlds.kits import KITS
from driftrec.envs.vector import RecommendationVectorEnv

TOYS = Path(__file__).parents[1] / "toys"
PAGE = (TOYS.parents[1] / "docs" / "own-worlds.md").read_text(encoding="utf-8")
TRAINING = (
    *("--settings.fit.lanes", "16", "--settings.fit.log-steps", "6", "--settings.fit.rounds", "1"),
    *("--settings.fit.epochs", "1", "--settings.fit.batch-size", "64"),
    *("--settings.ppo.total-steps", "128", "--settings.ppo.lanes", "16", "--settings.ppo.rollout", "4"),
    *("--settings.ppo.batch-size", "64", "--settings.ppo.epochs", "1"),
    *("--settings.validations", "2", "--settings.validation-users", "4"),
)
OF_TEXTS = (
    *("--settings.future.lanes", "16", "--settings.future.log-steps", "20", "--settings.future.users", "4"),
    *("--settings.refits", "1"),
)
WORLDS = {
    "toys.snacks:Snacks-v0": ("bites", TRAINING),
    "toys.tales:Tales-v0": ("tales", TRAINING + OF_TEXTS),
    "toys.offers:Offers-v0": ("clicks", TRAINING),
}


@pytest.fixture
def toys(tmp_path, monkeypatch, own_cache):
    """A user's folder with a package of toy worlds, forgotten after the test."""
    shutil.copytree(TOYS, tmp_path / "toys", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("toys", "my_snacks")]:
        del sys.modules[name]
    for world in ("Snacks-v0", "Tales-v0", "Offers-v0"):
        gym.registry.pop(world, None)
        KITS.pop(world, None)


@pytest.mark.parametrize("world", WORLDS)
def test_from_training_to_the_gap(world, toys, driftrec):
    unit, training = WORLDS[world]
    done = driftrec("train", "--world", world, "--seed", "1", "--out", "run", *training)
    assert done.status == 0, done.err
    assert re.search(rf"^PPO: 128 of 128 steps, last validation [\d.]+ {unit} an episode$", done.out, re.MULTILINE)
    policies = ("random", "myopic-oracle", "ppo:run", "farsighted:run")
    done = driftrec(
        "compare", "--world", world, "--users", "8", "--seed", "1", "--out", "both", "--policies", *policies
    )
    assert done.status == 0, done.err
    summary = json.loads((toys / "both" / "summary.json").read_text())
    assert summary["unit"] == unit
    means = {name: policy["engagement"]["mean"] for name, policy in summary["policies"].items()}
    assert list(means) == ["random", "myopic-oracle", "ppo", "farsighted"]
    done = driftrec("gap", "--world", world, "--users", "8", "--seed", "1")
    assert done.status == 0, done.err
    assert f"No planner is known of {world}, so what the long term is worth there cannot be told.\n" in done.out
    assert "planner / myopic oracle" not in done.out


def test_a_world_of_texts_knows_its_baselines(toys, driftrec):
    done = driftrec("compare", "--world", "toys.tales:Tales-v0", "--users", "8", "--policies", "popular", "linucb")
    assert done.status == 0, done.err
    done = driftrec("compare", "--world", "toys.snacks:Snacks-v0", "--users", "8", "--policies", "popular")
    assert (done.status, "Unknown policy 'popular'" in done.err) == (2, True)


def test_a_kit_of_its_own_plans_better(toys, driftrec):
    done = driftrec("gap", "--world", "toys.snacks_kit:Snacks-v0", "--users", "50", "--seed", "1")
    assert done.status == 0, done.err
    assert float(re.search(r"^planner / myopic oracle = ([\d.]+)$", done.out, re.MULTILINE)[1]) > 2
    help_text = driftrec("train", "--world", "toys.snacks_kit:Snacks-v0", "--help").out
    assert re.search(r"--settings.validations INT.*?\(default: 2\)", help_text, re.DOTALL)


@pytest.mark.parametrize("world", WORLDS)
def test_any_world_is_measured(world, toys, monkeypatch):
    made = []
    for module in (training, latency):
        monkeypatch.setattr(module, "set_up", lambda args: made.append(args.world) or set_up(args))
    results = run_benchmarks(WORLD_SECTIONS, QUICK, world=world, run=lambda measurement: measurement())
    rows = results["rows"]
    assert list(dict.fromkeys(row["section"] for row in rows)) == list(WORLD_SECTIONS)
    assert [row["name"] for row in rows[:2]] == [f"{world}, 4 lanes", f"{world}, 64 lanes"]
    assert all(row["value"] > 0 for row in rows)
    assert made == [world, world]


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_bench_measures_in_processes_of_their_own(world, toys, driftrec):
    done = driftrec("bench", "--world", world, "--quick")
    assert done.status == 0, done.err
    assert f"{world}, 64 lanes" in done.out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--sections", "audience"), "Section 'audience' is unknown in toys.snacks:Snacks-v0. Known: environment"),
        (("--world", "toys.snacks:Snack-v0"), "World 'toys.snacks:Snack-v0' is unknown. Did you mean 'Snacks-v0'?"),
        (("--world", "toys.nuts:Nuts-v0"), "Cannot import world 'toys.nuts:Nuts-v0': ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_measured_is_refused(words, complaint, toys, driftrec):
    done = driftrec("bench", "--world", "toys.snacks:Snacks-v0", "--quick", *words)
    assert done.status == 2
    assert complaint in done.err
    assert not re.search("Acrobot|GymV21", done.err)  # names that Gymnasium registers


@pytest.mark.parametrize("world", WORLDS)
def test_lanes_live_as_users_alone(world, toys):
    env = make_env(WorldArgs(world))
    envs = RecommendationVectorEnv(env.world, 8, env.horizon, "Disabled")
    envs.reset(seed=3)
    slates = np.arange(8)[:, None] * 3 % env.world.num_items + np.zeros((10, 8, env.world.slate_size), np.int64)
    env.reset(seed=3 + 5)
    for slate in slates:
        observation, reward, terminated, truncated, _ = env.step(slate[5])
        seen, rewards, left, cut, _ = envs.step(slate)
        assert (reward, terminated, truncated) == (rewards[5], left[5], cut[5])
        for name, value in observation.items():
            np.testing.assert_array_equal(seen[name][5], value)
        if (left | cut).any():
            envs.reset(options={"reset_mask": left | cut})
        if terminated:
            break


def test_a_world_of_features_is_short():
    lines = [(TOYS / name).read_text(encoding="utf-8").splitlines() for name in ("snacks.py", "snacks_kit.py")]
    assert sum(map(len, lines)) < 150


def test_the_example_of_the_page_works_by_every_command_as_printed(toys, driftrec):
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "class SnackWorld" in block]
    assert len(code.splitlines()) < 40
    (toys / "my_snacks.py").write_text(code, encoding="utf-8")
    more = {
        "gap": (),
        "train": TRAINING,
        "compare": ("--users", "8"),
        "bench": ("--quick", "--sections", "latency"),
    }
    for verb, *words in map(str.split, re.findall(r"^    driftrec (.*my_snacks:Snacks-v0.*)$", PAGE, re.MULTILINE)):
        done = driftrec(verb, *words, *more.pop(verb))
        assert done.status == 0, done.err
    assert not more

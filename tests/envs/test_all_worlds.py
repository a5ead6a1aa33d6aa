"""What every environment keeps: gymnasium's and stable-baselines3's checks, a spec in JSON, lanes like single ones."""

import json
import subprocess
import sys
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import driftrec.envs  # noqa: F401  registers the environments
from tests.same import assert_same

NEWS = "driftrec/News-v0"
VIDEO = "driftrec/Video-v0"
MUSIC = "driftrec/Music-v0"
STREAM = "driftrec/NewsStream-v0"
FITTED = "driftrec/Fitted-v0"
EVOLUTION, EXPLORATION, SATISFACTION = (
    f"driftrec/RecSim-{name}-v0" for name in ("InterestEvolution", "InterestExploration", "LongTermSatisfaction")
)
SARDINE = [name for name in gym.registry if name.startswith("driftrec/Sardine-")]
OBSERVED = [{"embeddings": "generated", "observation": observation} for observation in ("ideal", "partial")]


def slates(env, steps, *lanes):
    world = env.unwrapped.world
    return np.random.default_rng(0).integers(world.num_items, size=(steps, *lanes, world.slate_size))


ENVIRONMENTS = [name for name in gym.registry if name.startswith("driftrec/")]
CHECKED = [
    *[(name, {}) for name in ENVIRONMENTS if name not in SARDINE],
    *[(name, observed) for name in SARDINE for observed in OBSERVED],
]


@pytest.mark.parametrize(("name", "settings"), CHECKED, ids=str)
def test_gymnasium_and_stable_baselines3_find_nothing_wrong(name, settings):
    from stable_baselines3.common.env_checker import check_env as sb3_check

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gym.make(name, **settings)
        check_env(env.unwrapped)
        # it would flatten the candidates, (candidates, features), which is what the slate head must not
        warnings.filterwarnings("ignore", "Your observation candidates has an unconventional shape")
        sb3_check(gym.make(name, **settings).unwrapped)
    assert env.unwrapped.spec.id == name


STAYS = {"calm": 0.0, "alarm": 0.0}
CANDIDATES = {"num_candidates": 6, "resample_documents": False, "horizon": 20}
CASCADE = {"choice": {"model": "ProportionalCascade", "min_normalizer": -1.0}}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        (NEWS, {"horizon": 20, "config": {"drift": {"walk": 0.1}, "comeback": {"churn_rate": 0.0}}}),
        (MUSIC, {"horizon": 20, "history": 30, "config": {"repeats": {"limit": 2.0}, "habit": STAYS}}),
        (VIDEO, {"horizon": 20, "history": 30, "config": {"boredom": {"own": 0.2}, "habit": STAYS}}),
        (STREAM, {"horizon": 20, "num_candidates": 50, "config": {"freshness": {"loss": 0.2}, "habit": STAYS}}),
        (FITTED, {"horizon": 20, "slate_size": 3}),
        (EVOLUTION, {**CANDIDATES, **CASCADE, "config": {"time_budget": 50.0}}),
        (EXPLORATION, {**CANDIDATES, **CASCADE}),
        (SATISFACTION, CANDIDATES),
        (
            "driftrec/Sardine-SlateTopK-BoredInf-v0",
            {"horizon": 20, "observation": "partial", "corrected": True, "config": {"alpha": 0.5}},
        ),
    ],
    ids=str,
)
def test_the_spec_survives_json(name, settings):
    env = gym.make(name, **settings)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert json.loads(again.spec.to_json())["kwargs"] == env.spec.kwargs == {**env.spec.kwargs, **settings}
    assert_same(env.reset(seed=3), again.reset(seed=3))
    for slate in slates(env, 20):
        assert_same(env.step(slate), again.step(slate))


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
@pytest.mark.parametrize(
    ("name", "settings", "leave"),
    [
        (NEWS, {"horizon": 23, "config": {"comeback": {"churn_rate": 0.01}}}, True),
        (MUSIC, {"horizon": 13, "history": 40, "config": {"habit": {"alarm": 0.03}}}, True),
        (VIDEO, {"horizon": 23, "history": 40, "config": {"habit": {"alarm": 0.03}}}, True),
        (STREAM, {"horizon": 23, "num_candidates": 90, "config": {"habit": {"alarm": 0.03}}}, True),
        (FITTED, {"slate_size": 3, "horizon": 23}, True),
        (EVOLUTION, {"slate_size": 3, "horizon": 40, "config": {"time_budget": 100.0}}, True),
        (EXPLORATION, {"slate_size": 3, "horizon": 30, "history": 4}, False),
        (SATISFACTION, {"slate_size": 3, "horizon": 30}, False),
        *[
            (f"driftrec/Sardine-{name}-v0", {"horizon": 7, **observed}, False)
            for name in ("SlateTopK-BoredInf", "SlateRerank-Bored", "SingleItem-BoredInf")
            for observed in OBSERVED
        ],
    ],
    ids=str,
)
def test_lanes_equal_single_environments_bit_for_bit(name, settings, leave, mode):
    lanes = 7
    native = gym.make_vec(name, num_envs=lanes, autoreset_mode=mode, **settings)
    singles = SyncVectorEnv(
        [lambda: gym.make(name, **settings) for _ in range(lanes)], autoreset_mode=AutoresetMode(mode)
    )
    assert_same(native.reset(seed=5), singles.reset(seed=5))
    earned = terminated = truncated = 0
    for slate in slates(native, 120, lanes):
        one, other = native.step(slate), singles.step(slate)
        assert_same(one, other)
        assert {k: v.dtype for k, v in one[0].items()} == {k: v.dtype for k, v in other[0].items()}
        earned, terminated, truncated = earned + one[1].sum(), terminated + one[2].sum(), truncated + one[3].sum()
    assert earned > 0
    assert truncated > 3
    assert (terminated > 3) == leave  # both ways to end were met, where there are both


def test_stepping_imports_neither_a_learning_library_nor_an_original():
    code = (
        "import sys, gymnasium, driftrec.envs\n"
        "for name, size in (('News', 5), ('Shop', 6), ('Sardine-SlateTopK-Bored', 10)):\n"
        "    env = gymnasium.make(f'driftrec/{name}-v0', horizon=5)\n"
        "    env.reset(seed=0); env.step(list(range(size)))\n"
        "    envs = gymnasium.make_vec(f'driftrec/{name}-v0', num_envs=2)\n"
        "    envs.reset(seed=0); envs.step([list(range(size))] * 2)\n"
        "print(sorted({'torch', 'transformers', 'stable_baselines3', 'sardine'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

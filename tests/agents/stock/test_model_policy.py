"""Model files serve: the same slates as the model makes in the environment that it was trained in."""

from dataclasses import replace

import numpy as np
import pytest
from stable_baselines3 import DQN, PPO, SAC

from driftrec.agents.registry import build_policy, builders
from driftrec.agents.stock.sb3 import FlatObservations, ItemNumbers, NearestItems, StockPolicy, StockVecEnv
from driftrec.envs import OneItemLanes, PicksLanes
from driftrec.envs.sb3_bridge import SB3VecEnv

USERS = 12


def small():
    """Arguments of a model; new ones each time, as SAC writes to them."""
    return {"policy_kwargs": {"net_arch": [8]}, "device": "cpu", "seed": 0}


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup(horizon=3, slate_size=3, history=4)


def observed(setup):
    return setup.world.observe(setup.world.reset(np.arange(USERS, dtype=np.uint64)))


def served(setup, name):
    """A policy by its name."""
    policy = build_policy(name, setup.context, {}, builders(setup).loaders)
    policy.reset(USERS, seed=0)
    return policy.act(observed(setup))


def saved(model, folder):
    """The name of a model, saved."""
    model.save(folder / "model.zip")
    return f"sb3:{type(model).__name__}:{folder / 'model.zip'}"


def distinct(slates, setup):
    assert slates.shape == (USERS, setup.slate_size)
    return all(len(set(slate)) == setup.slate_size for slate in slates.tolist())


def test_maskable_ppo_makes_the_slates_of_its_masked_picks(setup, tmp_path):
    contrib = pytest.importorskip("sb3_contrib")
    withheld = np.zeros(1000, np.bool_)
    withheld[::2] = True
    setup = replace(setup, withheld=withheld)
    venv = SB3VecEnv(PicksLanes(setup.envs(USERS), withheld))
    model = contrib.MaskablePPO("MultiInputPolicy", venv, **small())
    seen, picked = observed(setup), np.full((USERS, 3), -1)
    masks = np.tile(~withheld, (USERS, 1))
    for position in range(3):
        now = {**seen, "picked": picked.astype(np.int32)}
        picked[:, position] = model.predict(now, action_masks=masks, deterministic=True)[0]
        masks[np.arange(USERS), picked[:, position]] = False
    slates = served(setup, saved(model, tmp_path))
    np.testing.assert_array_equal(slates, picked)
    assert distinct(slates, setup)
    assert (slates % 2 == 1).all()


@pytest.mark.parametrize("algorithm", ["PPO", "DQN", "QRDQN"])
def test_agents_without_masks_pick_the_best_that_is_left(setup, algorithm, tmp_path):
    library = pytest.importorskip("sb3_contrib" if algorithm == "QRDQN" else "stable_baselines3")
    kind = getattr(library, algorithm)
    buffer = {} if algorithm == "PPO" else {"buffer_size": 10}
    model = kind("MultiInputPolicy", SB3VecEnv(PicksLanes(setup.envs(2))), **small(), **buffer)
    slates = served(setup, saved(model, tmp_path))
    first, _ = model.predict({**observed(setup), "picked": np.full((USERS, 3), -1, np.int32)}, deterministic=True)
    np.testing.assert_array_equal(slates[:, 0], first)
    assert distinct(slates, setup)


def test_dqn_on_one_item(make_setup, tmp_path):
    setup = make_setup(horizon=3, slate_size=1, history=4)
    model = DQN("MultiInputPolicy", SB3VecEnv(OneItemLanes(setup.envs(2))), buffer_size=10, **small())
    expected = model.predict(observed(setup), deterministic=True)[0]
    np.testing.assert_array_equal(served(setup, saved(model, tmp_path))[:, 0], expected)


def test_ppo_on_whole_slates(setup, tmp_path):
    model = PPO("MultiInputPolicy", SB3VecEnv(setup.envs(2)), **small())
    expected = model.predict(observed(setup), deterministic=True)[0]
    slates = served(setup, saved(model, tmp_path))
    np.testing.assert_array_equal(slates, ItemNumbers(setup.context).slates(expected, {}))
    assert distinct(slates, setup)


@pytest.mark.parametrize(("algorithm", "actions"), [(PPO, ItemNumbers), (SAC, NearestItems)])
def test_flat_observations(setup, algorithm, actions, tmp_path):
    flat, meaning = FlatObservations(setup.context), actions(setup.context)
    model = algorithm("MlpPolicy", StockVecEnv(SB3VecEnv(setup.envs(2)), flat, meaning), **small())
    expected = StockPolicy(flat, meaning, model.policy, greedy=True).act(observed(setup))
    np.testing.assert_array_equal(served(setup, saved(model, tmp_path)), expected)


@pytest.fixture(scope="module")
def ppo(setup, tmp_path_factory):
    """The file of a PPO on picks."""
    model = PPO("MultiInputPolicy", SB3VecEnv(PicksLanes(setup.envs(2))), **small())
    return saved(model, tmp_path_factory.mktemp("ppo")).split(":")[2]


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("sb3", ValueError, "'sb3' needs an argument"),
        ("sb3:{ppo}", ValueError, "names no algorithm; write sb3:PPO:{ppo}. Known: A2C"),
        ("sb3:PPPO:{ppo}", ValueError, "write sb3:PPO:{ppo}. Did you mean 'PPO'[?]"),
        ("sb3:PPO:", ValueError, "names no algorithm"),
        ("sb3:RecurrentPPO:{ppo}", ValueError, "Of what remembers make a class of your own"),
        ("sb3:DQN:{ppo}", ValueError, "{ppo} does not fit DQN on this world; give the algorithm, world, slate size"),
        ("sb3:PPO:nowhere.zip", FileNotFoundError, "There is no file nowhere.zip"),
    ],
)
def test_what_cannot_be_served_is_refused_with_the_remedy(setup, ppo, name, error, message):
    with pytest.raises(error, match=message.format(ppo=ppo)):
        served(setup, name.format(ppo=ppo))


@pytest.mark.parametrize(
    ("size", "message"),
    [(2, "does not fit PPO on this world"), (1, "does not fit PPO on this world")],
)
def test_another_slate_size_is_refused(make_setup, ppo, size, message):
    with pytest.raises(ValueError, match=message):
        served(make_setup(horizon=3, slate_size=size, history=4), f"sb3:PPO:{ppo}")


def test_a_model_of_one_item_is_refused_for_slates(make_setup, setup, tmp_path):
    one = make_setup(horizon=3, slate_size=1, history=4)
    name = saved(PPO("MultiInputPolicy", SB3VecEnv(OneItemLanes(one.envs(2))), **small()), tmp_path)
    with pytest.raises(ValueError, match=r"other observations than those of driftrec/News-v0: picked differ"):
        served(setup, name)

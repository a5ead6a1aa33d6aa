"""The news environments: resets, errors, copies."""

import copy
import gc
import os
import pickle
import weakref
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

import driftrec.envs  # noqa: F401  registers the environment
from driftrec.envs import NewsEnv, NewsVectorEnv
from driftrec.envs.catalogues import packaged_catalogue
from driftrec.simulators.catalogue import TEXTS_FILE, save_catalogue
from tests.same import assert_same

LEAVE_AT_ONCE = {"comeback": {"churn_rate": 1000.0, "mean_gap": 1000.0}, "session_end": {"base": 40.0}}
HIGH_DRIFT = {
    "drift": {"walk": 10.0, "jump_rate": 100.0, "jump": 100.0, "towards": 1.0},
    "comeback": {"mean_gap": 1000.0, "churn_rate": 0.0},
    "reading": {"spread": 1.0, "base": 20.0},
}


def slates(steps, lanes=None, slate_size=5, seed=0):
    shape = (steps, slate_size) if lanes is None else (steps, lanes, slate_size)
    return np.random.default_rng(seed).integers(1000, size=shape)


def test_disabled_mode_resets_the_lanes_of_the_mask():
    envs = NewsVectorEnv(4, horizon=3, autoreset_mode="Disabled", config={"comeback": {"churn_rate": 0.0}})
    envs.reset(seed=0)
    for slate in slates(3, 4):
        last, _, _, truncated, _ = envs.step(slate)
    assert truncated.all()
    with pytest.raises(gym.error.ResetNeeded, match=r"Lanes \[0, 1, 2, 3\] are over; call reset"):
        envs.step(slates(1, 4)[0])
    mask = np.array([True, False, True, False])
    fresh, info = envs.reset(options={"reset_mask": mask})
    np.testing.assert_array_equal(info["_interest"], mask)
    np.testing.assert_array_equal(fresh["clock"][mask], [[0, 1, 0, 0]] * 2)
    assert_same({k: v[~mask] for k, v in fresh.items()}, {k: v[~mask] for k, v in last.items()})
    with pytest.raises(gym.error.ResetNeeded, match=r"Lanes \[1, 3\] are over"):
        envs.step(slates(1, 4)[0])
    envs.reset(options={"reset_mask": ~mask})
    assert not envs.step(slates(1, 4)[0])[3].any()


@pytest.mark.parametrize("mask", [[True, False], np.array([1, 0]), np.array([True])])
def test_a_wrong_reset_mask_is_refused(mask):
    envs = NewsVectorEnv(2, horizon=3, autoreset_mode="Disabled")
    envs.reset(seed=0)
    with pytest.raises(ValueError, match=r"must be a bool array of shape \(2,\)"):
        envs.reset(options={"reset_mask": mask})


def test_observations_stay_inside_the_space_under_high_drift():
    env = NewsEnv(horizon=200, config=HIGH_DRIFT)
    for step, slate in enumerate(slates(2000)):
        if step % 200 == 0:
            observation, _ = env.reset(seed=step)
            assert env.observation_space.contains(observation)
        observation, reward, _, _, info = env.step(slate)
        assert env.observation_space.contains(observation), step
        assert np.isfinite(reward)
        assert np.isfinite(info["interest"]).all()


def test_vector_observations_stay_inside_the_space():
    envs = NewsVectorEnv(20, horizon=30, config=HIGH_DRIFT, autoreset_mode="SameStep")
    assert envs.observation_space.contains(envs.reset(seed=0)[0])
    for slate in slates(100, 20):
        assert envs.observation_space.contains(envs.step(slate)[0])


@pytest.mark.parametrize("make", [lambda: NewsEnv(), lambda: NewsVectorEnv(3)], ids=["single", "vector"])
def test_observations_are_copies(make):
    env, twin = make(), make()
    lanes = getattr(env, "num_envs", None)
    spoil(*env.reset(seed=1))
    twin.reset(seed=1)
    for slate in slates(20, lanes):
        held, *_, info = env.step(slate)
        kept = copy.deepcopy((held, info))
        spoil(held, info)
        told = twin.step(slate)
        assert_same((told[0], told[-1]), kept)


def spoil(*parts):
    """Overwrite all arrays of observations and infos."""
    for value in [value for part in parts for value in part.values()]:
        if isinstance(value, np.ndarray):
            value[...] = 1


@pytest.mark.parametrize(
    ("action", "error", "message"),
    [
        ([0, 1, 2, 3, 1000], ValueError, "position 4: item 1000 does not exist; items are 0 to 999"),
        ([0, 1, 2, 3, -1], ValueError, "item -1 does not exist"),
        ([0, 1, 2, 3], ValueError, r"The slate has shape \(4,\); expected \(slate_size,\) = \(5,\)\."),
        ([[0, 1, 2, 3, 4]], ValueError, r"The slate has shape \(1, 5\); expected \(slate_size,\) = \(5,\)\."),
        (3, ValueError, r"The slate has shape \(\); expected \(slate_size,\) = \(5,\)\."),
        ([0.0, 1, 2, 3, 4], TypeError, "must be integers"),
        (None, TypeError, "must be integers"),
    ],
)
def test_wrong_actions_are_refused_and_change_nothing(action, error, message):
    env, twin = NewsEnv(), NewsEnv()
    env.reset(seed=0)
    twin.reset(seed=0)
    with pytest.raises(error, match=message):
        env.step(action)
    slate = slates(1)[0]
    assert_same(env.step(slate), twin.step(slate))


@pytest.mark.parametrize("make", [lambda: NewsEnv(), lambda: NewsVectorEnv(2)], ids=["single", "vector"])
def test_stepping_before_reset_is_refused(make):
    env = make()
    with pytest.raises(gym.error.ResetNeeded, match=r"call reset\(\) before step"):
        env.step(slates(1, getattr(env, "num_envs", None))[0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"horizon": None, "config": {"comeback": {"churn_rate": 0}}}, "No episode could ever end"),
        ({"horizon": 0}, "horizon is 0; it must be at least 1"),
        ({"slate_size": 1001}, "slate_size is 1001"),
        ({"config": {"drfit": {}}}, "Did you mean 'drift'"),
    ],
)
@pytest.mark.parametrize("make", [NewsEnv, NewsVectorEnv])
def test_wrong_settings_are_refused(make, settings, message):
    with pytest.raises(ValueError, match=message):
        make(**settings)


def test_wrong_vector_settings_are_refused():
    with pytest.raises(ValueError, match="autoreset_mode is 'Never'; it must be one of 'NextStep'"):
        NewsVectorEnv(2, autoreset_mode="Never")
    with pytest.raises(ValueError, match="num_envs is 0"):
        NewsVectorEnv(0)
    with pytest.raises(ValueError, match="3 seeds for 2 lanes"):
        NewsVectorEnv(2).reset(seed=[1, 2, 3])


def test_a_missing_catalogue_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"is not a catalogue folder: it has no catalogue\.json"):
        NewsEnv(catalogue=str(tmp_path))


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))], ids=["copy", "pickle"])
@pytest.mark.parametrize("make", [lambda: NewsEnv(horizon=9), lambda: NewsVectorEnv(3, horizon=9)])
def test_clones_go_on_alike_and_apart(make, clone):
    env = make()
    lanes = getattr(env, "num_envs", None)
    env.reset(seed=4)
    for slate in slates(5, lanes):
        env.step(slate)
    twin = clone(env)
    expected = [env.step(slate) for slate in slates(4, lanes, seed=1)]
    for one, slate in zip(expected, slates(4, lanes, seed=1), strict=True):
        assert_same(one, twin.step(slate))


@pytest.mark.parametrize(
    ("config", "steps", "terminated"),
    [(LEAVE_AT_ONCE, 1, True), ({"comeback": {"churn_rate": 0.0}}, 4, False)],
    ids=["left in the last step", "horizon"],
)
def test_an_episode_is_terminated_or_truncated_never_both(config, steps, terminated):
    env = NewsEnv(horizon=steps, config=config)
    env.reset(seed=0)
    ends = [env.step(slate)[2:4] for slate in slates(steps)]
    assert ends[:-1] == [(False, False)] * (steps - 1)
    assert ends[-1] == (terminated, not terminated)
    with pytest.raises(gym.error.ResetNeeded, match="The episode is over"):
        env.step(slates(1)[0])


def test_resets_bring_the_same_row_of_users_for_the_same_seed():
    env = NewsEnv(horizon=5)
    first = [env.reset(seed=8)[1]["interest"], *[env.reset()[1]["interest"] for _ in range(3)]]
    again = [env.reset(seed=8)[1]["interest"], *[env.reset()[1]["interest"] for _ in range(3)]]
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first, axis=0)) == 4


@pytest.mark.parametrize("make", [lambda: NewsEnv(), lambda: NewsVectorEnv(3)], ids=["single", "vector"])
def test_without_a_seed_every_environment_meets_users_of_its_own(make):
    interests = [make().reset()[1]["interest"].reshape(-1, 16) for _ in range(3)]
    rows = np.concatenate(interests)
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_none_in_a_list_of_seeds_keeps_that_lanes_seed():
    envs, twin = NewsVectorEnv(3), NewsVectorEnv(3)
    envs.reset(seed=[10, 11, 12])
    _, info = envs.reset(seed=[20, None, 22])
    twin.reset(seed=[20, 11, 22])
    second = twin.reset()[1]["interest"]  # lane 1 goes on to its second user
    first = twin.reset(seed=[20, 11, 22])[1]["interest"]
    np.testing.assert_array_equal(info["interest"], [first[0], second[1], first[2]])


@pytest.fixture
def folder(tmp_path):
    save_catalogue(tmp_path / "folder", *packaged_catalogue(), {})
    return tmp_path / "folder"


def test_a_folder_is_shared_by_all_who_read_it_however_they_call_it(folder, monkeypatch):
    env = NewsEnv(catalogue=str(folder))
    monkeypatch.chdir(folder.parent)
    for other in (NewsEnv(catalogue="folder"), NewsVectorEnv(2, catalogue=f"{folder}/../folder")):
        assert other.world.catalogue is env.world.catalogue
        assert other.world.personas is env.world.personas


def test_a_changed_folder_is_read_again(folder):
    env = NewsEnv(catalogue=str(folder))
    items, personas = packaged_catalogue()
    stamp = (folder / TEXTS_FILE).stat()
    save_catalogue(folder, replace(items, titles=("X" + items.titles[0][1:], *items.titles[1:])), personas, {})
    os.utime(folder / TEXTS_FILE, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # same length, same time
    assert NewsEnv(catalogue=str(folder)).world.catalogue.titles[0][0] == "X"
    assert env.world.catalogue.titles == items.titles


def test_what_nobody_holds_is_forgotten(folder):
    env = NewsEnv(catalogue=str(folder))
    kept = weakref.ref(env.world.catalogue)
    del env
    gc.collect()
    assert kept() is None
    assert NewsEnv(catalogue=str(folder)).world.num_items == 1000

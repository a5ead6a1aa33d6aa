"""Slates picked item by item are the slate environment's: same users, rewards, ends and observations."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_env_sb3
from stable_baselines3.common.vec_env import DummyVecEnv

from driftrec.envs import InterestEvolutionEnv, NewsEnv, NewsVectorEnv, Picks, PicksLanes
from driftrec.envs.sb3_bridge import SB3VecEnv

LANES, SIZE = 4, 3
WORLD = {"slate_size": SIZE, "horizon": 7, "config": {"comeback": {"churn_rate": 0.1}}}
"""Both ways to end are met: the tests below count them."""


def slates(steps):
    """Random ones, some with repeats, (steps, lanes, slate_size)."""
    return np.random.default_rng(0).integers(20, size=(steps, LANES, SIZE))


def lanes(**changes):
    return NewsVectorEnv(LANES, autoreset_mode="SameStep", **WORLD, **changes)


def same(seen, expected):
    """Equal but for the slate so far."""
    assert set(seen) == {*expected, "picked"}
    for name, value in expected.items():
        np.testing.assert_array_equal(seen[name], value, err_msg=name)


def test_one_users_picks_equal_the_slate_environment():
    picks, env = Picks(NewsEnv(**WORLD)), NewsEnv(**WORLD)
    first, expected = picks.reset(seed=3), env.reset(seed=3)
    same(first[0], expected[0])
    keys, ends = set(expected[1]), []
    for slate in slates(60)[:, 0]:
        for position, item in enumerate(slate[:-1]):
            seen, reward, terminated, truncated, info = picks.step(item)
            assert (reward, terminated, truncated) == (0.0, False, False)
            assert seen["picked"].tolist() == [*slate[: position + 1], *[-1] * (SIZE - position - 1)]
            assert set(info) == keys
            assert not np.any(info["engagement"])
            assert picks.observation_space.contains(seen)
        seen, *rest, info = picks.step(slate[-1])
        expected, *others, told = env.step(slate)
        same(seen, expected)
        assert rest == others
        assert info.keys() == told.keys()
        assert (seen["picked"] == -1).all()
        if others[1] or others[2]:
            ends.append(others[1])
            picks.reset()
            env.reset()
    assert set(ends) == {True, False}


@pytest.mark.parametrize("through", ["native", "bridge", "DummyVecEnv"])
def test_lanes_of_picks_equal_the_slate_environment(through):
    envs, seeds = SB3VecEnv(lanes()), list(range(20, 20 + LANES))
    if through == "DummyVecEnv":
        picks = DummyVecEnv([lambda: Picks(NewsEnv(**WORLD))] * LANES)
    else:
        picks = SB3VecEnv(PicksLanes(lanes()))
    for each in (envs, picks):
        each._seeds = seeds
    if through == "native":
        picks, seed = picks.envs, seeds
        first = picks.reset(seed=seed)[0]
    else:
        first = picks.reset()
    same(first, envs.reset())
    ends = set()
    for batch in slates(40):
        for position in range(SIZE - 1):
            seen, rewards, *dones, _ = picks.step(batch[:, position])
            assert not rewards.any()
            assert not np.any(dones)
            np.testing.assert_array_equal(seen["picked"][:, : position + 1], batch[:, : position + 1])
        seen, rewards, *dones, infos = picks.step(batch[:, -1])
        expected, others, over, told = envs.step(batch)
        same(seen, expected)
        np.testing.assert_array_equal(np.float32(rewards), others)
        np.testing.assert_array_equal(np.any(dones, axis=0), over)
        for lane in np.flatnonzero(over):
            ends.add(told[lane]["TimeLimit.truncated"])
            last = infos["final_obs"][lane] if through == "native" else infos[lane]["terminal_observation"]
            same(last, told[lane]["terminal_observation"])
            assert (last["picked"] == -1).all()
    assert ends == {True, False}


def test_masks_leave_out_what_the_slate_holds_and_what_is_withheld():
    withheld = np.zeros(1000, np.bool_)
    withheld[[5, 6]] = True
    env, many = Picks(NewsEnv(**WORLD), withheld), PicksLanes(lanes(), withheld)
    env.reset(seed=0)
    many.reset(seed=0)
    free = set(range(1000)) - {5, 6}
    taken = []
    for item in (9, 4):
        env.step(item)
        many.step(np.arange(LANES) + item * 10)
        taken.append(item)
        assert set(np.flatnonzero(env.action_masks())) == free - set(taken)
        for lane, mask in enumerate(many.action_masks()):
            assert set(np.flatnonzero(mask)) == free - {each * 10 + lane for each in taken}
    env.step(0)
    assert set(np.flatnonzero(env.action_masks())) == free  # the next slate


def test_nobody_changes_what_is_kept_by_writing_to_what_came_out():
    one, other = Picks(NewsEnv(**WORLD)), Picks(NewsEnv(**WORLD))
    seen, info = one.reset(seed=1)
    other.reset(seed=1)
    for item in (3, 1, 4, 1, 5):
        for array in (*seen.values(), *info.values()):
            if isinstance(array, np.ndarray):
                array[:] = 0
        seen, *rest, info = one.step(item)
        expected, *others, _ = other.step(item)
        same(seen, {name: value for name, value in expected.items() if name != "picked"})
        assert rest == others


def flags(*shape, dtype=np.bool_):
    return np.ones(shape, dtype)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Picks(NewsEnv(), flags(1000)), ValueError, "0 items may be shown in slates of 5; withhold fewer"),
        (lambda: Picks(NewsEnv(), ~flags(7)), ValueError, r"withheld has shape \(7,\); expected .* \(1000,\)"),
        (lambda: Picks(NewsEnv(), flags(1000, dtype=np.int64)), TypeError, "withheld is int64; it must be bool"),
        (lambda: Picks(InterestEvolutionEnv(), ~flags(10)), ValueError, "Items on offer change"),
        (lambda: PicksLanes(NewsVectorEnv(2)), ValueError, "needs autoreset_mode='SameStep', not 'NextStep'"),
    ],
)
def test_what_cannot_be_picked_from_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("picked", "error", "message"),
    [
        (1.5, TypeError, "must be integers .* not float64; convert"),
        (True, TypeError, "not bool"),
        (1000, ValueError, "User 0, position 1: item 1000 does not exist; items are 0 to 999"),
        (-1, ValueError, "User 0, position 1: item -1 does not exist"),
        ([1, 2], ValueError, r"Picks have shape \(1, 2\); expected one item a user, \(1,\)"),
        (7, ValueError, r"User 0 is to see item 7, which is withheld; ask action_masks\(\) first"),
    ],
)
def test_wrong_picks_are_refused_and_change_nothing(picked, error, message):
    env = Picks(NewsEnv(**WORLD), np.arange(1000) == 7)
    env.reset(seed=0)
    env.step(2)
    with pytest.raises(error, match=message):
        env.step(picked)
    assert env.step(3)[0]["picked"].tolist() == [2, 3, -1]


def test_steps_out_of_turn_are_refused():
    env, many = Picks(NewsEnv(**{**WORLD, "horizon": 1})), PicksLanes(lanes())
    for each, action in ((env, 0), (many, np.zeros(LANES, int))):
        with pytest.raises(gym.error.ResetNeeded, match=r"call reset\(\) before step\(\)"):
            each.step(action)
    env.reset(seed=0)
    for item in range(SIZE):
        env.step(item)
    with pytest.raises(gym.error.ResetNeeded):
        env.step(0)
    with pytest.raises(ValueError, match="would leave lanes at different picks"):
        many.reset(options={"reset_mask": np.ones(LANES, np.bool_)})


def test_checkers_are_content_and_a_spec_makes_it_again(recwarn):
    env = Picks(gym.make("driftrec/News-v0", **WORLD), withheld=None)
    check_env(env, skip_render_check=True)
    check_env_sb3(env)
    assert isinstance(gym.make(env.spec), Picks)


def test_maskable_ppo_is_served_its_masks():
    contrib = pytest.importorskip("sb3_contrib")
    utils = pytest.importorskip("sb3_contrib.common.maskable.utils")
    venv = SB3VecEnv(PicksLanes(lanes()))
    assert utils.is_masking_supported(venv)
    model = contrib.MaskablePPO("MultiInputPolicy", venv, n_steps=SIZE, batch_size=SIZE * LANES, n_epochs=1, seed=0)
    model.learn(SIZE * LANES)
    seen, slate = venv.reset(), []
    for _ in range(SIZE):
        actions, _ = model.predict(seen, action_masks=utils.get_action_masks(venv))
        slate.append(actions)
        seen = venv.step(actions)[0]
    assert all(len(set(row)) == SIZE for row in np.stack(slate, axis=1).tolist())


def test_masks_leave_out_what_was_read_last():
    env = Picks(NewsEnv(slate_size=SIZE), unread=True)
    lanes_of = PicksLanes(NewsVectorEnv(2, autoreset_mode="SameStep", slate_size=SIZE), unread=True)
    seen, _ = env.reset(seed=7)
    lanes_of.reset(seed=[7, 8])
    read = set()
    for step in range(60):
        mask = env.action_masks()
        np.testing.assert_array_equal(lanes_of.action_masks()[0], mask)
        read |= set(seen["read_items"][seen["read_items"] >= 0].tolist())
        out = {item for item in seen["read_items"].tolist() if item >= 0} | set(seen["picked"][seen["picked"] >= 0])
        assert set(np.flatnonzero(~mask)) == out
        pick = int(np.flatnonzero(mask)[(step * 37) % mask.sum()])
        seen, *_ = env.step(pick)
        lanes_of.step(np.array([pick, pick]))
    assert read  # else nothing was tried


def test_who_has_read_nearly_all_may_see_it_again():
    env = Picks(gym.make("driftrec/Video-v0"), unread=True)
    env.reset(seed=0)
    observation, info = env._last
    items = env.action_space.n
    left = items - env.unwrapped.world.slate_size
    for many, allowed in ((left, items - left), (left + 1, items)):
        env._last = {**observation, "read_items": np.arange(many)}, info
        assert env.action_masks().sum() == allowed


def test_items_on_offer_are_masked_by_their_place():
    env = Picks(gym.make("driftrec/NewsStream-v0"), unread=True)
    seen, info = env.reset(seed=0)
    env._last = {**seen, "read_items": seen["candidates"][[4, 9]]}, info
    assert np.flatnonzero(~env.action_masks()).tolist() == [4, 9]


def test_unread_needs_to_be_told():
    with pytest.raises(ValueError, match="Observations of this world hold no read_items"):
        Picks(InterestEvolutionEnv(), unread=True)

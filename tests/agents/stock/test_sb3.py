"""The wrappers that put stock algorithms on a world."""

from dataclasses import replace

import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3 import A2C, PPO, SAC, TD3

from driftrec.agents.stock.sb3 import (
    FlatObservations,
    ItemNumbers,
    NearestItems,
    StockPolicy,
    StockVecEnv,
    drawn_actions,
)
from driftrec.agents.stock.stock_training import StockPPOSettings, StockSACSettings, build_stock
from driftrec.envs.sb3_bridge import SB3VecEnv
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.vectors import unit


@pytest.fixture(scope="module")
def setup(make_setup):
    return make_setup(horizon=3)


def wrapped(setup, actions, lanes=8):
    venv = StockVecEnv(SB3VecEnv(setup.envs(lanes)), FlatObservations(setup.context, count=10), actions)
    venv.seed(0)
    return venv


def test_spaces(setup):
    numbers = wrapped(setup, ItemNumbers(setup.context))
    assert numbers.observation_space.shape == (2 * 10 + 4,)
    assert numbers.action_space == spaces.MultiDiscrete([1000] * 5)
    assert wrapped(setup, NearestItems(setup.context, 7)).action_space == spaces.Box(-1, 1, (7,), np.float32)
    few = FlatObservations(setup.context, count=64)  # embeddings have 24 dimensions
    assert few.dims == 48


@pytest.mark.parametrize("actions", [ItemNumbers, NearestItems])
def test_observations_are_in_their_space_and_move(setup, actions):
    venv = wrapped(setup, actions(setup.context))
    venv.action_space.seed(0)
    seen = [venv.reset()]
    ends = 0
    for _ in range(6):
        observation, _, dones, infos = venv.step(np.stack([venv.action_space.sample() for _ in range(8)]))
        seen.append(observation)
        for lane in np.flatnonzero(dones):
            ends += 1
            last = infos[lane]["terminal_observation"]
            assert venv.observation_space.contains(last)
            assert not np.array_equal(last, observation[lane])  # another user has come
    assert ends >= 8
    assert all(venv.observation_space.contains(row) for observation in seen for row in observation)
    assert (seen[1][:, 10:20] != 0).any()  # reads


def test_the_vector_holds_persona_reads_and_clock(setup):
    flat = FlatObservations(setup.context, count=24, half_life=2.0)
    observation = {
        "persona": np.array([[3]], np.int32),
        "read_items": np.array([[-1, 7, 8]], np.int32),
        "read_age": np.array([[0.0, 3.0, 1.0]], np.float32),
        "clock": np.array([[0.0, 1.0, 2.0, 3.0]], np.float32),
    }
    (vector,) = flat(observation)
    (other,) = flat({**observation, "persona": np.array([[4]], np.int32)})
    (nothing,) = flat({**observation, "read_items": np.full((1, 3), -1, np.int32)})
    (seven, eight) = (
        flat({**observation, "read_items": np.array([[-1, item, -1]], np.int32)})[0, 24:48] for item in (7, 8)
    )
    np.testing.assert_allclose(vector[24:48], (seven + 2 * eight) / 3, atol=1e-5)  # two hours younger counts twice
    assert not np.allclose(vector[:24], other[:24])
    np.testing.assert_array_equal(vector[24:], other[24:])
    np.testing.assert_array_equal(nothing[24:48], 0)
    np.testing.assert_allclose(vector[48:], np.log1p([0, 1, 2, 3]), rtol=1e-6)


def test_components_keep_inner_products_and_have_variance_1(setup):
    flat = FlatObservations(setup.context, count=24)
    rows = unit(setup.context.item_embeddings - setup.context.item_embeddings.mean(axis=0))
    items = flat._items
    assert items.std() == pytest.approx(1.0, rel=1e-3)
    cosines = items @ items.T
    np.testing.assert_allclose(cosines / cosines[0, 0], rows @ rows.T, atol=1e-4)


def test_a_repeated_item_gives_way_to_the_next_free_number(setup):
    given = [[1, 1, 1, 2, 3], [999, 999, 0, 0, 5], [5, 4, 5, 4, 6], [1, 2, 3, 4, 5]]
    shown = ItemNumbers(setup.context).slates(np.array(given), {})
    assert shown.tolist() == [[1, 2, 3, 4, 5], [999, 0, 1, 2, 5], [5, 4, 6, 7, 8], [1, 2, 3, 4, 5]]
    small = replace(setup.context, item_embeddings=setup.context.item_embeddings[:5])
    assert sorted(ItemNumbers(small).slates(np.full((1, 5), 4), {})[0].tolist()) == [0, 1, 2, 3, 4]


def test_the_nearest_unread_items_fill_the_slate(setup):
    actions = NearestItems(setup.context, 24)
    observation = setup.world.observe(setup.world.reset(np.arange(2, dtype=np.uint64)))
    wanted = actions._items[[7, 11]]
    slates = actions.slates(wanted, observation)
    assert slates[:, 0].tolist() == [7, 11]
    near = np.sort(wanted @ actions._items.T, axis=1)[:, ::-1]
    np.testing.assert_allclose(np.take_along_axis(wanted @ actions._items.T, slates, axis=1), near[:, :5])
    read = observation["read_items"].copy()
    read[0, 0] = 7
    again = actions.slates(wanted, {**observation, "read_items": read})
    assert again[0, 0] == slates[0, 1]
    assert again[1].tolist() == slates[1].tolist()


def test_a_step_before_reset_is_refused(setup):
    with pytest.raises(RuntimeError, match=r"step was called before reset\(\)"):
        wrapped(setup, ItemNumbers(setup.context)).step(np.zeros((8, 5), int))


@pytest.mark.parametrize(
    ("algorithm", "actions", "words"),
    [(A2C, ItemNumbers, {"n_steps": 2}), (TD3, NearestItems, {"learning_starts": 8, "buffer_size": 100})],
)
def test_other_algorithms_learn_on_the_world_as_documented(setup, algorithm, actions, words):
    venv = wrapped(setup, actions(setup.context))
    model = algorithm("MlpPolicy", venv, seed=0, device="cpu", **words).learn(32)
    policy = StockPolicy(venv.flat, venv.actions, model.policy, greedy=True)
    observation = setup.world.observe(setup.world.reset(np.arange(30, dtype=np.uint64)))
    assert all(len(set(slate)) == 5 for slate in policy.act(observation).tolist())


@pytest.mark.parametrize(
    "settings", [StockPPOSettings(lanes=4, rollout=4, batch_size=16), StockSACSettings(lanes=4, memory=100)]
)
@pytest.mark.parametrize("greedy", [True, False])
def test_slates_are_distinct_and_draws_come_from_the_seed(setup, settings, greedy):
    model = build_stock(setup, settings, seed=0)
    policy = StockPolicy(FlatObservations(setup.context), settings.actions(setup.context), model.policy, greedy)
    observation = setup.world.observe(setup.world.reset(np.arange(30, dtype=np.uint64)))

    def acted(seed):
        policy.reset(30, seed)
        return policy.act(observation), policy.act(observation)

    first, second = acted(1)
    assert first.dtype == np.int64
    assert all(len(set(slate)) == 5 for slate in first.tolist())
    assert (first == second).all() == greedy
    np.testing.assert_array_equal(acted(1), (first, second))
    assert (acted(2)[0] == first).all() == greedy
    assert not (first[..., None] == observation["read_items"][:, None]).any()


@pytest.mark.parametrize(
    ("algorithm", "actions"), [(PPO, ItemNumbers), (PPO, NearestItems), (SAC, NearestItems), (TD3, NearestItems)]
)
def test_a_users_draws_do_not_depend_on_how_many_are_served(setup, algorithm, actions):
    venv = wrapped(setup, actions(setup.context))
    policy = StockPolicy(venv.flat, venv.actions, algorithm("MlpPolicy", venv, device="cpu").policy, greedy=False)

    def acted(users):
        policy.reset(users, 1)
        state = setup.world.reset(np.arange(users, dtype=np.uint64))
        return [policy.act(setup.world.observe(state)) for _ in range(2)]

    for few, many in zip(acted(5), acted(40), strict=True):
        np.testing.assert_array_equal(few, many[:5])


def test_draws_have_the_chances_of_the_network(setup):
    """Over 40,000 draws a share differs from its chance by less than five standard errors."""
    venv = wrapped(setup, ItemNumbers(setup.context))
    network = PPO("MlpPolicy", venv, device="cpu", seed=0).policy
    row = venv.reset()[:1]
    chances = network.get_distribution(network.obs_to_tensor(row)[0]).distribution[2].probs[0].detach().numpy()
    draws = drawn_actions(network, np.repeat(row, 40_000, axis=0), np.random.default_rng(0))[:, 2]
    for items in (slice(0, 1), slice(0, 500), slice(990, 1000)):
        chance = chances[items].sum()
        share = np.isin(draws, np.arange(1000)[items]).mean()
        assert abs(share - chance) < 5 * np.sqrt(chance * (1 - chance) / 40_000)


def test_gaussian_draws_have_the_mean_and_deviation_of_the_network(setup):
    """Over 40,000 draws, within five standard errors."""
    venv = wrapped(setup, NearestItems(setup.context, 4))
    network = SAC("MlpPolicy", venv, device="cpu", seed=0).policy
    row = venv.reset()[:1]
    mean, log_std, _ = network.actor.get_action_dist_params(network.obs_to_tensor(row)[0])
    draws = np.arctanh(
        drawn_actions(network, np.repeat(row, 40_000, axis=0), np.random.default_rng(0)).clip(-0.9999, 0.9999)
    )
    deviation = log_std.exp().detach().numpy()[0]
    assert (abs(draws.mean(axis=0) - mean.detach().numpy()[0]) < 5 * deviation / 200).all()
    assert (abs(draws.std(axis=0) / deviation - 1) < 5 / np.sqrt(80_000)).all()


def test_users_of_training_are_met_nowhere_else(setup):
    model = build_stock(setup, StockPPOSettings(lanes=4, rollout=4, batch_size=16), seed=5)
    own, _ = setup.envs(4).reset(seed=user_seeds(5, "training", 4).tolist())
    np.testing.assert_array_equal(model.env.reset(), FlatObservations(setup.context)(own))


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        (StockPPOSettings, {"rollout": 1}, "StockPPOSettings.rollout is 1; it must be between 2"),
        (StockPPOSettings, {"gamma": 2.0}, "StockPPOSettings.gamma is 2.0"),
        (StockSACSettings, {"components": 0}, "StockSACSettings.components is 0"),
        (StockSACSettings, {"lanes": 0}, "StockSACSettings.lanes is 0"),
    ],
)
def test_settings_out_of_range_are_named(kind, changes, message):
    with pytest.raises(ValueError, match=message):
        kind(**changes)

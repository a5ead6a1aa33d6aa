"""The news world as a whole: determinism, slates, history, live settings and refusals."""

import copy
import dataclasses
import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from driftrec.envs.catalogues import packaged_catalogue
from driftrec.envs.news import news_world
from driftrec.simulators.news import NewsWorld
from driftrec.simulators.news_config import NewsConfig
from driftrec.simulators.settings import updated
from driftrec.simulators.world import check_slates
from tests.same import assert_same
from tests.simulators.lives import nested, one_by_one, trajectory

WORLD = news_world()
USERS, STEPS = 300, 60
SEEDS = np.arange(USERS, dtype=np.uint64)
ROOT = Path(__file__).parents[2]


def random_slates(items=1000, steps=STEPS, users=USERS, slate_size=5):
    return np.random.default_rng(7).integers(items, size=(steps, users, slate_size))


def digest():
    whole = trajectory(WORLD, SEEDS[:40], random_slates()[:, :40])
    return hashlib.sha256(b"".join(np.ascontiguousarray(v).tobytes() for v in whole.values())).hexdigest()


@pytest.fixture(scope="module")
def batch():
    return trajectory(WORLD, SEEDS, random_slates())


@pytest.mark.parametrize("user", [0, 17, 123, 299])
def test_a_user_alone_lives_the_same_life_as_in_a_batch(batch, user):
    alone = trajectory(WORLD, SEEDS[user : user + 1], random_slates()[:, user : user + 1])
    assert_same(alone, {name: value[:, user : user + 1] for name, value in batch.items()})


def test_the_order_of_users_changes_nothing(batch):
    order = np.random.default_rng(0).permutation(USERS)
    permuted = trajectory(WORLD, SEEDS[order], random_slates()[:, order])
    assert_same(permuted, {name: value[:, order] for name, value in batch.items()})


def test_another_process_computes_the_same_bits():
    done = subprocess.run([sys.executable, "-m", __name__], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest()


def test_other_seeds_give_other_users(batch):
    other = trajectory(WORLD, SEEDS + np.uint64(USERS), random_slates())
    assert (other["interest"][0] != batch["interest"][0]).any(axis=1).all()


def test_slates_are_opened_as_often_as_the_appraisal_says():
    """The differences between a click and its chance are uncorrelated over users and steps."""
    state, clicks, chances = WORLD.reset(SEEDS), [], []
    for slate in random_slates():
        view, here = WORLD.appraise(state), ~state.gone
        first = np.array([[item not in row[:k] for k, item in enumerate(row)] for row in slate.tolist()])
        weight = (np.take_along_axis(view.attraction, slate, axis=1) * view.positions * first).sum(axis=1)
        chances.append((weight / (weight + view.no_click))[here])
        clicks.append(WORLD.step(state, slate).clicks.any(axis=1)[here])
    chance, clicked = np.concatenate(chances).astype(float), np.concatenate(clicks)
    error = np.sqrt((chance * (1 - chance)).sum())
    assert abs(clicked.sum() - chance.sum()) < 4 * error
    assert clicked.sum() > 1000  # else the bound is wide


def test_engagement_is_where_the_clicks_are(batch):
    assert batch["clicks"].sum(axis=2).max() == 1
    assert ((batch["engagement"] > 0) == batch["clicks"]).all()


def test_repeats_in_a_slate_are_empty_positions():
    state = WORLD.reset(SEEDS)
    slates = np.tile([3, 3, 8, 3, 8], (USERS, 1))
    feedback = WORLD.step(state, slates)
    assert not feedback.clicks[:, [1, 3, 4]].any()
    assert feedback.clicks[:, [0, 2]].any()
    np.testing.assert_array_equal(WORLD.observe(state)["shown"][:, -5:], np.tile([3, -1, 8, -1, -1], (USERS, 1)))


def test_gone_users_earn_nothing_and_see_nothing():
    world = news_world(config={"comeback": {"churn_rate": 1000.0}, "session_end": {"base": 40.0}})
    state = world.reset(SEEDS)
    assert world.step(state, random_slates()[0]).left.all()
    before = {**world.reveal(state), "clock": world.observe(state)["clock"]}
    for slate in random_slates()[1:20]:
        feedback = world.step(state, slate)
        for name, value in feedback.as_info().items():
            assert not value.any(), name
        assert (world.observe(state)["shown"][:, -5:] == -1).all()
    for name, value in {**world.reveal(state), "clock": world.observe(state)["clock"]}.items():
        if name != "interest":  # scaled to length 1 again, which may move its last bit
            np.testing.assert_array_equal(value, before[name], err_msg=name)
        np.testing.assert_allclose(value, before[name], atol=1e-6, err_msg=name)


def test_clocks_stop_at_the_bound_of_the_observation_space():
    endless = {"churn_rate": 0.0, "mean_gap": 1e6, "max_gap": 1e6}
    world = news_world(config={"comeback": endless, "session_end": {"base": 40.0}})
    state = world.reset(SEEDS)
    for slate in random_slates()[:20]:
        world.step(state, slate)
    seen = world.observe(state)
    assert (seen["clock"][:, 0] == world.fields["clock"].high).any()
    for name in ("clock", "age"):
        assert seen[name].min() >= world.fields[name].low
        assert seen[name].max() <= world.fields[name].high


@pytest.mark.parametrize("look", ["observe", "reveal"])
def test_what_is_returned_are_copies(look):
    state = WORLD.reset(SEEDS)
    WORLD.step(state, random_slates()[0])
    first = getattr(WORLD, look)(state)
    kept = copy.deepcopy(first)
    for value in first.values():
        value[:] = 1
    assert_same(getattr(WORLD, look)(state), kept)
    second = getattr(WORLD, look)(state)
    WORLD.step(state, random_slates()[1])
    assert_same(second, kept)


@pytest.mark.parametrize(("slate_size", "history"), [(5, 50), (3, 7), (4, 2)])
def test_the_history_window_over_many_rewinds(slate_size, history):
    world = news_world(slate_size=slate_size, history=history)
    users, steps = 6, 16 * slate_size + 20
    slates = random_slates(steps=steps, users=users, slate_size=slate_size)
    state = world.reset(SEEDS[:users])
    record = [np.full((users, history), -1), np.zeros((users, history)), np.zeros((users, history))]
    shown_at = np.zeros((users, history), np.float32)
    for slate in slates:
        gone = state.gone.copy()
        shown_at = np.hstack([shown_at, np.repeat(state.clock[:, :1], slate_size, axis=1)])
        feedback = world.step(state, slate)
        first = np.array([[x not in row[:k] for k, x in enumerate(row)] for row in slate.tolist()])
        items = np.where(first & ~gone[:, None], slate, -1)
        new = items, feedback.clicks, feedback.engagement
        record = [np.hstack([old, column]) for old, column in zip(record, new, strict=True)]
        seen = world.observe(state)
        for name, column in zip(("shown", "clicked", "engagement"), record, strict=True):
            np.testing.assert_array_equal(seen[name], column[:, -history:], err_msg=name)
        age = np.where(seen["shown"] < 0, 0, state.clock[:, :1] - shown_at[:, -history:])
        np.testing.assert_array_equal(seen["age"], age)


def test_expected_engagement_touches_no_state():
    state = WORLD.reset(SEEDS)
    for slate in random_slates()[:5]:
        WORLD.step(state, slate)
    twin = copy.deepcopy(state)
    expected = WORLD.expected_engagement(state)
    assert expected.shape == (USERS, 1000)
    for field in dataclasses.fields(state):
        if field.name not in ("read", "history"):
            np.testing.assert_array_equal(getattr(state, field.name), getattr(twin, field.name), err_msg=field.name)
    slate = random_slates()[5]
    assert_same(WORLD.step(state, slate).as_info(), WORLD.step(twin, slate).as_info())
    assert_same(WORLD.observe(state), WORLD.observe(twin))


@pytest.mark.parametrize("lived", [0, 20], ids=["at the reset", "after 20 steps"])
def test_expected_engagement_is_the_mean_of_what_happens(lived):
    state = WORLD.reset(np.arange(4000, dtype=np.uint64))
    for slate in random_slates(items=30, steps=lived, users=4000):  # few items: read before, topics tired of
        WORLD.step(state, slate)
    here = ~state.gone
    best = WORLD.expected_engagement(state)[:, :30].argmax(axis=1)
    expected = np.take_along_axis(WORLD.expected_engagement(state), best[:, None], axis=1)[here, 0]
    reward = WORLD.step(state, np.repeat(best[:, None], 5, axis=1)).reward()[here]  # one item, four empty positions
    error = (reward - expected).std() / np.sqrt(here.sum())
    assert abs(reward.mean() - expected.mean()) < 4 * error


def behaviour(config):
    state_free = ("clicks", "engagement", "ended", "gap", "left", "seen clock")
    world = news_world(config=config)
    lived = trajectory(world, SEEDS, random_slates(items=60))
    return b"".join(np.ascontiguousarray(lived[name]).tobytes() for name in state_free)


@pytest.fixture(scope="module")
def default_behaviour():
    return behaviour({})


@pytest.mark.parametrize(("path", "value"), list(one_by_one(NewsConfig())), ids=lambda x: str(x))
def test_every_setting_is_alive(default_behaviour, path, value):
    change = 2 if isinstance(value, int) else 0.75 * value
    assert behaviour(nested(path, change)) != default_behaviour


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"drfit": {}}, ValueError, r"config\.drfit is not a setting\. Did you mean 'drift'\?"),
        ({"drift": {"toward": 1}}, ValueError, r"config\.drift\.toward is not a setting\. Did you mean 'towards'\?"),
        ({"drift": {"walk": float("nan")}}, ValueError, r"config\.drift\.walk is nan; it must be finite"),
        ({"drift": {"walk": "1"}}, TypeError, r"config\.drift\.walk is '1'; it must be a number"),
        ({"drift": {"walk": True}}, TypeError, "must be a number"),
        ({"drift": 3}, TypeError, r"config\.drift is 3; it must be a mapping"),
        ({"memory": 2.5}, ValueError, r"config\.memory is 2\.5; it must be a whole number"),
        ({"memory": 0}, ValueError, r"NewsConfig\.memory is 0; it must be between"),
    ],
)
def test_wrong_settings_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        updated(NewsConfig(), changes)


def test_settings_survive_the_round_trip():
    config = updated(NewsConfig(), {"drift": {"walk": 1}, "memory": 4.0})
    assert (config.drift.walk, config.memory, type(config.memory)) == (1.0, 4, int)
    assert updated(NewsConfig(), dataclasses.asdict(config)) == config


@pytest.mark.parametrize(
    ("slates", "error", "message"),
    [
        ([[0.0, 1.0]] * 2, TypeError, "must be integers .* not float64"),
        ([[True, False]] * 2, TypeError, "not bool"),
        ([[0, 1]], ValueError, r"have shape \(1, 2\); expected \(users, slate_size\) = \(2, 2\)"),
        ([0, 1], ValueError, r"have shape \(2,\)"),
        ([[0, 1], [2, 10]], ValueError, "User 1, position 1: item 10 does not exist; items are 0 to 9"),
        ([[-1, 1], [2, 3]], ValueError, "User 0, position 0: item -1 does not exist"),
    ],
)
def test_bad_slates_are_refused(slates, error, message):
    with pytest.raises(error, match=message):
        check_slates(slates, 2, 2, 10)


def test_good_slates_become_int64():
    assert check_slates(np.array([[1, 2]], np.uint8), 1, 2, 3).dtype == np.int64


def changed(values, row, value):
    array = values.copy()
    array[row] = value
    return array


CATALOGUE, PERSONAS = packaged_catalogue()


@pytest.mark.parametrize("column", ["topic", "latent", "quality", "allure", "minutes"])
def test_the_packaged_catalogue_that_all_share_cannot_be_written_to(column):
    with pytest.raises(ValueError, match="read-only"):
        getattr(packaged_catalogue()[0], column)[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        packaged_catalogue()[1].interest[0] = 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": (CATALOGUE.ids[1], *CATALOGUE.ids[1:])}, r"Item id 'n0002' stands in rows \[0, 1\]"),
        ({"latent": changed(CATALOGUE.latent, 4, np.nan)}, r"latent of 'n0005' \(row 4\) holds NaN"),
        ({"quality": changed(CATALOGUE.quality, 4, np.inf)}, r"quality of 'n0005' \(row 4\) holds NaN or inf"),
        ({"latent": changed(CATALOGUE.latent, 4, 0.0)}, r"latent of 'n0005' \(row 4\) has length 0; rows must"),
        ({"titles": (" ", *CATALOGUE.titles[1:])}, "Row 0 of titles is empty; every row needs a text"),
        ({"titles": (None, *CATALOGUE.titles[1:])}, "Row 0 of titles is None, not a string"),
        ({"texts": (*CATALOGUE.texts[:-1], float("nan"))}, "Row 999 of texts is nan, not a string"),
        ({"ids": (7, *CATALOGUE.ids[1:])}, "Row 0 of ids is 7, not a string"),
        ({"texts": CATALOGUE.texts[1:]}, "Column 'texts' has 999 rows for 1000 item ids"),
        ({"topic": changed(CATALOGUE.topic, 2, 18)}, "Item 'n0003' has topic 18; there are 18 topic names"),
        ({"minutes": changed(CATALOGUE.minutes, 2, 0.0)}, r"Item 'n0003' has length 0\.0 minutes"),
        ({"ids": ()}, "The catalogue holds no items"),
    ],
)
def test_bad_catalogues_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(CATALOGUE, **change)


@pytest.mark.parametrize(
    ("size", "history", "message"),
    [(1001, 50, "slate_size is 1001; .* at most the 1000 items"), (0, 50, "slate_size is 0"), (5, 0, "history is 0")],
)
def test_sizes_that_do_not_fit_are_refused(size, history, message):
    with pytest.raises(ValueError, match=message):
        NewsWorld(CATALOGUE, PERSONAS, size, history)


if __name__ == "__main__":
    print(digest())

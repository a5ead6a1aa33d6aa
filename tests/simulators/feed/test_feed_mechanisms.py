"""Every mechanism of a feed: which way it points, exact values where there are some, and its parameters' ranges."""

import re
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from driftrec.envs.video import video_world
from driftrec.simulators.feed.appeal import Appeal
from driftrec.simulators.feed.boredom import TopicBoredom
from driftrec.simulators.feed.feed_config import FeedConfig
from driftrec.simulators.feed.habit import Habit, Weariness
from driftrec.simulators.feed.looks import Openings
from driftrec.simulators.feed.taste import Taste
from driftrec.simulators.feed.watching import Regret, Watching

USERS = 6


def f(*values):
    return np.array(values, np.float32)


@pytest.fixture
def world():
    return video_world()


@pytest.fixture
def state(world):
    return world.reset(np.arange(USERS, dtype=np.uint64))


def openings(world, items):
    items, users = np.array(items), np.arange(len(items))
    return Openings(users, items, users * world.num_topics + world.catalogue.topic[items])


def chances(appeal, world, state, allure):
    """Log-odds of every item at the top."""
    utility = appeal.standing(state.own @ world.traits.T, allure, state.seen)
    utility += appeal.pull(state.taste, state.bored, np.float32(0))[:, world.catalogue.topic]
    chance = appeal.chance(utility, state.satisfaction[:, None], 0).astype(float)
    return np.log(chance) - np.log1p(-chance)


@pytest.mark.parametrize(
    ("name", "value", "change"),
    [("taste", 1.0, 2.6), ("bored", True, -4.0), ("seen", True, -6.0), ("satisfaction", 1.0, 1.0)],
)
def test_utility_follows_each_cause_in_the_state(world, state, name, value, change):
    low, high = (replace(state, **{name: np.full_like(getattr(state, name), x)}) for x in (0, value))
    before, after = (chances(Appeal(), world, part, world.catalogue.allure) for part in (low, high))
    np.testing.assert_allclose(after - before, change, rtol=1e-3, atol=1e-3)


def test_allure_attracts_and_own_taste_points_where_items_lie(world, state):
    flat = np.zeros(world.num_items, np.float32)
    plain, loud = (chances(Appeal(), world, state, flat + extra) for extra in (0, 1))
    np.testing.assert_allclose(loud - plain, 0.6, rtol=1e-3, atol=1e-3)
    state.own[:] = 3 * world.traits[0]
    near, base = (chances(appeal, world, state, flat) for appeal in (Appeal(), Appeal(own=0.0)))
    assert (near - base)[:, 0] == pytest.approx(0.7 * 3, rel=1e-2)


def test_what_was_opened_above_and_every_position_take_away():
    appeal = Appeal()
    pulls = [appeal.pull(f(0.5), np.array([False]), f(n))[0] for n in (0, 1, 3)]
    np.testing.assert_allclose(pulls, [1.3, 1.3 - 0.7, 1.3 - 2.1], rtol=1e-4)
    chance = np.array([appeal.chance(f(0.3), f(0.5), k)[0] for k in (0, 5)])
    assert np.log(chance / (1 - chance)) == pytest.approx([0.8, 0.8 - 0.25], rel=1e-4)


def test_minutes_follow_length_taste_and_allure():
    watching = Watching()
    assert watching.expected(f(2), f(0.3), f(0))[0] == pytest.approx(2 * 0.5)
    assert watching.expected(f(2), f(0.8), f(0))[0] > watching.expected(f(2), f(0.3), f(0))[0]
    assert watching.expected(f(2), f(0.3), f(1))[0] > watching.expected(f(2), f(0.3), f(0))[0]
    np.testing.assert_allclose(watching.minutes(f(1, 1, 1), f(0, 0.5, 0.75)), [0.6, 1.0, 1.2], rtol=1e-5)
    assert watching.longest(3.0) == pytest.approx(4.2)


def test_worth_follows_quality_and_taste_and_regrets_allure():
    usual, good, loud, liked = (
        Regret().worth(f(q), f(a), f(t))[0] for q, a, t in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
    )
    assert loud < usual < good == liked


def test_the_threshold_bores_once_and_annoys_once(world, state):
    state.load[:], state.bored[:], state.threshold[:], state.annoy[:] = 3.5, False, 5.0, 0.2
    before = state.satisfaction.copy()
    opened = openings(world, range(USERS))
    TopicBoredom().take(state, opened)
    assert not state.bored.any()
    for _ in range(2):
        TopicBoredom().take(state, opened)
        assert state.bored.sum() == USERS
        np.testing.assert_allclose(state.satisfaction, 0.8 * before, rtol=1e-6)


def test_rest_ends_boredom_later_than_it_began(world, state):
    state.threshold[:], state.half_life[:], state.bored[:] = 5.0, 12.0, True
    there, hours = np.ones(USERS, np.float32), np.full(USERS, 12, np.float32)
    for load, bored in ((4.9, True), (3.6, True), (3.5, False)):  # times .85 / 2 against .3 * 5
        tired = replace(state, load=np.full_like(state.load, load), bored=state.bored.copy())
        TopicBoredom().pass_time(tired, hours, there)
        np.testing.assert_allclose(tired.load, load * 0.85 / 2, rtol=1e-5)
        assert (tired.bored == bored).all()


def test_what_is_a_users_own_has_the_mean_and_the_spread():
    many = video_world().reset(np.arange(20000, dtype=np.uint64))
    for values, mean in ((many.threshold, 5.0), (many.half_life, 12.0)):
        assert values.mean() == pytest.approx(mean, rel=0.01)
        assert np.log(values).std() == pytest.approx(0.5, rel=0.01)
    assert many.annoy.max() <= 0.9
    same = video_world(config={"boredom": {"own": 0.0}}).reset(np.arange(5, dtype=np.uint64))
    assert np.unique(same.threshold).tolist() == [5.0]


def test_gems_are_topics_that_a_persona_does_not_like(world, state):
    gems = state.potential > state.home
    assert (gems.sum(axis=1) == 3).all()
    usual = world.usual[state.persona]
    assert (usual[gems] == np.float32(0.1)).all()
    assert ((usual == np.float32(0.9)).sum(axis=1) == 2).all()


def test_what_is_worth_it_grows_taste_to_the_potential_and_time_takes_it_back(world, state):
    state.home[:], state.taste[:], state.potential[:] = 0.1, 0.1, 1.1
    opened = openings(world, range(USERS))
    Taste().take(state, opened, np.full(USERS, 0.5, np.float32))
    grown = opened.at(state.taste)
    np.testing.assert_allclose(grown, 0.1 + 0.3 * 0.5, rtol=1e-5)
    assert (state.taste > 0.11).sum() == USERS
    Taste().pass_time(state, np.full(USERS, 120, np.float32))
    np.testing.assert_allclose(opened.at(state.taste), 0.1 + 0.15 / 2, rtol=1e-5)
    state.potential[:] = 0.0
    Taste().take(state, opened, np.ones(USERS, np.float32))  # nowhere to grow
    np.testing.assert_allclose(opened.at(state.taste), 0.1 + 0.15 / 2, rtol=1e-5)


def test_sessions_end_of_minutes_and_of_dissatisfaction():
    chance = Weariness().chance(f(0.5, 0.2, 0.5), f(0, 0, 30))
    assert chance[0] < min(chance[1:])
    assert chance[0] == pytest.approx(1 / (1 + np.exp(2.2)), rel=1e-4)


def test_the_satisfied_are_daily_and_stay():
    habit = Habit()
    daily = habit.chance_of_daily(f(0.2, 0.5, 0.8))
    assert daily[0] < daily[1] < daily[2]
    draws = np.linspace(0, 1, 10001, dtype=np.float32)[:-1]
    was = np.arange(10000) % 2 == 0
    now = habit.settle(was, np.full(10000, 0.5, np.float32), draws)
    assert (now[draws >= habit.change] == was[draws >= habit.change]).all()
    assert now[draws < habit.change].mean() == pytest.approx(daily[1], abs=1e-3)
    np.testing.assert_allclose(habit.gap(np.array([True, False, False]), f(1, 1, 16)), [11.7, 58.4, 336], rtol=1e-6)


def test_churn_is_s_shaped_in_satisfaction():
    satisfaction = np.linspace(0, 1, 41, dtype=np.float32)
    rate = -np.log1p(-Habit().chance_of_loss(satisfaction, np.full(41, 24, np.float32))) / 24
    assert (np.diff(rate) < 0).all()
    assert satisfaction[np.argmin(np.diff(rate))] + 0.0125 + 0.02 > 0.35  # steepest around the pivot
    assert rate[0] == pytest.approx(0.005, rel=0.02)
    assert rate[-1] == pytest.approx(0.0002, rel=0.02)


def test_days_away_are_geometric_in_each_habit():
    draws = np.random.default_rng(0).exponential(size=200_000).astype(np.float32)
    for daily, p in ((True, 0.872), (False, 0.337)):
        days = np.ceil(Habit().gap(np.full(len(draws), daily), draws) / 24)
        for day in (1, 2, 3):
            assert (days == day).mean() == pytest.approx(p * (1 - p) ** (day - 1), rel=0.02)


PARTS = [field.name for field in fields(FeedConfig) if is_dataclass(getattr(FeedConfig(), field.name))]


@pytest.mark.parametrize("part", PARTS)
def test_every_number_has_a_range(part):
    mechanism = getattr(FeedConfig(), part)
    for each in fields(mechanism):
        name = f"{type(mechanism).__name__}.{each.name}"
        with pytest.raises(ValueError, match=re.escape(f"{name} is -99; it must be between ")):
            replace(mechanism, **{each.name: -99})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"config": {"boredom": {"treshold": 3}}},
            "config.boredom.treshold is not a setting. Did you mean 'threshold'?",
        ),
        ({"config": {"bordom": {}}}, "config.bordom is not a setting. Did you mean 'boredom'?"),
        ({"config": {"taste": {"gems": 2.5}}}, "config.taste.gems is 2.5; it must be a whole number"),
        ({"config": {"taste": {"growth": float("nan")}}}, "config.taste.growth is nan; it must be finite"),
        ({"config": {"regret": {"start_low": 0.9}}}, "Regret.start_low is 0.9; it must be between 0 and 0.6"),
        ({"slate_size": 1009}, "slate_size is 1009; it must be at least 1 and at most the 1008 items"),
        ({"history": 0}, "history is 0; it must be at least 1 impression"),
    ],
)
def test_bad_settings_are_refused_with_the_remedy(settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        video_world(**settings)


def test_an_endless_episode_of_people_who_never_leave_is_refused():
    from driftrec.envs.video import VideoEnv

    with pytest.raises(ValueError, match="Set a horizon"):
        VideoEnv(horizon=None, config={"habit": {"calm": 0.0, "alarm": 0.0}})

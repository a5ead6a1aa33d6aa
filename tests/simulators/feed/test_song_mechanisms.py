"""Every mechanism that songs add: which way it points, exact values where there are some, its parameters' ranges."""

import re
from dataclasses import fields, replace

import numpy as np
import pytest

from driftrec.envs.music import music_world
from driftrec.simulators.feed.feed_config import MUSIC
from driftrec.simulators.feed.habit import Weariness
from driftrec.simulators.feed.mood import MOODS, Mood
from driftrec.simulators.feed.repeats import Repeats
from driftrec.simulators.feed.song_world import SongWorld


def f(*values):
    return np.array(values, np.float32)


def test_familiar_songs_are_liked_and_worn_out_ones_are_not():
    known, new, worn = Repeats().pull(f(1, 0, 1), np.array([False, False, True]))
    assert (known, new, worn) == pytest.approx((1.75, -1.75, -2.25))


def test_every_play_moves_a_part_of_the_way_to_familiar():
    once = Repeats().played(f(0.0))
    assert once[0] == pytest.approx(0.25)
    assert Repeats().played(once)[0] == pytest.approx(0.25 + 0.75 * 0.25)


def test_wear_fades_and_rest_ends_later_than_it_began():
    repeats = Repeats()
    assert repeats.wear(f(3.0), f(96.0))[0] == pytest.approx(1.5)
    on = np.array([True, True, False])
    assert repeats.worn(on, f(0.8, 0.7, 2.9), f(3, 3, 3)).tolist() == [True, False, False]  # 0.25 of 3


def test_limits_have_the_mean_and_the_spread():
    limit = Repeats().born(np.random.default_rng(0).normal(size=100_000).astype(np.float32))
    assert limit.mean() == pytest.approx(3.0, rel=0.01)
    assert np.log(limit).std() == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize(("hour", "mood"), [(6.0, 0), (13.9, 0), (14.0, 1), (21.9, 1), (22.0, 2), (3.0, 2), (5.9, 2)])
def test_moods_come_with_the_hour(hour, mood):
    draws = np.linspace(0, 1, 10001, dtype=np.float32)[:-1]
    drawn = Mood().drawn(np.full(10_000, hour, np.float32), draws)
    shares = np.bincount(drawn, minlength=3) / 10_000
    assert shares[mood] == pytest.approx(0.6 + 0.4 / 3, abs=2e-3)
    assert np.delete(shares, mood) == pytest.approx([0.4 / 3] * 2, abs=2e-3)


def test_moods_stay_within_a_session_but_now_and_then():
    mood, whether = np.zeros(1000, np.int64), np.linspace(0, 0.999, 1000, dtype=np.float32)
    hour, which = np.full(1000, 15, np.float32), np.full(1000, 0.1, np.float32)
    goes_on, begins = (Mood().after(mood, np.full(1000, new), hour, whether, which) for new in (False, True))
    assert (goes_on == 1).mean() == pytest.approx(0.15, abs=2e-3)
    assert (begins == 1).all()


def test_songs_of_the_mood_are_played_and_those_worn_out_are_not():
    world = music_world()
    state = world.reset(np.arange(5, dtype=np.uint64))
    state.mood[:] = 0
    lively = world.appraise(state).utility
    state.mood[:] = 1
    wistful = world.appraise(state).utility
    change = (wistful - lively)[0]
    for mood, by in ((0, -1.5), (1, 1.5), (2, 0.0)):
        np.testing.assert_allclose(change[world.moods == mood], by, atol=1e-5)
    state.worn[:], state.wear[:], state.played[:] = True, 9.0, 0.0
    np.testing.assert_allclose(world.appraise(state).utility - wistful, -4.0, atol=1e-5)
    np.testing.assert_allclose(world.appraise(state).worn, 10.0 / state.limit[:, None].repeat(1000, 1), rtol=1e-5)


def test_a_song_too_often_wears_out_and_annoys_once():
    world = music_world(slate_size=1, config={"appeal": {"base": 20.0}, "weariness": {"base": -30.0}})
    state, page = world.reset(np.arange(1, dtype=np.uint64)), np.array([[7]])
    state.limit[:], state.threshold[:] = 2.5, 1e6
    worn = []
    for _ in range(4):
        world.step(state, page)
        worn.append(bool(state.worn[0, 7]))
    assert worn == [False, False, True, True]
    assert state.familiar[0, 7] == pytest.approx(1 - 0.75**4 * (1 - 0.0), abs=1e-5)


def test_some_songs_of_liked_styles_are_known():
    world = music_world()
    state = world.reset(np.arange(200, dtype=np.uint64))
    users, items = np.nonzero(state.familiar)
    liked = world.usual[state.persona[users], world.catalogue.topic[items]]
    assert (liked == np.float32(world.config.taste.liking)).all()
    assert 9 < len(items) / 200 <= 10
    assert np.unique(state.familiar).tolist() == [0.0, np.float32(0.8)]


def test_a_good_streak_holds():
    held, free = (Weariness().chance(f(0.5), f(20.0), odds)[0] for odds in (0.5, 0.0))
    assert held < free


@pytest.mark.parametrize("part", ["repeats", "mood", "streak"])
def test_every_number_has_a_range(part):
    mechanism = getattr(MUSIC, part)
    for each in fields(mechanism):
        name = f"{type(mechanism).__name__}.{each.name}"
        with pytest.raises(ValueError, match=re.escape(f"{name} is -99; it must be between ")):
            replace(mechanism, **{each.name: -99})


def test_who_knows_the_persona_alone_knows_no_song_and_no_mood():
    world = music_world()
    state = world.reset(np.arange(8, dtype=np.uint64))
    known = world.by_persona(state)
    assert not known.familiar.any()
    assert (known.mood == -1).all()
    assert np.unique(world.at_usual_pace(state).limit).tolist() == [3.0]
    assert isinstance(world, SongWorld)
    assert len(MOODS) == 3

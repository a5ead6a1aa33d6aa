"""The batched feed lives the lives that docs/scenarios.md describes: compared with a second writing of that page."""

import numpy as np
import pytest

from driftrec.envs.music import music_world
from driftrec.envs.news_stream import news_stream_world
from driftrec.envs.video import video_world
from driftrec.simulators.offers import items_of
from driftrec.simulators.world import part
from tests.simulators.feed.scalar_feed import ScalarFeedUser, Shown
from tests.simulators.feed.scalar_songs import Heard, ScalarSongUser
from tests.simulators.feed.scalar_stream import ScalarStreamUser

USERS, STEPS, HISTORY = 16, 40, 25
CONFIGS = {
    "defaults": {},
    # All of it happens often: opening, also what was opened before, boredom, growth, session ends, leaving.
    "lively": {
        "appeal": {"base": 0.0, "seen": 0.5, "bored": 1.0},
        "boredom": {"threshold": 2.0, "rest": 0.6, "keep": 0.6},
        "habit": {"alarm": 0.01},
        "taste": {"half_life": 20.0},
        "memory": 5,
    },
    "long sessions": {"weariness": {"base": -6.0, "tired": 10.0}, "boredom": {"keep": 1.0}},
}


SONGS = {
    "songs": {},
    "lively songs": {
        "appeal": {"base": 0.0},
        "repeats": {"limit": 1.5, "half_life": 20.0, "known": 30},
        "mood": {"change": 0.5, "homing": 0.3},
        "streak": {"rate": 0.5, "hold": 5.0},
        "habit": {"alarm": 0.01},
    },
}


STREAMS = {
    "news": {},
    "lively news": {
        "appeal": {"base": 0.5, "seen": 0.5, "bored": 1.0},
        "freshness": {"loss": 0.6, "half_life": 5.0},
        "breaking": {"gain": 2.0},
        "boredom": {"threshold": 2.0, "rest": 0.6, "keep": 0.6},
        "habit": {"alarm": 0.01},
        "memory": 5,
    },
}


@pytest.fixture(params=[*CONFIGS, *SONGS, *STREAMS])
def lives(request):
    if request.param in STREAMS:
        world, user = news_stream_world(history=HISTORY, config=STREAMS[request.param]), ScalarStreamUser
    elif request.param in SONGS:
        world, user = music_world(history=HISTORY, config=SONGS[request.param]), ScalarSongUser
    else:
        world, user = video_world(history=HISTORY, config=CONFIGS[request.param]), ScalarFeedUser
    seeds = np.arange(100, 100 + USERS, dtype=np.uint64)
    slates = np.random.default_rng(2).integers(120, size=(STEPS, USERS, world.slate_size)) * 8  # items repeat
    return world, world.reset(seeds), [user(world, int(seed)) for seed in seeds], slates


def assert_same_state(world, state, users, when):
    for name, now, expected in (
        ("taste", state.taste, [[t.taste for t in user.topics] for user in users]),
        ("potential", state.potential, [[t.potential for t in user.topics] for user in users]),
        ("threshold", state.threshold, [[t.threshold for t in user.topics] for user in users]),
        ("half_life", state.half_life, [[t.half_life for t in user.topics] for user in users]),
        ("annoy", state.annoy, [[t.annoy for t in user.topics] for user in users]),
        ("load", state.load, [[t.load for t in user.topics] for user in users]),
        ("own", state.own, [user.own for user in users]),
        ("satisfaction", state.satisfaction, [user.satisfaction for user in users]),
        ("clock", state.clock, [[u.hours, u.sessions, u.session_steps, u.session_minutes] for u in users]),
        ("hour", world.observe(state)["hour"][:, 0], [(user.hour + user.hours) % 24 for user in users]),
    ):
        np.testing.assert_allclose(now, expected, rtol=2e-4, atol=2e-3, err_msg=f"{name}, step {when}")
    for name, now, expected in (
        ("bored", state.bored, [[t.bored for t in user.topics] for user in users]),
        ("daily", state.daily, [user.daily for user in users]),
        ("gone", state.gone, [user.gone for user in users]),
        ("persona", state.persona, [user.persona for user in users]),
    ):
        np.testing.assert_array_equal(now, expected, err_msg=f"{name}, step {when}")


def assert_same_songs(world, state, users, when):
    wear, worn = world.worn_now(state)
    heard = [[user.songs.get(i, Heard()) for i in range(world.num_items)] for user in users]
    for name, now, expected in (
        ("familiar", state.familiar, [[song.familiar for song in row] for row in heard]),
        ("wear", wear, [[song.wear for song in row] for row in heard]),
        ("worn", worn, [[song.worn for song in row] for row in heard]),
        ("limit", state.limit, [user.limit for user in users]),
        ("streak", state.streak, [user.streak for user in users]),
        ("mood", state.mood, [user.mood for user in users]),
    ):
        np.testing.assert_allclose(now, expected, rtol=1e-3, atol=2e-3, err_msg=f"{name}, step {when}")


def assert_same_sight(world, state, users, when):
    seen, memory = world.observe(state), world.config.memory
    shown = [([Shown(-1)] * HISTORY + user.impressions)[-HISTORY:] for user in users]
    np.testing.assert_array_equal(seen["shown"], [[x.item for x in row] for row in shown], err_msg=f"step {when}")
    np.testing.assert_array_equal(seen["clicked"], [[x.clicked for x in row] for row in shown])
    np.testing.assert_allclose(seen["engagement"], [[x.minutes for x in row] for row in shown], rtol=1e-4)
    ages = [[0.0 if x.item < 0 else user.hours - x.hour for x in row] for user, row in zip(users, shown, strict=True)]
    np.testing.assert_allclose(seen["age"], ages, rtol=1e-4, atol=1e-3)
    opened = [sorted([x.item for x in user.opened[-memory:]] + [-1] * (memory - len(user.opened))) for user in users]
    np.testing.assert_array_equal(np.sort(seen["read_items"], axis=1), opened)


def assert_same_offer(world, state, users, when):
    seen, heat = world.observe(state), world.reveal(state)["heat"]
    for user, offer, (moment,), hot in zip(users, seen["candidates"], seen["moment"], heat, strict=True):
        assert len(set(offer.tolist()) ^ set(user.newest())) <= 2, f"step {when}"  # one may appear at this moment
        expected = np.array([user.age(item) for item in offer])
        away = np.abs((moment - world.catalogue.hours[offer]) % user.period - expected)
        assert np.minimum(away, user.period - away).max() < 0.01, f"step {when}"
        if user.moment % 1 > 0.01:
            np.testing.assert_allclose(hot, [user.heat(t) for t in range(world.num_topics)], atol=1e-5)


def test_every_user_lives_the_life_on_the_page(lives):
    world, state, users, slates = lives
    assert_same_state(world, state, users, 0)
    past = []
    for when, pages in enumerate(slates, 1):
        pages = pages % world.num_items
        items = items_of(world.observe(state), pages)
        feedback = world.step(state, pages)
        happened = [user.step(page) for user, page in zip(users, items.tolist(), strict=True)]
        for name in ("clicks", "ended", "left"):
            expected = [getattr(h, name) for h in happened]
            np.testing.assert_array_equal(getattr(feedback, name), expected, err_msg=f"{name}, step {when}")
        np.testing.assert_allclose(feedback.engagement, [h.minutes for h in happened], rtol=1e-4)
        np.testing.assert_allclose(feedback.gap, [h.gap for h in happened], rtol=1e-4)
        assert_same_state(world, state, users, when)
        assert_same_sight(world, state, users, when)
        if isinstance(users[0], ScalarSongUser):
            assert_same_songs(world, state, users, when)
        if isinstance(users[0], ScalarStreamUser):
            assert_same_offer(world, state, users, when)
        past += happened
    assert sum(map(sum, (h.clicks for h in past))) > 60  # else there was little to compare
    assert sum(h.ended for h in past) > 10


def test_what_an_observer_expects_of_every_item():
    """A page of one item is opened as often, and brings as much, as the appraisal says."""
    world = video_world(slate_size=1)
    state = world.reset(np.arange(20000, dtype=np.uint64))
    items = np.random.default_rng(0).integers(world.num_items, size=(20000, 1))
    some = [slice(start, start + 2000) for start in range(0, 20000, 2000)]
    expected = np.concatenate(
        [np.take_along_axis(world.expected_engagement(part(state, rows)), items[rows], axis=1) for rows in some]
    )
    engagement = world.step(state, items).engagement
    error = (engagement - expected).std() / np.sqrt(len(items))
    assert abs(engagement.mean() - expected.mean()) < 3 * error

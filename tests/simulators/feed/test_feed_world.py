"""A feed's users live the same lives however many live beside them, and what the audience does is plausible."""

import numpy as np
import pytest

from driftrec.envs.music import MusicEnv, music_world
from driftrec.envs.news_stream import news_stream_world
from driftrec.envs.video import VideoEnv, video_world
from driftrec.simulators.catalogue import save_catalogue
from driftrec.simulators.clips import generate_clips, generate_viewers
from driftrec.simulators.own_texts import catalogue_of, personas_of
from tests.same import assert_same
from tests.simulators.lives import nested, one_by_one, trajectory


def pages(world, steps, users, seed=0):
    return np.random.default_rng(seed).integers(world.num_items, size=(steps, users, world.slate_size))


ALSO = ("taste", "potential", "own", "daily", "seen", "familiar", "wear", "worn", "limit", "mood", "streak")
every_feed = pytest.mark.parametrize("make", [video_world, music_world])


def also(state):
    return {name: getattr(state, name).copy() for name in ALSO if hasattr(state, name)}


@every_feed
def test_a_users_life_does_not_depend_on_who_lives_beside(make):
    world = make(config={"habit": {"alarm": 0.02}})
    seeds, shown = np.arange(300, dtype=np.uint64), pages(world, 25, 300)
    many = trajectory(world, seeds, shown, also)
    for rows in (slice(0, 1), slice(17, 60), slice(200, 300)):
        few = trajectory(world, seeds[rows], shown[:, rows], also)
        assert_same(few, {name: value[:, rows] for name, value in many.items()})
    order = np.random.default_rng(1).permutation(300)
    mixed = trajectory(world, seeds[order], shown[:, order], also)
    assert_same(mixed, {name: value[:, order] for name, value in many.items()})
    assert many["left"].sum() > 20


@every_feed
def test_those_who_left_see_nothing_and_stay_as_they_are(make):
    world = make(config={"habit": {"alarm": 1.0, "calm": 1.0}, "weariness": {"base": 5.0}})
    state = world.reset(np.arange(50, dtype=np.uint64))
    for page in pages(world, 12, 50):
        world.step(state, page)
    gone = np.flatnonzero(state.gone)
    assert gone.size > 40
    before = world.reveal(state), state.clock.copy()
    feedback = world.step(state, pages(world, 1, 50, seed=9)[0])
    for value in feedback.as_info().values():
        assert not value[gone].any()
    for name, value in world.reveal(state).items():
        np.testing.assert_array_equal(value[gone], before[0][name][gone], err_msg=name)
    np.testing.assert_array_equal(state.clock[gone], before[1][gone])


def test_a_repeat_is_an_empty_position():
    world = video_world(config={"appeal": {"base": 20.0}})
    state = world.reset(np.arange(4, dtype=np.uint64))
    page = np.tile(np.r_[0, 1, 0, np.arange(2, 9)], (4, 1))
    feedback = world.step(state, page)
    assert not feedback.clicks[:, 2].any()
    assert (world.observe(state)["shown"][:, -8] == -1).all()
    assert feedback.clicks[:, :2].all()


OFTEN = {"appeal": {"base": -1.0}, "boredom": {"threshold": 2.0}}
"""Much is opened, and bores."""


def over(settings, changes):
    """Both, one level deep; ``changes`` win."""
    deep = {name: {**settings[name], **value} for name, value in changes.items() if name in settings}
    return {**settings, **changes, **deep}


SETTINGS = [(make, *one) for make in (video_world, music_world) for one in one_by_one(make().config)]


def named(part):
    """The same in every process, unlike what ``str`` says of a function."""
    return getattr(part, "__name__", str(part))


@pytest.mark.parametrize(
    ("make", "path", "value"), [one for one in SETTINGS if one[1] != ("appeal", "seen")], ids=named
)
def test_no_setting_is_dead(make, path, value):
    """Every setting changes somebody's life within forty pages."""
    other = value + 1 if isinstance(value, int) else value * (1.5 if path[-1] == "start_high" else 0.5)
    other = {"max_gap": 48.0, "calm": 0.01}.get(path[-1], other)
    seeds = np.arange(60, dtype=np.uint64)
    usual, changed = make(config=OFTEN), make(config=over(OFTEN, nested(path, other)))
    shown = pages(usual, 40, 60, seed=3)
    shown[:, :, 4:] %= 40  # seen again
    one, two = (trajectory(world, seeds, shown, also) for world in (usual, changed))
    assert any(one[name].shape != two[name].shape or not np.array_equal(one[name], two[name]) for name in one)


def test_what_was_opened_before_is_hardly_opened_again():
    shown = np.tile(np.arange(10), (30, 60, 1))
    opened = [
        trajectory(video_world(config={"appeal": {"seen": x}}), np.arange(60), shown)["clicks"] for x in (0.0, 6.0)
    ]
    assert opened[1][15:].sum() < 0.2 * opened[0][15:].sum()


@pytest.fixture(scope="module", params=[video_world, music_world, news_stream_world])
def mixed(request):
    """Gaps in hours, and the share opened under random pages, of an audience under a mixed policy.

    A page begins with two items of topics that the persona likes, the others are random: neither the best nor the worst
    of policies.
    """
    world, users = request.param(), 4000
    state, rng = world.reset(np.arange(users, dtype=np.uint64)), np.random.default_rng(0)
    liked = np.argsort(-world.usual, axis=1, kind="stable")[:, :2]
    gaps, opened = [], []
    for _ in range(80):
        page = rng.integers(world.num_items, size=(users, world.slate_size))
        topics = np.take_along_axis(liked[state.persona], rng.integers(2, size=(users, 2)), axis=1)
        page[:, :2] = any_of_topics(world.catalogue.topic[world.on_offer(state)], topics, rng)
        there = ~state.gone
        feedback = world.step(state, page)
        gaps.append(feedback.gap[feedback.ended])
        opened.append(feedback.clicks[there, 2:].mean())
    return np.concatenate(gaps), np.mean(opened)


def any_of_topics(on_offer, topics, rng):
    """Columns of ``on_offer`` (users or 1, items), the topics of items, that are of ``topics`` (users, n)."""
    draws = rng.random((*topics.shape, on_offer.shape[1]), dtype=np.float32)
    return (draws + (on_offer[:, None] == topics[:, :, None])).argmax(axis=2)


def test_days_away_are_those_of_real_logs_within_a_tenth(mixed):
    days = np.ceil(mixed[0] / 24)
    real = {
        1: 0.617,
        2: 0.165,
        3: 0.079,
        4: 0.047,
        5: 0.031,
        6: 0.021,
        7: 0.014,
        8: 0.009,
        9: 0.006,
        10: 0.004,
    }  # KuaiRand-Pure
    for day, share in real.items():
        assert (days == day).mean() == pytest.approx(share, rel=0.1, abs=0.0015), day


def test_random_pages_are_opened_now_and_then(mixed):
    assert 0.03 < mixed[1] < 0.5


def test_a_catalogue_of_ones_own_serves(tmp_path):
    """Topics may be fewer than those that a persona likes and could come to like."""
    latent = np.eye(3)[np.arange(30) % 3] + 0.1 * np.random.default_rng(0).normal(size=(30, 3))
    items = catalogue_of([f"Item {i}" for i in range(30)], latent, topics=["abc"[i % 3] for i in range(30)])
    save_catalogue(tmp_path, items, personas_of(["Likes a.", "Likes b."], np.eye(3)[:2]), {})
    env = VideoEnv(catalogue=str(tmp_path), slate_size=4, horizon=20)
    env.reset(seed=0)
    watched = sum(env.step(np.arange(4) + i)[1] for i in range(15) if not env._over)
    assert watched > 0


def test_songs_need_moods(tmp_path):
    items = catalogue_of(["One", "Two"], np.eye(2))
    save_catalogue(tmp_path, items, personas_of(["Likes one."], np.eye(2)[:1]), {})
    with pytest.raises(
        ValueError, match=r"Item 'One' \(row 0\) has the subtopic ''; of a song it must be its mood: lively, wistful"
    ):
        MusicEnv(catalogue=str(tmp_path), slate_size=1)


def test_items_and_personas_of_two_spaces_are_refused(tmp_path):
    clips = generate_clips(20)
    save_catalogue(tmp_path, clips, personas_of(["Likes a."], np.eye(3)[:1]), {})
    with pytest.raises(ValueError, match="Items live in 16 dimensions and personas in 3; make both with the same rule"):
        VideoEnv(catalogue=str(tmp_path))
    assert generate_viewers(5).interest.shape == (5, 16)

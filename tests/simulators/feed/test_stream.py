"""News that moves: what age and breaking topics do, what is observed of the offer, and what cannot be."""

import re
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

from driftrec.envs.news_stream import DATES_FILE, news_stream_world
from driftrec.simulators.catalogue import save_catalogue
from driftrec.simulators.feed.ageing import Breaking, Freshness
from driftrec.simulators.offers import items_of
from driftrec.simulators.own_texts import catalogue_of, personas_of

STREAM = "driftrec/NewsStream-v0"
USERS = 12


def f(*values):
    return np.array(values, np.float32)


@pytest.fixture(scope="module")
def world():
    return news_stream_world()


def log_odds(world, state):
    """Of everything on offer at the top of a page."""
    view = world.appraise(state)
    chance = world.config.appeal.chance(view.utility, state.satisfaction[:, None], 0).astype(float)
    return np.log(chance) - np.log1p(-chance)


def test_every_doubling_of_age_costs_as_much():
    assert Freshness().pull(f(0, 24, 72)) == pytest.approx([0.0, -0.3, -0.6])
    assert Freshness(loss=1.0, half_life=2.0).pull(f(6))[0] == pytest.approx(-2.0)


def test_heat_draws():
    assert Breaking().pull(f(0, 1.5)) == pytest.approx([0.0, 1.2])


def ages_on_offer(world, observation):
    """Hours, (users, candidates), by nothing but what is observed and the dates."""
    since = observation["moment"] - world.catalogue.hours[observation["candidates"]]
    return since % np.float32(world.calendar.period)


@pytest.mark.parametrize(
    ("change", "cause", "slope"),
    [({"freshness": {"loss": 0.0}}, "age", -0.3), ({"breaking": {"gain": 0.0}}, "heat", 0.8)],
)
def test_utility_follows_age_and_heat(world, change, cause, slope):
    """What is switched off is missing, in proportion to its cause, and nothing else changes."""
    seeds = np.arange(USERS, dtype=np.uint64)
    without = news_stream_world(config=change)
    state = world.reset(seeds)
    missing = log_odds(world, state) - log_odds(without, without.reset(seeds))
    doublings = np.log2(1 + ages_on_offer(world, world.observe(state)) / 24)
    topics = world.catalogue.topic[world.on_offer(state)]
    causes = {"age": doublings, "heat": np.take_along_axis(world.reveal(state)["heat"], topics, axis=1)}
    np.testing.assert_allclose(missing, slope * causes[cause], atol=2e-3)
    assert np.abs(missing).max() > 0.3


def test_what_is_on_offer_is_observed_shown_and_appraised(world):
    state = world.reset(np.arange(USERS, dtype=np.uint64))
    seen = world.observe(state)
    np.testing.assert_array_equal(seen["candidates"], world.on_offer(state))
    ages = ages_on_offer(world, seen)
    assert (np.diff(ages, axis=1) >= 0).all()
    assert ages.max() < 40 * 24
    slates = np.tile(np.arange(300, 300 + world.slate_size), (USERS, 1))
    world.step(state, slates)
    np.testing.assert_array_equal(world.observe(state)["shown"][:, -world.slate_size :], items_of(seen, slates))


def test_the_offer_moves_on_and_is_not_the_same_for_all(world):
    state = world.reset(np.arange(200, dtype=np.uint64))
    first = world.observe(state)["candidates"]
    for _ in range(30):
        world.step(state, np.tile(np.arange(world.slate_size), (200, 1)))
    then = world.observe(state)["candidates"]
    stay = ~state.gone
    same = np.array([len(set(a) & set(b)) for a, b in zip(first[stay].tolist(), then[stay].tolist(), strict=True)])
    assert same.mean() < 0.9 * world.num_items
    assert len(set(first[:, 0].tolist())) > 150  # they came on different days


def test_the_hour_of_the_day_is_that_of_the_calendar(world):
    state = world.reset(np.arange(50, dtype=np.uint64))
    for _ in range(5):
        world.step(state, np.tile(np.arange(world.slate_size), (50, 1)))
    hours = world.observe(state)["hour"][:, 0]
    away = np.abs((state.arrival + state.clock[:, 0]) % 24 - hours)
    assert np.minimum(away, 24 - away).max() < 0.01


def test_what_was_opened_is_hardly_opened_again(world):
    state = world.reset(np.arange(4, dtype=np.uint64))
    item = world.on_offer(state)[:, 5]
    before = log_odds(world, state)
    state.seen[np.arange(4), item] = True
    change = log_odds(world, state) - before
    assert change[:, 5] == pytest.approx([-6.0] * 4, abs=0.02)
    assert (np.delete(change, 5, axis=1) == 0).all()


def test_the_persona_alone_knows_what_everybody_knows(world):
    """Age and heat are public; tastes are not."""
    state = world.by_persona(world.reset(np.arange(USERS, dtype=np.uint64)))
    twins = replace(state, taste=state.taste[[0] * USERS], own=state.own[[0] * USERS])
    assert np.ptp(log_odds(world, twins), axis=0).max() > 0.1  # of another day


TITLES = ["Storm", "Vote", "Goal", "Price", "Film", "Cure"]


@pytest.fixture
def folder(tmp_path):
    articles = catalogue_of(TITLES, np.eye(6, 4) + 0.1, topics=["World", "World", "Sport", "Money", "Arts", "Health"])
    save_catalogue(tmp_path, articles, personas_of(["Likes goals."], [[1, 0, 0, 0]]), {})
    return tmp_path


def write(folder, dates):
    rows = "".join(f"{title},{date}\n" for title, date in zip(TITLES, dates, strict=True))
    (folder / DATES_FILE).write_text("id,date\n" + rows, encoding="utf-8")


def test_an_own_catalogue_with_dates_serves(folder):
    write(folder, [f"2025-03-0{day}T0{day}:30" for day in (3, 1, 2, 6, 5, 4)])
    env = gym.make(STREAM, catalogue=str(folder), num_candidates=4, slate_size=2, horizon=5)
    world = env.unwrapped.world
    assert world.calendar.period == 6 * 24
    assert world.catalogue.hours.tolist() == [51.5, 1.5, 26.5, 126.5, 101.5, 76.5]
    observation, _ = env.reset(seed=0)
    assert observation["candidates"].shape == (4,)
    for _ in range(3):
        env.step(np.array([0, 3]))


@pytest.mark.parametrize(
    ("dates", "complaint"),
    [
        (["2025-03-01"] * 5 + ["soon"], "the date of 'Cure' is 'soon'; give an ISO date. Write a header id,date"),
        (["2025-03-01T10:00"] * 5 + ["2025-03-01T10:00+01:00"], "some dates have a time zone and others none"),
    ],
)
def test_dates_that_do_not_fit_are_told(folder, dates, complaint):
    write(folder, dates)
    with pytest.raises(ValueError, match=re.escape(complaint)):
        gym.make(STREAM, catalogue=str(folder))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"id,date\nStorm,2025-03-01\nStorm,2026-03-01\n", "tells the date of 'Storm' twice, in line 3 again"),
        ("id,date\nStorm,2025-03-01\n".encode("utf-16"), "dates.csv is not in UTF-8; save it as UTF-8. Write a header"),
        (b"id,date\n" + b"".join(f"{t}, 0{i}01-03-01\n".encode() for i, t in enumerate(TITLES, 1)), "years, from"),
    ],
    ids=["twice", "utf-16", "six centuries"],
)
def test_files_of_dates_that_mislead_are_told(folder, content, complaint):
    (folder / DATES_FILE).write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(complaint)):
        gym.make(STREAM, catalogue=str(folder), num_candidates=3, slate_size=2)


def test_a_catalogue_without_dates_says_what_to_do(folder):
    with pytest.raises(FileNotFoundError, match=r"has no dates\.csv, which this world needs\. Write a header id,date"):
        gym.make(STREAM, catalogue=str(folder))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"num_candidates": 3}, "num_candidates is 3, too few for pages of 8; offer more articles"),
        ({"num_candidates": 10_000}, "num_candidates is 10000; it must be at least 1 and at most the 9000 articles"),
        ({"num_candidates": 0}, "num_candidates is 0; it must be at least 1"),
        ({"config": {"freshness": {"loss": -1}}}, "Freshness.loss is -1.0; it must be between 0 and 20"),
        ({"config": {"fresh": {}}}, "fresh"),
    ],
)
def test_settings_that_cannot_be(settings, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        gym.make(STREAM, **settings)

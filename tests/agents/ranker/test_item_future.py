"""What opening an item does to the engagement after it, item by item."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from gymnasium import make_vec

import driftrec.envs  # noqa: F401
from driftrec.agents.policy import Context
from driftrec.agents.ranker.future import engagement_after
from driftrec.agents.ranker.item_future import ItemFutureSettings, beside_its_time, item_future, log_random, pool
from driftrec.envs.catalogues import packaged_catalogue


@pytest.mark.parametrize(("steps", "whole"), [(20, 14), (8, 4)])  # a tail of 3 / (1 - gamma), at most half
def test_events_whose_future_was_not_seen_are_left_out(make_context, monkeypatch, steps, whole):
    """Lane 0 opens the first position in every step, lane 1 the last in every third; engagement tells the step."""
    context, shown = make_context(slate_size=3), []

    def serve(envs, slates):
        step = len(shown)
        shown.append(slates)
        clicks = np.array([[True, False, False], [False, False, step % 3 == 0]])
        engagement = np.array([[step, 0, 0], [0, 0, 100.0 * step]])
        return observation, clicks, engagement, engagement.sum(axis=1), np.array([step == 5, False])

    observation = {"persona": np.zeros((2, 1), np.int32)}
    monkeypatch.setattr("driftrec.agents.ranker.item_future.serve", serve)
    envs = SimpleNamespace(num_envs=2, reset=lambda seed: (observation, {}))
    opened, after = log_random(context, envs, 0, ItemFutureSettings(log_steps=steps, gamma=0.5))
    events = [(t, lane) for t in range(whole) for lane in (0, 1) if lane == 0 or t % 3 == 0]
    assert opened.tolist() == [shown[t][lane, 0 if lane == 0 else 2] for t, lane in events]
    engagement = np.arange(steps)[:, None] * np.array([1.0, 100.0])
    over = (np.arange(steps)[:, None] == 5) & [True, False]
    np.testing.assert_allclose(after, [engagement_after(engagement, over, 0.5)[event] for event in events])


def test_what_is_good_about_a_time_is_no_doing_of_its_items():
    """Two items at a time, one good and one bad, and times that differ more. Tried: means as they are fail."""
    rng = np.random.default_rng(0)
    item = rng.integers(0, 80, 80_000)
    time = item // 2 + rng.random(len(item))
    good = np.where(np.arange(80) % 2, 1.0, -1.0)
    after = good[item] + 5.0 * np.sin(time / 10) + 3.0 * rng.standard_normal(len(item))
    plain, beside = (pool(item, each, None, 80) for each in (after, beside_its_time(after, time.astype(np.float32))))
    assert np.corrcoef(plain, good)[0, 1] < 0.5
    assert np.corrcoef(beside, good)[0, 1] > 0.9


@pytest.mark.parametrize("dated", [False, True])
def test_a_log_is_told_beside_its_time_where_it_has_one(make_context, monkeypatch, dated):
    """Tried: the moment of the next step taken for that of the slate; fails."""
    context, steps = make_context(slate_size=3), []

    def observed():
        moment = {"moment": np.full((2, 1), float(len(steps)), np.float32)} if dated else {}
        return {"persona": np.zeros((2, 1), np.int32), **moment}

    def serve(envs, slates):
        steps.append(slates)
        clicks = np.array([[True, False, False]] * 2)
        engagement = np.full((2, 3), float(len(steps)))
        return observed(), clicks, engagement, engagement.sum(axis=1), np.zeros(2, bool)

    seen = []

    def told(after, moment):
        seen.append(moment)
        return after - 1000.0

    monkeypatch.setattr("driftrec.agents.ranker.item_future.serve", serve)
    monkeypatch.setattr("driftrec.agents.ranker.item_future.beside_its_time", told)
    envs = SimpleNamespace(num_envs=2, reset=lambda seed: (observed(), {}))
    _, after = log_random(context, envs, 0, ItemFutureSettings(log_steps=20, gamma=0.5))
    assert (after < 0).all() == dated
    if dated:
        np.testing.assert_array_equal(seen[0], np.repeat(np.arange(14), 2))


def test_every_click_of_a_slate_is_an_event(make_context, monkeypatch):
    context, shown = make_context(slate_size=3), []

    def serve(envs, slates):
        shown.append(slates)
        clicks = np.array([[True, False, True], [False, True, False]])
        engagement = np.array([[1.0, 0.0, 2.0], [0.0, 5.0, 0.0]])
        return observation, clicks, engagement, np.array([4.0, 5.0]), np.zeros(2, np.bool_)  # 1 more came later

    observation = {"persona": np.zeros((2, 1), np.int32)}
    monkeypatch.setattr("driftrec.agents.ranker.item_future.serve", serve)
    envs = SimpleNamespace(num_envs=2, reset=lambda seed: (observation, {}))
    opened, after = log_random(context, envs, 0, ItemFutureSettings(log_steps=2, gamma=0.5))
    assert opened.tolist() == [shown[0][0, 0], shown[0][0, 2], shown[0][1, 1]]
    np.testing.assert_allclose(after, [2.0, 2.0, 2.5])  # the next step's reward, whatever brought it, times gamma


def made_up(events=20_000, items=60, unseen=10, seed=0):
    """Items whose effect two of their five columns tell, but for a rest of their own; noise ten times as large."""
    rng = np.random.default_rng(seed)
    columns = rng.standard_normal((items, 5)).astype(np.float32)
    effect = columns[:, 0] - columns[:, 1] + 0.5 * rng.standard_normal(items)
    opened = rng.integers(items - unseen, size=events)  # the last ones are never opened
    after = 30.0 + effect[opened] + 10.0 * rng.standard_normal(events)
    return columns, effect, opened, after


def test_pooling_comes_nearer_to_the_truth_than_plain_means():
    columns, effect, opened, after = made_up()
    plain = np.bincount(opened, after, 60)[:50] / np.bincount(opened, minlength=60)[:50] - after.mean()
    known = slice(0, 50)

    def error(guess):
        return np.square((guess - guess.mean()) - (effect[known] - effect[known].mean())).mean()

    with_columns, without = (pool(opened, after, given, 60)[known] for given in (columns, None))
    assert error(with_columns) < error(without) < error(plain)


def test_an_item_never_opened_is_told_by_its_columns():
    """Columns known exactly would correlate 0.94 with the effects, and those learned from 50 items some 0.93.

    Of 300 items, 0.85 is 7 standard errors below (Fisher's z: 1.66 - 1.26 = 0.4; its error is 0.058).
    """
    columns, effect, opened, after = made_up(items=350, unseen=300)
    assert np.corrcoef(pool(opened, after, columns, 350)[50:], effect[50:])[0, 1] > 0.85
    assert (pool(opened, after, None, 350)[50:] == 0).all()


def test_noise_alone_is_shrunk_away():
    """Shrunk to half would take an estimate of the signal as large as the noise: 5 standard errors, sqrt(2 / 50)."""
    rng = np.random.default_rng(1)
    opened, after = rng.integers(50, size=5_000), rng.standard_normal(5_000)
    plain = np.bincount(opened, after, 50) / np.bincount(opened, minlength=50)
    assert np.abs(pool(opened, after, None, 50)).mean() < 0.5 * np.abs(plain).mean()


@pytest.mark.parametrize("opened", [[], [3], [3, 4]])
def test_few_events_give_numbers_all_the_same(opened):
    future = pool(np.array(opened, np.int64), np.ones(len(opened)), np.eye(6, dtype=np.float32), 6)
    assert future.shape == (6,)
    assert np.isfinite(future).all()


def test_in_news_what_is_worthwhile_has_a_future():
    """128,000 steps: correlation 0.46 with quality less allure; 0.3 is 9 standard errors of no correlation away."""
    catalogue, personas = packaged_catalogue()
    context = Context(
        slate_size=5,
        item_embeddings=np.eye(len(catalogue.quality), dtype=np.float32),
        persona_embeddings=np.eye(personas.num_personas, dtype=np.float32),
        item_minutes=catalogue.minutes,
        titles=catalogue.titles,
    )
    settings = ItemFutureSettings(lanes=256, log_steps=500)
    envs = make_vec("driftrec/News-v0", num_envs=256, autoreset_mode="SameStep")
    future = item_future(context, envs, None, seed=0, settings=settings)
    worth = catalogue.quality - catalogue.allure
    assert np.corrcoef(future, worth)[0, 1] > 0.3
    again = item_future(context, envs, None, seed=0, settings=replace(settings))
    np.testing.assert_array_equal(again, future)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gamma": 1.0}, "ItemFutureSettings.gamma is 1.0"),
        ({"weights": ()}, "weights is empty"),
        ({"lanes": 0}, "lanes"),
    ],
)
def test_settings_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        ItemFutureSettings(**changes)

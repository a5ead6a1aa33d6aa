"""What opening an item does to the minutes after it."""

from dataclasses import replace

import numpy as np
import pytest
from gymnasium import make_vec

import driftrec.envs  # noqa: F401
from driftrec.agents.future import FutureSettings, fit_future, minutes_after, pool
from driftrec.agents.policy import Context
from driftrec.envs.news import packaged_catalogue


def test_minutes_after_is_the_discounted_sum_within_the_episode():
    minutes = np.array([[1.0], [2.0], [4.0], [8.0], [16.0]])
    over = np.array([[False], [False], [True], [False], [False]])
    expected = [0.5 * 2 + 0.25 * 4, 0.5 * 4, 0.0, 0.5 * 16, 0.0]
    np.testing.assert_allclose(minutes_after(minutes, over, 0.5)[:, 0], expected)


def made_up(events=20_000, items=60, seed=0):
    """Items whose effect two of their five columns tell, but for a rest of their own; noise ten times as large."""
    rng = np.random.default_rng(seed)
    columns = rng.standard_normal((items, 5)).astype(np.float32)
    effect = columns[:, 0] - columns[:, 1] + 0.5 * rng.standard_normal(items)
    opened = rng.integers(items - 10, size=events)  # the last ten are never opened
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
    columns, effect, opened, after = made_up()
    assert np.corrcoef(pool(opened, after, columns, 60)[50:], effect[50:])[0, 1] > 0.7
    assert (pool(opened, after, None, 60)[50:] == 0).all()


def test_noise_alone_is_shrunk_away():
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
    settings = FutureSettings(lanes=256, log_steps=500)
    envs = make_vec("driftrec/News-v0", num_envs=256, autoreset_mode="SameStep")
    future = fit_future(context, envs, None, seed=0, settings=settings)
    worth = catalogue.quality - catalogue.allure
    assert np.corrcoef(future, worth)[0, 1] > 0.3
    again = fit_future(context, envs, None, seed=0, settings=replace(settings))
    np.testing.assert_array_equal(again, future)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"gamma": 1.0}, "FutureSettings.gamma is 1.0"), ({"weights": ()}, "weights is empty"), ({"lanes": 0}, "lanes")],
)
def test_settings_out_of_range_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        FutureSettings(**changes)

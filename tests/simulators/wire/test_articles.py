"""The packaged year of news: dated, in order, with stories that break; and what is on offer at any time of it."""

import re

import numpy as np
import pytest

from driftrec.simulators.own_texts import catalogue_of
from driftrec.simulators.wire import Calendar, dated, generate_articles, generate_readers
from driftrec.simulators.wire.calendar import MOST_HEAT
from driftrec.simulators.wire.wire_generator import MAX_ARTICLES


@pytest.fixture(scope="module")
def year():
    return generate_articles()


def small(hours, topics=None):
    titles = [f"Title {i}" for i in range(len(hours))]
    plain = catalogue_of(titles, np.eye(len(hours)), topics=topics or ["only"] * len(hours))
    return dated(plain, np.array(hours, np.float32))


def test_a_year_is_in_order_distinct_and_clean(year):
    assert year.num_items == len(set(year.titles)) == 9000
    assert (np.diff(year.hours) >= 0).all()
    assert 0 <= year.hours[0] < year.hours[-1] < year.period == 365 * 24
    for text in (*year.titles, *year.texts):
        assert "{" not in text
        assert text == text.strip()
    assert all(re.match(r"(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day \d+ \w+, \d\d:\d\d\. ", text) for text in year.texts)
    assert generate_readers().num_personas == 320


def test_the_same_seed_gives_the_same_and_as_many_as_there_may_be(year):
    assert year.fingerprint() == generate_articles().fingerprint() != generate_articles(seed=1).fingerprint()
    assert len(set(generate_articles(MAX_ARTICLES, seed=2).titles)) == MAX_ARTICLES
    with pytest.raises(ValueError, match="the grammar gives 1 to 12000 articles with distinct titles"):
        generate_articles(MAX_ARTICLES + 1)


def test_newsrooms_keep_hours_and_stories_break(year):
    by_hour = np.bincount(year.hours.astype(int) % 24, minlength=24)
    assert by_hour[8:18].min() > 2 * by_hour[:5].max()
    words = ("day of the story", "of the story.", "more is coming in", "has followed the story", "to the first report")
    words = (*words, "has led the page")
    told = np.mean([any(word in text for word in words) for text in year.texts])
    assert told == pytest.approx(0.3 * 5 / 6, abs=0.02)  # of the articles of breaking stories, five in six say so
    days = np.zeros((365, year.num_topics))
    np.add.at(days, ((year.hours / 24).astype(int), year.topic), 1)
    assert (days.max(axis=0) > 5 * days.mean(axis=0)).sum() > 12  # a Poisson day is hardly ever five times the usual


def test_the_newest_are_on_offer_and_the_calendar_begins_anew():
    calendar = Calendar(small([1, 5, 5, 30, 40]), 3)
    assert calendar.period == 48
    moments = np.array([0.5, 5, 12, 41], np.float32)
    places = calendar.places(moments)
    assert calendar.offered(places).tolist() == [[4, 3, 2], [2, 1, 0], [2, 1, 0], [4, 3, 2]]
    assert calendar.age(moments, calendar.offered(places).T).T.tolist() == [
        [8.5, 18.5, 43.5],
        [0, 0, 4],
        [7, 7, 11],
        [1, 11, 36],
    ]
    chosen = calendar.at(places, np.array([[0, 0, 2, 1]]))
    assert chosen.tolist() == [[4, 2, 0, 3]]
    assert calendar.age(moments, chosen).tolist() == [[8.5, 0, 11, 11]]
    assert calendar.moment(np.float32(48 + 5)) == 5


def test_a_topic_with_more_than_usual_is_hot_and_cools():
    hours = [*range(0, 240, 10), *[100 + i / 10 for i in range(20)]]
    topics = ["usual"] * 24 + ["bursts"] * 20
    articles = small(hours, topics)
    heat = Calendar(articles, 5).heat(np.array([99, 103, 127, 200], np.float32))
    bursts = heat[:, articles.topic_names.index("bursts")]
    assert bursts[0] == pytest.approx(0, abs=1e-3)
    assert 1 < bursts[1] <= MOST_HEAT
    assert bursts[1] > bursts[2] > bursts[3]
    n, usual = 20 * 2 ** (-2 / 24), 20 / (2 ** (1 / 24) - 1) / 240  # all came in the hours 100 and 101
    assert bursts[1] == pytest.approx(np.log((n + 1) / (usual + 1)), rel=0.05)


@pytest.mark.parametrize(
    ("hours", "complaint"),
    [
        ([1, np.nan], "hours of 'Title 1' (row 1) holds NaN"),
        ([3, -1], "Item 'Title 1' appears at hour -1, before the calendar begins"),
        ([3, 2e5], "The articles span 23 years, from 'Title 0' to 'Title 1'; a calendar has at most 20. Mend the date"),
    ],
)
def test_dates_that_cannot_be(hours, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        small(hours)


@pytest.mark.parametrize("count", [0, 3])
def test_offers_that_cannot_be(count):
    with pytest.raises(ValueError, match=rf"num_candidates is {count}; it must be at least 1 and at most the 2"):
        Calendar(small([1, 2]), count)

"""What each price does to pages, and what topics have had."""

import numpy as np
import pytest

from driftrec.agents.baselines.common import top_k
from driftrec.agents.ranker.loads import CountedLoads, FadingLoads
from driftrec.agents.ranker.pace import PageWeights
from driftrec.agents.rivals.topic_pages import MyopicJoint, TopicPages
from tests.agents.rivals.planted import SLATE, TOPIC, PlantedJudge, seen

LOADS = FadingLoads(TOPIC, 2.0, reads=False)


def topics(weights, observation, judge=None):
    """Topics of the pages, (users, slate_size)."""
    return TOPIC[TopicPages(judge or PlantedJudge(), LOADS, SLATE, weights).act(observation)]


def test_openings_fade_and_what_was_passed_over_does_not_count():
    observation = seen([0, 3, 1], age=4.0)
    observation["clicked"][0, 1] = 0
    np.testing.assert_allclose(LOADS(observation, 2.0), [[0.25, 0.25, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(LOADS(observation, 4.0)[0], [0.5, 0.5, 0.0])


def test_a_reading_list_is_read_where_there_is_one():
    observation = {"read_items": np.array([[0, 1, -1]]), "read_age": np.array([[1.0, 2.0, 0.0]], np.float32)}
    np.testing.assert_allclose(FadingLoads(TOPIC, 1.0, reads=True)(observation, 1.0), [[0.5, 0.25, 0.0]])


def test_counts_of_the_world_are_taken_as_they_are():
    observation = {"user": np.array([[9.0, 9.0, 9.0, 0.2, 0.4, 1.0, 9.0]], np.float32)}
    np.testing.assert_allclose(CountedLoads(TOPIC, "user", 3, 5.0)(observation, 1.0), [[1.0, 2.0, 5.0]])


def test_without_prices_pages_are_those_of_the_ranker():
    judge, observation = PlantedJudge(later=np.random.default_rng(0).random(12)), seen([0])
    pages = TopicPages(judge, LOADS, SLATE, PageWeights(future=1.0)).act(observation)
    np.testing.assert_array_equal(pages, top_k(judge.view(observation).gains, SLATE))


def test_diversity_spreads_over_topics():
    assert set(topics(PageWeights(), seen([]))[1]) == {0}
    assert set(topics(PageWeights(diversity=1.0), seen([]))[1]) == {0, 1, 2}


def test_myopic_joint_spreads_and_does_not_look_ahead():
    judge = PlantedJudge(later=5.0 * (TOPIC == 2))
    pages = [MyopicJoint(judge, LOADS, SLATE, price).act(seen([])) for price in (0.0, 1.0)]
    assert [len(set(TOPIC[page[1]])) for page in pages] == [1, 3]
    assert TOPIC[pages[0][1, 0]] == 0
    assert topics(PageWeights(future=1.0), seen([]), judge)[1, 0] == 2


def test_a_pace_rests_a_topic_that_was_just_opened_much_until_it_has_faded():
    paced = PageWeights(price=1.0, bar=2.0, half_life=2.0)
    tired, rested = topics(paced, seen([0, 3, 6]))
    assert 0 not in tired
    assert rested[0] == 0
    assert topics(paced, seen([0, 3, 6], age=20.0))[0, 0] == 0
    assert 0 in topics(PageWeights(price=1.0, bar=9.0, half_life=2.0), seen([0, 3, 6]))[0]


def test_items_that_do_not_know_those_above_are_the_best_by_themselves():
    """Prices of what was opened before count as ever, those of what is opened above do not."""
    weights = PageWeights(diversity=1.0, price=1.0, bar=2.0, half_life=2.0)
    alone = TopicPages(PlantedJudge(), LOADS, SLATE, weights, joint=False).act(seen([0, 3, 6]))
    tired, rested = TOPIC[alone]
    assert 0 not in tired
    assert set(rested) == {0}
    assert len(set(topics(weights, seen([0, 3, 6]))[1])) == 3
    assert len(set(alone[0])) == SLATE


def test_a_bonus_for_opening_counts_for_all_alike():
    observation = seen([0])
    plain, bonus = (TopicPages(PlantedJudge(), LOADS, SLATE, PageWeights(opening=each)) for each in (0.0, 2.0))
    np.testing.assert_array_equal(plain.act(observation), bonus.act(observation))  # odds are even here


@pytest.mark.parametrize("price", [-0.1, float("nan"), float("inf")])
def test_a_price_must_be_a_price(price):
    with pytest.raises(ValueError, match=f"price is {price}; it must be 0 or more"):
        MyopicJoint(PlantedJudge(), LOADS, SLATE, price)


BURDEN = np.where(np.arange(12) < 6, 1.0, 0.4).astype(np.float32)
SHOWN = CountedLoads(TOPIC, "lately", 0, 1.0, BURDEN)


def shown_lately(*counts):
    return {**seen([]), "lately": np.array([counts, (0.0, 0.0, 0.0)], np.float32)}


def test_where_showing_loads_what_was_shown_much_is_not_shown_though_nobody_would_open_it():
    """Priced by the opening alone, what hardly anybody opens would cost nothing and fill the page."""
    judge, weights = PlantedJudge(later=-1.0 + 0.0 * TOPIC), PageWeights(future=1.0, price=1.0, bar=2.0)
    worn, rested = TOPIC[TopicPages(judge, SHOWN, SLATE, weights).act(shown_lately(5.0, 5.0, 0.0))]
    assert set(worn) == {2}
    assert 0 in rested


def test_the_less_an_item_wears_the_more_of_it_is_shown():
    page = TopicPages(PlantedJudge(), SHOWN, SLATE, PageWeights(price=1.0, bar=0.0)).act(shown_lately(0.5, 0.5, 0.5))
    assert (page[0] >= 6).all()
    free = TopicPages(PlantedJudge(), SHOWN, SLATE, PageWeights()).act(shown_lately(0.5, 0.5, 0.5))
    assert (free[0] < 6).any()


def test_burdens_of_a_page_add_up():
    """Each pick knows how often its topic stands above it."""
    paced = PageWeights(price=1.0, bar=1.0)
    spread = TOPIC[TopicPages(PlantedJudge(), SHOWN, SLATE, paced).act(shown_lately(1.0, 1.0, 1.0))][0]
    alone = TOPIC[TopicPages(PlantedJudge(), SHOWN, SLATE, PageWeights()).act(shown_lately(1.0, 1.0, 1.0))][0]
    assert len(set(spread)) == 3
    assert len(set(alone)) == 1

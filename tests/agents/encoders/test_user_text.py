"""The user in words: which sentence tells of whom, when it changes, and what a policy of text alone still reads."""

import numpy as np
import pytest
import torch

from driftrec.agents.encoders.user_text import OPENED, UserText, UserWords, sentences, topic_sets, without_numbers
from driftrec.agents.networks.text_ranker import TextRanker

TOPICS = ("boats", "cats", "dance", "eggs")
TOPIC = np.array([0, 0, 1, 1, 2, 2, 3, 3])
SLATE, READS = 2, 6


def words(state="text", seed=0):
    rows = np.random.default_rng(seed).standard_normal((len(topic_sets(4)), 5)).astype(np.float32)
    return UserWords(state, 4, TOPIC, rows, SLATE)


def observe(read=(), ages=(), steps=0, began=0.0):
    """One user, who opened ``read`` (items), ``ages`` hours ago, and is ``steps`` steps into a session."""
    items = torch.full((1, READS), -1)
    age = torch.zeros(1, READS)
    items[0, : len(read)], age[0, : len(read)] = torch.tensor(read), torch.tensor(ages, dtype=torch.float32)
    shown_age = torch.full((1, 8), 500.0)
    shown_age[0, 8 - min(steps * SLATE, 8) :] = began
    history = {
        "shown": torch.zeros(1, 8, dtype=torch.int64),
        "clicked": torch.ones(1, 8),
        "engagement": torch.ones(1, 8),
    }
    reads = {"read_items": items, "read_minutes": (items >= 0).float(), "read_age": age}
    clock = torch.tensor([[900.0, 3.0, float(steps), 2.0]])
    return {"persona": torch.tensor([[1]]), **history, "age": shown_age, **reads, "clock": clock}


def said(observation):
    (number,) = UserText(words(), 4).sentence(observation).tolist()
    return sentences(TOPICS)[number]


@pytest.mark.parametrize(
    ("observation", "expected"),
    [
        (observe(), "I have not opened anything lately."),
        (observe([2], [5]), "Lately I opened things on cats."),
        (observe([6, 0], [5, 9]), "Lately I opened things on boats and eggs."),  # in the topics' order, not in time's
        (observe([6, 7, 0, 2, 3, 4], [1, 2, 3, 4, 5, 6]), "Lately I opened things on boats, cats and eggs."),
        (observe([6, 0, 2, 4, 5], [1, 2, 3, 400, 400]), "Lately I opened things on boats, cats and eggs."),  # faded
        (observe([2, 6], [0.1, 30], steps=2, began=0.3), "Lately I opened things on eggs."),  # cats: this session
        (observe([2, 6], [0.1, 30], steps=0), "Lately I opened things on cats and eggs."),
        (observe([6], [9000.0]), "Lately I opened things on eggs."),  # nothing newer, however long ago
    ],
)
def test_which_sentence_tells_of_whom(observation, expected):
    assert said(observation) == expected


def test_a_sentence_stays_as_time_passes():
    read, ages = [6, 7, 0, 2, 4, 5], np.array([1.0, 60.0, 3.0, 7.0, 20.0, 22.0])
    assert len({said(observe(read, list(ages + later))) for later in (0.0, 0.5, 40.0, 3000.0)}) == 1


@pytest.mark.parametrize(("topics", "count"), [(1, 2), (2, 4), (12, 299), (18, 988)])
def test_there_are_few_sentences_and_all_differ(topics, count):
    names = tuple(f"topic {number}" for number in range(topics))
    assert len(set(sentences(names))) == len(sentences(names)) == count


def test_few_topics_are_enough():
    short = UserWords("text", 1, np.zeros(8, np.int64), np.eye(2, dtype=np.float32), SLATE)
    assert UserText(short, 4).sentence(observe([2], [5])).tolist() == [1]


def test_sentences_of_other_topics_are_refused():
    with pytest.raises(ValueError, match="3 sentences for 15 sets of 4 topics"):
        UserText(UserWords("text", 4, TOPIC, np.eye(3, dtype=np.float32), SLATE), 4)


@pytest.fixture
def context(make_context):
    return make_context(num_items=8, slate_size=SLATE)


def states(context, state, *observations):
    ranker = TextRanker(context, "text", 0, words=None if state == "numeric" else words(state))
    with torch.no_grad():
        return [ranker.state(each).numpy() for each in observations]


def other_numbers():
    """The same sentence by other items and numbers."""
    return observe([3], [8]) | {"engagement": torch.full((1, 8), 9.0)}


@pytest.mark.parametrize(
    ("state", "by_numbers", "by_words"), [("numeric", True, True), ("text", False, True), ("both", True, True)]
)
def test_what_moves_a_state(context, state, by_numbers, by_words):
    plain, numbers, told = states(context, state, observe([2], [5]), other_numbers(), observe([6], [5]))
    assert (not np.allclose(plain, numbers)) is by_numbers
    assert (not np.allclose(plain, told)) is by_words


def test_words_join_the_numbers_without_changing_other_weights(context):
    plain, both = TextRanker(context, "text", 0), TextRanker(context, "text", 0, words=words("both"))
    there = dict(both.named_parameters())
    for name, value in plain.named_parameters():
        assert torch.equal(value, there[name]), name
    assert {name.partition(".")[0] for name in there.keys() - dict(plain.named_parameters()).keys()} == {"user_text"}


def test_a_user_without_numbers_is_as_on_the_first_day():
    blank = without_numbers(observe([2], [5]))
    assert {name: value.unique().tolist() for name, value in blank.items() if name in OPENED} == {
        name: [-1 if name in ("shown", "read_items") else 0] for name in OPENED
    }
    assert blank["persona"].tolist() == [[1]]

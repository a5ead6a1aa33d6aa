"""The packaged news generator: distinct clean texts, hidden numbers as stated, and words that carry them."""

import re
from itertools import pairwise

import numpy as np
import pytest

from driftrec.simulators.newsroom import (
    MAX_ITEMS,
    MAX_PERSONAS,
    generate_news,
    generate_personas,
    subtopic_centres,
    topic_centres,
)
from driftrec.simulators.newsroom.vocabulary import grammar, topics

DEBRIS = re.compile(
    r"[{}\[\]<>_|=]|\s\s|^\s|\s$| [,.;:!?]|\.\.|,,|,\.|[!?]\.|\bNone\b|\bnan\b"
    r"|\b[Aa] (?!one\b|uni)[aeiou]|\b[Aa]n [bcdfgjklmnpqrstvwxz]"
    r"|\b(\w+) \1\b|\b(?:[Aa]n?|[Tt]he) (?:an?|the)\b|[.!?] [a-z]"
)
EXCLAIMED = re.compile(r"!|\byou\b|surpris|hidden truth|everyone|Big news", re.IGNORECASE)
SOURCED = re.compile(r"according to the|analysis|study|figures|\d%|documents|Records|survey", re.IGNORECASE)
GOSSIP = re.compile(r"Rumour|gossip|people online|supposedly|reportedly|Some say|insiders|who knows", re.IGNORECASE)


@pytest.fixture(scope="module")
def news():
    return generate_news()


@pytest.fixture(scope="module")
def large():
    return generate_news(5000, seed=1)


@pytest.fixture(scope="module")
def personas():
    return generate_personas()


def words_of(entry):
    return [*entry.likes, *entry.habits]


def test_geometry_is_spread_out_and_as_stated():
    centres, subtopics = topic_centres(), subtopic_centres()
    assert centres.shape == (18, 16)
    assert subtopics.shape == (18, 4, 16)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(subtopics, axis=-1), 1, atol=1e-12)
    assert np.abs(centres @ centres.T - np.eye(18)).max() < 0.2
    own = np.einsum("tsd,td->ts", subtopics, centres)
    assert own.min() >= np.sqrt(1 - 0.6**2) - 1e-12  # the widest angle an offset of length 0.6 can open


def test_geometry_cannot_be_changed_by_a_caller():
    topic_centres()[:] = 0
    subtopic_centres()[:] = 0
    assert np.abs(topic_centres()).sum() > 1
    assert np.abs(subtopic_centres()).sum() > 1


def test_vocabulary_is_complete():
    assert len(topics()) == 18
    names = [name for topic in topics() for name in topic.subtopics]
    assert len(set(names)) == len(names) == 72
    entries = [words for topic in topics() for words in topic.subtopics.values()]
    assert all(words.likes and words.habits and words.people for words in entries)
    assert len(entries) * min(words.num_stories for words in entries) == MAX_ITEMS
    stories = [(a, m) for words in entries for a in words.actors for m, _ in words.matters]
    assert len(set(stories)) == len(stories)


def test_style_rules_have_five_levels():
    for rule, levels in grammar().items():
        if rule.endswith(("_by_allure", "_by_quality")):
            assert len(levels) == 5, rule
            assert all(levels), rule


def test_titles_texts_and_ids_are_distinct(large):
    assert large.ids[:2] == ("n0001", "n0002")
    assert len(set(large.titles)) == 5000
    assert len(set(zip(large.titles, large.texts, strict=True))) == 5000


def test_all_items_that_the_grammar_can_give_have_distinct_titles():
    assert len(set(generate_news(MAX_ITEMS, seed=2).titles)) == MAX_ITEMS


def test_every_subtopic_is_covered_equally(news):
    assert set(news.topic) == set(range(18))
    counts = dict(zip(*np.unique(news.subtopics, return_counts=True), strict=True))
    assert len(counts) == 72
    assert set(counts.values()) == {13, 14}
    for topic, subtopic in zip(news.topic, news.subtopics, strict=True):
        assert subtopic in topics()[topic].subtopics


def test_latents_lie_around_their_subtopic(large):
    position = {name: (t, s) for t, topic in enumerate(topics()) for s, name in enumerate(topic.subtopics)}
    rows = np.array([position[name] for name in large.subtopics])
    cosine = np.einsum("id,id->i", large.latent, subtopic_centres()[rows[:, 0], rows[:, 1]])
    assert cosine.min() >= np.sqrt(1 - 0.3**2) - 1e-5
    assert cosine.max() < 0.9999


def test_hidden_columns_follow_the_stated_distributions(large):
    # With 5,000 items the standard error of a mean or correlation is about 0.014; the bounds are 4 of them.
    for column in (large.quality, large.allure):
        assert abs(column.mean()) < 0.06
        assert abs(column.std() - 1) < 0.06
    assert abs(np.corrcoef(large.quality, large.allure)[0, 1] + 0.5) < 0.05
    assert abs(np.corrcoef(large.quality, np.log(large.minutes))[0, 1] - 0.2) < 0.06
    assert abs(np.median(large.minutes) - 3.5) < 0.15
    assert large.minutes.min() >= 1
    assert large.minutes.max() <= 10
    for name in ("latent", "quality", "allure", "minutes"):
        assert getattr(large, name).dtype == np.float32
    assert large.topic.dtype == np.int64


def test_same_seed_same_news_other_seed_other_news():
    first = generate_news(200, seed=7)
    assert generate_news(200, seed=7).fingerprint() == first.fingerprint()
    other = generate_news(200, seed=8)
    assert set(first.titles) != set(other.titles)
    assert not np.array_equal(first.quality, other.quality)


def test_few_items_work():
    assert generate_news(5, seed=3).num_items == 5
    assert generate_news(1).num_items == 1


def test_no_template_debris(large, personas):
    for text in (*large.titles, *large.texts, *personas.texts):
        found = DEBRIS.search(text)
        assert found is None, (found, text)
        assert text[0].isupper(), text
    assert all(text[-1] in ".!" for text in (*large.texts, *personas.texts))
    assert not [title for title in large.titles if title.endswith(".")]


def test_texts_are_as_long_as_a_teaser(large):
    lengths = np.array([len(text.split()) for text in large.texts])
    assert lengths.min() >= 8
    assert lengths.max() <= 90


def test_headline_and_text_share_their_matter(news):
    matters = {full: short for t in topics() for w in (t.general, *t.subtopics.values()) for full, short in w.matters}
    told = [
        any(re.sub(r"^(an?|the) ", "", full) in title and full in text for full in matters)
        for title, text in zip(news.titles, news.texts, strict=True)
    ]
    assert all(told)


@pytest.mark.parametrize(
    ("column", "style", "sign"),
    [("allure", EXCLAIMED, 1), ("quality", SOURCED, 1), ("quality", GOSSIP, -1)],
)
def test_style_responds_to_the_latent_but_does_not_give_it_away(large, column, style, sign):
    marked = np.array([bool(style.search(text)) for text in large.documents()], dtype=float)
    latent = getattr(large, column)
    by_fifth = [marked[part].mean() for part in np.array_split(np.argsort(sign * latent), 5)]
    assert all(later >= earlier for earlier, later in pairwise(by_fifth)), by_fifth
    assert by_fifth[-1] - by_fifth[0] > 0.4
    assert np.corrcoef(marked, latent)[0, 1] ** 2 < 0.7


def test_personas_are_distinct_short_and_clean(personas):
    assert personas.num_personas == len(set(personas.texts)) == 320
    lengths = [len(text.split()) for text in personas.texts]
    assert min(lengths) >= 12
    assert max(lengths) <= 35
    assert personas.interest.dtype == np.float32


def test_personas_are_the_same_for_the_same_seed():
    assert generate_personas(40, seed=5).fingerprint() == generate_personas(40, seed=5).fingerprint()
    assert not set(generate_personas(40, seed=5).texts) & set(generate_personas(40, seed=6).texts)


def test_persona_texts_name_exactly_the_interests_in_order_of_weight(personas):
    entries = [words for topic in topics() for words in topic.subtopics.values()]
    phrases = [re.compile(rf"\b(?:{'|'.join(map(re.escape, words_of(entry)))})\b") for entry in entries]
    centres = subtopic_centres().reshape(72, 16)
    for text, interest in zip(personas.texts, personas.interest, strict=True):
        places = {s: found.start() for s, phrase in enumerate(phrases) if (found := phrase.search(text))}
        named = sorted(places, key=places.__getitem__)
        weights, *_ = np.linalg.lstsq(centres[named].T, interest, rcond=None)
        np.testing.assert_allclose(weights @ centres[named], interest, atol=1e-5, err_msg=text)
        assert 2 <= len(named) <= 4, text
        assert len({s // 4 for s in named}) > 1, text
        assert weights[-1] > 0, text
        assert all(heavier >= lighter for heavier, lighter in pairwise(weights)), (text, weights)


def test_the_audience_spans_all_topics(personas):
    affinity = personas.interest @ topic_centres().T  # (personas, topics)
    assert set(affinity.argmax(axis=1)) == set(range(18))


@pytest.mark.parametrize("num_items", [0, -3, MAX_ITEMS + 1])
def test_news_refuses_numbers_out_of_range(num_items):
    with pytest.raises(ValueError, match=f"num_items is {num_items}; .*1 to {MAX_ITEMS} items with distinct titles"):
        generate_news(num_items)


@pytest.mark.parametrize("num_personas", [0, -1, MAX_PERSONAS + 1])
def test_personas_refuse_numbers_out_of_range(num_personas):
    with pytest.raises(ValueError, match=f"num_personas is {num_personas}; give a number between 1 and {MAX_PERSONAS}"):
        generate_personas(num_personas)

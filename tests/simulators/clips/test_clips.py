"""The packaged clips: distinct clean texts, hidden numbers as stated, and words that carry them, not perfectly."""

import re

import numpy as np
import pytest

from driftrec.simulators.clips import MAX_CLIPS, MAX_VIEWERS, generate_clips, generate_viewers
from driftrec.simulators.clips.clip_words import clip_grammar, clip_topics, corners, ways


@pytest.fixture(scope="module")
def clips():
    return generate_clips()


def test_there_are_as_many_as_said_in_equal_parts(clips):
    assert clips.num_items == 1008
    assert np.bincount(clips.topic).tolist() == [84] * 12
    assert len(set(clips.titles)) == 1008
    assert len(set(generate_clips(MAX_CLIPS, seed=1).titles)) == MAX_CLIPS
    assert sum(len(each.things) * len(ways()[each.topic]) for each in corners()) == MAX_CLIPS
    assert generate_viewers().num_personas == 320


def test_the_same_seed_gives_the_same_and_another_another(clips):
    assert clips.fingerprint() == generate_clips().fingerprint() != generate_clips(seed=1).fingerprint()
    assert generate_viewers().fingerprint() == generate_viewers().fingerprint()
    assert generate_viewers(20, seed=1).texts != generate_viewers(20).texts


def test_hidden_numbers_are_distributed_as_stated():
    many = generate_clips(MAX_CLIPS, seed=3)
    assert many.quality.std() == pytest.approx(1, abs=0.15)
    assert np.corrcoef(many.quality, many.allure)[0, 1] == pytest.approx(-0.5, abs=0.12)
    assert np.log(many.minutes).std() == pytest.approx(0.4, abs=0.02)
    assert np.abs(np.log(many.minutes).mean()) < 0.05
    by_creator = {}
    for text, quality in zip(many.texts, many.quality, strict=True):
        by_creator.setdefault(re.search(r"@(\w+)", text)[1], []).append(quality)
    assert len(by_creator) == 60
    assert np.std([np.mean(values) for values in by_creator.values()]) == pytest.approx(np.sqrt(0.4), abs=0.15)


def test_texts_are_clean(clips):
    people = generate_viewers(500, seed=2).texts
    for text in (*clips.titles, *clips.texts, *people):
        assert "{" not in text
        assert "  " not in text
        assert text == text.strip()
        assert text[0] == "@" or not text[0].islower()


def levels(clips, rule, where):
    """Level of the pattern of ``rule`` that each text holds, -1 where none can be told."""
    told = np.full(clips.num_items, -1)
    for level, patterns in enumerate(clip_grammar()[rule]):
        for pattern in filter(None, patterns):
            words = re.escape(pattern).replace(r"\{t\}", ".+").replace(r"\{w\}", ".+")
            told[
                [
                    bool(re.fullmatch(words, text, re.IGNORECASE) if where == "titles" else pattern in text)
                    for text in getattr(clips, where)
                ]
            ] = level
    return told


@pytest.mark.parametrize(
    ("rule", "where", "latent"), [("lines_by_quality", "texts", "quality"), ("hooks_by_allure", "texts", "allure")]
)
def test_style_betrays_quality_and_allure_and_not_perfectly(clips, rule, where, latent):
    told, hidden = levels(clips, rule, where), getattr(clips, latent)
    known = told >= 0
    assert 0.3 < known.mean() < 0.95  # some texts do not say
    assert 0.75 < np.corrcoef(told[known], hidden[known])[0, 1] < 0.97


def test_words_betray_topics_and_not_always(clips):
    """The thing that a clip shows is of its topic; of some clips the title does not say it."""
    things = {thing.lower(): each.topic for each in corners() for thing in each.things}
    told = []
    for title, topic in zip(clips.titles, clips.topic, strict=True):
        found = [things[thing] for thing in things if thing in title.lower()]
        told.append(None if not found else topic in found)
    assert False not in told
    assert 0.03 < told.count(None) / len(told) < 0.15


def test_viewers_name_the_topics_that_they_are_nearest_to(clips):
    people, directions = generate_viewers(), clips.topic_directions()
    nearest = np.argsort(-(people.interest @ directions.T), axis=1)[:, :2]
    words = [{*each.likes, each.habit} for each in corners()]
    named = [
        {each.topic for each, said in zip(corners(), words, strict=True) if any(word in text for word in said)}
        for text in people.texts
    ]
    right = np.mean([set(top.tolist()) <= names for top, names in zip(nearest, named, strict=True)])
    misled = np.mean([len(names) > 2 for names in named])
    assert right > 0.9
    assert 0.2 < misled < 0.7  # by a topic that means nothing


@pytest.mark.parametrize("count", [0, -1, MAX_CLIPS + 1])
def test_counts_out_of_range_are_refused(count):
    with pytest.raises(ValueError, match=f"num_items is {count}; the grammar gives 1 to {MAX_CLIPS} clips"):
        generate_clips(count)
    with pytest.raises(TypeError, match=r"num_items is 2\.5; it must be a whole number"):
        generate_clips(2.5)
    with pytest.raises(ValueError, match=f"num_personas is 0; give a number between 1 and {MAX_VIEWERS}"):
        generate_viewers(0)


def test_there_are_topics_of_four_subtopics():
    assert len(clip_topics()) == len(set(clip_topics())) == 12
    assert np.bincount([each.topic for each in corners()]).tolist() == [4] * 12

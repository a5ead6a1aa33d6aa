"""The packaged songs: distinct clean texts, hidden numbers as stated, and words that carry them, not perfectly."""

import numpy as np
import pytest

from driftrec.simulators.feed.mood import MOODS
from driftrec.simulators.songs import MAX_LISTENERS, MAX_SONGS, generate_listeners, generate_songs
from driftrec.simulators.songs.song_writer import song_words, style_names


@pytest.fixture(scope="module")
def songs():
    return generate_songs()


def test_there_are_as_many_as_said_in_equal_parts(songs):
    assert songs.num_items == len(set(songs.titles)) == 1000
    assert np.bincount(songs.topic).tolist() == [100] * 10
    assert sorted(songs.subtopics.count(mood) for mood in MOODS) == [333, 333, 334]
    assert set(song_words()["moods"]) == set(MOODS)
    assert len(set(generate_songs(MAX_SONGS, seed=1).titles)) == MAX_SONGS
    assert generate_listeners().num_personas == 320


def test_the_same_seed_gives_the_same_and_another_another(songs):
    assert songs.fingerprint() == generate_songs().fingerprint() != generate_songs(seed=1).fingerprint()
    assert generate_listeners().fingerprint() == generate_listeners().fingerprint()


def test_hidden_numbers_are_distributed_as_stated():
    many = generate_songs(MAX_SONGS, seed=3)
    assert np.corrcoef(many.quality, many.allure)[0, 1] == pytest.approx(-0.5, abs=0.05)
    assert np.log(many.minutes).std() == pytest.approx(0.2, abs=0.01)
    assert np.log(many.minutes).mean() == pytest.approx(np.log(3.5), abs=0.02)


def test_texts_are_clean(songs):
    for text in (*songs.titles, *songs.texts, *generate_listeners(500, seed=2).texts):
        assert "{" not in text
        assert "  " not in text
        assert text == text.strip()
        assert text[0].isupper()


def test_words_betray_style_and_mood_and_not_always(songs):
    styles, moods = song_words()["styles"], song_words()["moods"]
    of_style = np.array(
        [any(sound in text for sound in styles[t]["sounds"]) for t, text in zip(songs.topic, songs.texts, strict=True)]
    )
    lines = np.array(
        [any(line in text for line in moods[m]["lines"]) for m, text in zip(songs.subtopics, songs.texts, strict=True)]
    )
    words = np.array(
        [any(word in t for word in moods[m]["words"]) for m, t in zip(songs.subtopics, songs.titles, strict=True)]
    )
    assert 0.85 < of_style.mean() < 0.97
    assert 0.5 < lines.mean() < 0.7
    assert words.mean() > 0.8


def test_critics_betray_quality_and_not_perfectly(songs):
    told = np.full(songs.num_items, -1)
    for level, lines in enumerate(song_words()["lines_by_quality"]):
        told[[any(line in text for line in lines) for text in songs.texts]] = level
    known = told >= 0
    assert 0.6 < known.mean() < 0.9
    assert 0.75 < np.corrcoef(told[known], songs.quality[known])[0, 1] < 0.97


def test_listeners_are_nearest_to_the_styles_that_they_name(songs):
    people, directions = generate_listeners(), songs.topic_directions()
    nearest = np.argsort(-(people.interest @ directions.T), axis=1)[:, :2]
    styles = song_words()["styles"]
    right = [
        all(any(said in text for said in (*styles[t]["likes"], styles[t]["habit"])) for t in top)
        for top, text in zip(nearest.tolist(), people.texts, strict=True)
    ]
    assert np.mean(right) > 0.8
    assert len(style_names()) == 10


@pytest.mark.parametrize("count", [0, -1, MAX_SONGS + 1])
def test_counts_out_of_range_are_refused(count):
    with pytest.raises(ValueError, match=f"num_items is {count}; the grammar gives 1 to {MAX_SONGS} songs"):
        generate_songs(count)
    with pytest.raises(ValueError, match=f"num_personas is 0; give a number between 1 and {MAX_LISTENERS}"):
        generate_listeners(0)

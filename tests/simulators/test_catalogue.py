"""Catalogue and audience: written, read back, and refused where a column or a file is not right."""

import dataclasses
import json
import os

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from driftrec.simulators.catalogue import (
    ARRAYS_FILE,
    TEXTS_FILE,
    Catalogue,
    Personas,
    load_catalogue,
    load_provenance,
    save_catalogue,
)

UNIT = np.eye(3, dtype=np.float32)
CATALOGUE = Catalogue(
    ids=("a", "b", "c"),
    titles=("Ants", "Bees!", "Cats"),
    texts=("They march.", "They hum.", ""),
    topic_names=("insects", "pets"),
    subtopics=("", "", "indoors"),
    topic=np.array([0, 0, 1]),
    latent=UNIT,
    quality=np.array([0.5, -1.0, 2.0], np.float32),
    allure=np.array([0.0, 1.0, -1.0], np.float32),
    minutes=np.array([1.0, 2.5, 9.0], np.float32),
)
PERSONAS = Personas(("Likes ants.", "Likes bees."), UNIT[:2])


@pytest.fixture
def folder(tmp_path):
    save_catalogue(tmp_path, CATALOGUE, PERSONAS, {"rule": "by hand"})
    return tmp_path


def test_what_was_written_is_read_back(folder):
    catalogue, personas = load_catalogue(folder)
    for one, other in ((catalogue, CATALOGUE), (personas, PERSONAS)):
        for field in dataclasses.fields(one):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)
        assert one.fingerprint() == other.fingerprint()
    assert json.loads((folder / TEXTS_FILE).read_text())["provenance"] == {"rule": "by hand"}


def test_documents_are_title_and_text_with_one_stop_between():
    assert CATALOGUE.documents() == ["Ants. They march.", "Bees! They hum.", "Cats"]


@pytest.mark.parametrize("column", [field.name for field in dataclasses.fields(Catalogue)])
def test_every_column_changes_the_fingerprint(column):
    value = getattr(CATALOGUE, column)
    if column == "latent":
        other = -value
    elif isinstance(value, tuple):
        other = (*value[:-1], f"{value[-1]} or so")
    else:
        other = value[::-1].copy()
    assert dataclasses.replace(CATALOGUE, **{column: other}).fingerprint() != CATALOGUE.fingerprint()


def test_topic_directions_are_mean_directions_and_that_of_all_items_where_there_are_none():
    catalogue = dataclasses.replace(CATALOGUE, topic_names=("insects", "pets", "none"))
    half, third = np.sqrt(1 / 2), np.sqrt(1 / 3)
    expected = [[half, half, 0], [0, 0, 1], [third, third, third]]
    np.testing.assert_allclose(catalogue.topic_directions(), expected)


def test_words_that_move_from_title_to_text_change_the_fingerprint():
    moved = dataclasses.replace(CATALOGUE, titles=("AntsT", "Bees!", "Cats"), texts=("hey march.", "They hum.", ""))
    assert moved.fingerprint() != CATALOGUE.fingerprint()


@pytest.mark.parametrize(
    ("texts", "interest", "message"),
    [
        (("One.", " "), UNIT[:2], "Row 1 of persona texts is empty; every row needs a text"),
        (("One.", None), UNIT[:2], "Row 1 of persona texts is None, not a string"),
        (("One.",), UNIT[:2], "1 persona texts for 2 interest rows"),
        ((), UNIT[:0], "0 persona texts for 0 interest rows; need one each"),
        (("One.", "Two."), np.full((2, 3), np.nan, np.float32), r"persona interest of '0' \(row 0\) holds NaN"),
        (("One.", "Two."), 2 * UNIT[:2], r"persona interest of '0' \(row 0\) has length 2; rows must have length 1"),
    ],
)
def test_bad_audiences_are_refused(texts, interest, message):
    with pytest.raises(ValueError, match=message):
        Personas(texts, interest)


def spoilt(change):
    """A change of the texts file's content."""

    def spoil(folder):
        content = json.loads((folder / TEXTS_FILE).read_text())
        change(content)
        (folder / TEXTS_FILE).write_text(json.dumps(content))

    return spoil


def arrays(**changes):
    """A change of the arrays file; None takes an array away."""

    def spoil(folder):
        content = {**load_file(folder / ARRAYS_FILE), **changes}
        save_file({name: value for name, value in content.items() if value is not None}, folder / ARRAYS_FILE)

    return spoil


def cut(name):
    """Half of a file."""

    def spoil(folder):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])

    return spoil


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoilt(lambda c: c["items"][1].update(id="a")), r"Item id 'a' stands in rows \[0, 1\]; ids must be unique"),
        (spoilt(lambda c: c["items"][2].update(title="")), "Row 2 of titles is empty"),
        (spoilt(lambda c: c["items"][2].update(title=None)), "Row 2 of titles is None, not a string"),
        (spoilt(lambda c: c["items"][2].update(text=None)), "Row 2 of texts is None, not a string"),
        (spoilt(lambda c: c["items"][2].pop("text")), "'text' is missing"),
        (spoilt(lambda c: c["items"].pop()), "has 3 rows for 2 item ids"),
        (spoilt(lambda c: c["items"].clear()), "The catalogue holds no items"),
        (spoilt(lambda c: c["personas"].__setitem__(0, "")), "Row 0 of persona texts is empty"),
        (spoilt(lambda c: c.update(format=2)), "its format is 2, and this version reads 1"),
        (spoilt(lambda c: c.pop("format")), "'format' is missing"),
        (spoilt(lambda c: c["topics"].pop()), "Item 'c' has topic 1; there are 1 topic names"),
        (arrays(latent=np.full((3, 3), np.nan, np.float32)), r"latent of 'a' \(row 0\) holds NaN or infinity"),
        (arrays(quality=np.array([0, np.inf, 0], np.float32)), r"quality of 'b' \(row 1\) holds NaN or infinity"),
        (arrays(allure=np.array([0, 0, np.nan], np.float32)), r"allure of 'c' \(row 2\) holds NaN or infinity"),
        (arrays(minutes=np.array([1, -np.inf, 1], np.float32)), r"minutes of 'b' \(row 1\) holds NaN or infinity"),
        (arrays(persona_interest=np.full((2, 3), np.inf, np.float32)), "persona interest of '0'"),
        (arrays(allure=None), "'allure' is missing"),
        (arrays(topic=np.array([0, 0, 1], np.int32)), "topic is int32; it must be int64"),
        (arrays(topic=np.array([0.0, 0.5, 1.0])), "topic is float64; it must be int64"),
        (arrays(latent=np.eye(3)), "latent is float64; it must be float32"),
        (arrays(minutes=np.ones(3, np.float16)), "minutes is float16; it must be float32"),
        (arrays(persona_interest=np.eye(3)[:2]), "persona interest is float64; it must be float32"),
        (cut(TEXTS_FILE), "Unterminated|Expecting"),
        (cut(ARRAYS_FILE), "header|incomplete|File|buffer"),
    ],
)
def test_a_spoilt_folder_is_refused_by_name(folder, spoil, message):
    spoil(folder)
    with pytest.raises(ValueError, match=message) as caught:
        load_catalogue(folder)
    assert str(caught.value).startswith(f"Catalogue folder {folder} is not valid: ")
    assert "driftrec encode" in str(caught.value)


@pytest.mark.parametrize("name", [TEXTS_FILE, ARRAYS_FILE])
def test_a_folder_that_lacks_a_file_is_no_catalogue_folder(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"is not a catalogue folder: it has no {name}.*driftrec encode"):
        load_catalogue(folder)


@pytest.mark.parametrize("name", [TEXTS_FILE, ARRAYS_FILE])
def test_a_file_that_may_not_be_read_is_told_as_that(open_folder, as_nobody, name):
    save_catalogue(open_folder, CATALOGUE, PERSONAS, {})
    with as_nobody(open_folder / name), pytest.raises(PermissionError, match=f"Permission denied: .*{name}"):
        load_catalogue(open_folder)


def test_files_have_the_permissions_that_the_umask_gives(tmp_path):
    before = os.umask(0o022)
    try:
        save_catalogue(tmp_path, CATALOGUE, PERSONAS, {})
    finally:
        os.umask(before)
    assert {oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {"0o644"}


def test_provenance_is_read_back_and_empty_where_there_is_none(folder):
    assert load_provenance(folder) == {"rule": "by hand"}
    spoilt(lambda content: content.pop("provenance"))(folder)
    assert load_provenance(folder) == {}

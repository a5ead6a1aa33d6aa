"""From a CSV file to a catalogue folder and from there to a setting, with all checks on the way."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from driftrec.agents.catalogues import catalogue_folder
from driftrec.agents.catalogues.catalogue_folder import (
    CHECKSUM,
    EMBEDDINGS_FILE,
    build_catalogue_folder,
    check_out,
    load_embeddings,
    write_catalogue_folder,
)
from driftrec.agents.catalogues.read_items import read_items
from driftrec.agents.catalogues.setting import load_setting
from driftrec.agents.text import text_encoder
from driftrec.agents.text.text_encoder import TextEncoder
from driftrec.envs import catalogues
from driftrec.simulators import files
from driftrec.simulators.catalogue import load_catalogue, save_catalogue

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def tiny(tiny_model: Path) -> TextEncoder:
    return TextEncoder(tiny_model)


@pytest.fixture
def folder(csv: Path, tmp_path: Path, tiny: TextEncoder) -> Path:
    build_catalogue_folder(csv, tmp_path / "folder", tiny, 7)
    return tmp_path / "folder"


def refuse(*args, **kwargs):
    raise AssertionError("the model was loaded")


def test_a_dozen_rows_to_a_folder_and_back(csv, folder, tiny, monkeypatch):
    monkeypatch.setattr(text_encoder, "load_model", refuse)  # what is stored needs no model
    setting = load_setting(folder)
    items = read_items(csv)
    assert setting.catalogue.ids == items.ids
    assert setting.catalogue.titles == items.titles
    assert setting.catalogue.topic_names == ("Animals", "Food", "Music", "Other", "Sports")
    assert setting.item_embeddings.shape == (12, 24)
    assert setting.persona_embeddings.shape == (setting.personas.num_personas, 24)
    assert setting.encoder_fingerprint == tiny.fingerprint
    same = load_setting(str(folder), TextEncoder(tiny.folder))
    assert np.array_equal(same.item_embeddings, setting.item_embeddings)


def test_embeddings_are_those_of_the_documents(folder, tiny):
    setting = load_setting(folder)
    direct = tiny.encode(["Soup of the year named. Leek won by a spoon.", "Violin found in attic"])
    np.testing.assert_allclose(setting.item_embeddings[[6, 10]], direct, atol=1e-5)


def test_the_audience_is_derived_from_the_texts_that_a_recommender_sees(csv, tmp_path, tiny, monkeypatch):
    csv.write_text(csv.read_text(encoding="utf-8").replace("Soup of the year named", "Which soup won?"))
    encoded, encode = [], catalogue_folder.encode_cached

    def spy(encoder, texts, progress):
        encoded.append(list(texts))
        return encode(encoder, texts, progress=progress)

    monkeypatch.setattr(catalogue_folder, "encode_cached", spy)
    catalogue, personas = build_catalogue_folder(csv, tmp_path / "folder", tiny, 7)
    assert encoded == [catalogue.documents(), list(personas.texts)]
    assert "Which soup won? Leek won by a spoon." in encoded[0]


def test_provenance_is_stored(folder, tiny):
    provenance = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))["provenance"]
    assert provenance["seed"] == 7
    assert provenance["source"] == "items.csv"
    assert provenance["encoder_fingerprint"] == tiny.fingerprint


def test_another_encoder_encodes_again(folder, tiny):
    stored = load_setting(folder)
    other = load_setting(folder, TextEncoder(tiny.folder, prompt="News: {text}"))
    assert other.encoder_fingerprint != stored.encoder_fingerprint
    assert not np.allclose(other.item_embeddings, stored.item_embeddings, atol=1e-2)


def test_folder_without_embeddings_is_encoded_by_the_encoder_that_it_names(folder, tiny):
    stored = load_setting(folder)
    (folder / EMBEDDINGS_FILE).unlink()
    np.testing.assert_allclose(load_setting(folder, tiny).item_embeddings, stored.item_embeddings, atol=1e-5)
    command = f"driftrec encode --catalogue items.csv --seed 7 --out {folder} --model {tiny.folder} --pooling mean"
    with pytest.raises(FileNotFoundError, match=rf"no {EMBEDDINGS_FILE}, and .* \(mean pooling\).*{command}"):
        load_setting(folder)


def test_folder_of_the_packaged_news_names_its_encoder_too(folder, tiny, tmp_path):
    catalogue, personas = load_catalogue(folder)
    embeddings = load_embeddings(folder, catalogue, personas)[:2]
    write_catalogue_folder(tmp_path / "news", catalogue, personas, *embeddings, tiny, {"rule": "packaged news"})
    assert load_setting(tmp_path / "news").encoder_fingerprint == tiny.fingerprint
    (tmp_path / "news" / EMBEDDINGS_FILE).unlink()
    with pytest.raises(FileNotFoundError, match=f"driftrec encode --out {tmp_path / 'news'} --model {tiny.folder}"):
        load_setting(tmp_path / "news")


def test_a_folder_that_names_no_other_encoder_gets_the_built_in_one(folder, tmp_path, monkeypatch, tiny):
    monkeypatch.setattr("driftrec.agents.catalogues.setting.TextEncoder", lambda device="cpu": tiny)  # faster
    save_catalogue(tmp_path / "plain", *load_catalogue(folder), {})
    assert load_setting(tmp_path / "plain").encoder_fingerprint == tiny.fingerprint


def test_context_shows_no_hidden_columns(folder):
    setting = load_setting(folder)
    context = setting.context(5)
    assert (context.slate_size, context.num_items) == (5, 12)
    assert context.titles == setting.catalogue.titles
    for size in (0, 13):
        with pytest.raises(ValueError, match=rf"slate_size is {size}; it must be in 1\.\.12"):
            setting.context(size)


def test_packaged_news_goes_through_the_cache(folder, tiny, monkeypatch):
    monkeypatch.setattr(catalogues, "packaged_catalogue", lambda: load_catalogue(folder))
    first = load_setting(None, tiny)
    monkeypatch.setattr(text_encoder, "load_model", refuse)
    assert np.array_equal(load_setting(None, TextEncoder(tiny.folder)).item_embeddings, first.item_embeddings)
    assert first.item_embeddings.shape == (12, 24)


def flip_a_bit(array: np.ndarray) -> None:
    array.view(np.uint32)[3, 5] ^= 1


def spoil(folder: Path, change) -> None:
    """Rewrite the embeddings with one change, under the right fingerprints."""
    with safe_open(folder / EMBEDDINGS_FILE, framework="numpy") as file:
        metadata = file.metadata()
    arrays = load_file(folder / EMBEDDINGS_FILE)
    change(arrays, metadata)
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / EMBEDDINGS_FILE, metadata)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, m: a["items"].__setitem__((3, 5), np.nan), r"'items' of 's1' \(row 3\) holds NaN"),
        (lambda a, m: a["personas"].__setitem__((2, 0), np.inf), r"'personas' of .* \(row 2\) holds NaN"),
        (lambda a, m: a.update(items=a["items"][:11]), r"'items' has shape \(11, 24\); expected 12 rows"),
        (lambda a, m: a.update(items=a["items"].astype(np.float64)), "'items' is float64; expected float32"),
        (
            lambda a, m: m.update(catalogue_fingerprint="0"),
            r"not made for the catalogue.*catalogue_fingerprint",
        ),
        (lambda a, m: m.pop("encoder_fingerprint"), "no encoder_fingerprint"),
        (
            lambda a, m: a["items"].__setitem__(4, 0.0),
            r"'items' of 's2' \(row 4\) has length 0; rows must have",
        ),
        (lambda a, m: a["personas"].__setitem__(0, 3 * a["personas"][0]), r"'personas' of .* \(row 0\) has length 3;"),
        (lambda a, m: a.update(items=a["items"][::-1]), r"is damaged \(its checksum is wrong\).*driftrec encode --cat"),
        (lambda a, m: a.update(personas=np.roll(a["personas"], 1, 0)), r"is damaged \(its checksum is wrong\)"),
        (lambda a, m: flip_a_bit(a["items"]), r"is damaged \(its checksum is wrong\)"),
        (lambda a, m: flip_a_bit(a["personas"]), r"is damaged \(its checksum is wrong\)"),
        (lambda a, m: m.update(encoder_fingerprint="0" * 64), r"by another encoder \(fingerprint 000000000000\) than"),
        (lambda a, m: m.pop(CHECKSUM), "of an older version, without a checksum to verify it by; make it again with"),
    ],
)
def test_spoilt_embeddings(folder, change, message):
    spoil(folder, change)
    with pytest.raises(ValueError, match=message) as caught:
        load_setting(folder)
    assert EMBEDDINGS_FILE in str(caught.value)


def test_truncated_embeddings_and_changed_catalogue(folder):
    catalogue, personas = load_catalogue(folder)
    with pytest.raises(ValueError, match="not made for the catalogue"):
        load_embeddings(folder, replace(catalogue, titles=("New", *catalogue.titles[1:])), personas)
    (folder / EMBEDDINGS_FILE).write_bytes((folder / EMBEDDINGS_FILE).read_bytes()[:1000])
    with pytest.raises(ValueError, match="is damaged"):
        load_embeddings(folder, catalogue, personas)
    with pytest.raises(FileNotFoundError, match="not a catalogue folder"):
        load_setting(folder.parent)


def test_foreign_folders_are_not_written_over(csv, rows, tmp_path, folder, tiny, monkeypatch):
    build_catalogue_folder(csv, folder, tiny, 8)  # its own kind is replaced
    assert json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))["provenance"]["seed"] == 8
    assert load_setting(folder).catalogue.num_items == 12
    catalogue, personas = load_catalogue(folder)
    embeddings = load_embeddings(folder, catalogue, personas)[:2]
    monkeypatch.setattr(text_encoder, "load_model", refuse)
    fresh = TextEncoder(tiny.folder)
    with pytest.raises(FileExistsError, match=r"not a catalogue folder: it holds folder, items\.csv"):
        build_catalogue_folder(csv, tmp_path, fresh, 7)
    with pytest.raises(FileExistsError, match="is a file"):
        build_catalogue_folder(csv, csv, fresh, 7)
    with pytest.raises(FileExistsError, match="not a catalogue folder"):
        write_catalogue_folder(tmp_path, catalogue, personas, *embeddings, fresh, {})
    assert csv.read_text(encoding="utf-8") == rows


def test_a_plain_saved_catalogue_may_be_replaced(csv, folder, tmp_path, tiny):
    save_catalogue(tmp_path / "plain", *load_catalogue(folder), {})
    build_catalogue_folder(csv, tmp_path / "plain", tiny, 1)
    assert load_setting(tmp_path / "plain").catalogue.num_items == 12


def test_vectors_that_are_no_unit_rows_are_not_written(folder, tiny, tmp_path):
    catalogue, personas = load_catalogue(folder)
    items, people, _ = load_embeddings(folder, catalogue, personas)
    with pytest.raises(ValueError, match=r"'items' of 'a1' \(row 0\) has length 2; rows must have length 1"):
        write_catalogue_folder(tmp_path / "new", catalogue, personas, 2 * items, people, tiny, {})
    assert not (tmp_path / "new").exists()


def test_a_catalogue_made_anew_by_the_same_command_is_the_same(csv, folder, tiny):
    before = load_setting(folder)
    spoil(folder, lambda arrays, metadata: metadata.pop(CHECKSUM))
    build_catalogue_folder(csv, folder, TextEncoder(tiny.folder), 7)
    assert load_setting(folder).fingerprints() == before.fingerprints()  # so checkpoints stay good


@pytest.mark.parametrize("stopped_at", range(3))
def test_stopped_between_two_files_a_folder_is_refused_or_as_before(csv, folder, tiny, monkeypatch, stopped_at):
    before = load_setting(folder).fingerprints()
    csv.write_text(csv.read_text(encoding="utf-8").replace("Soup of the year", "Stew of the year"), encoding="utf-8")
    replace_file, done = os.replace, []

    def stop(part, path):
        if len(done) == stopped_at:
            raise KeyboardInterrupt
        done.append(path)
        replace_file(part, path)

    monkeypatch.setattr(files.os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        build_catalogue_folder(csv, folder, tiny, 7)
    assert len(list(folder.iterdir())) == 3  # nothing half written
    if stopped_at == 0:
        assert load_setting(folder).fingerprints() == before
    else:
        with pytest.raises(ValueError, match="was not made for the catalogue beside it"):
            load_setting(folder)


def test_what_a_killed_process_left_does_not_make_a_folder_foreign(csv, folder, tiny):
    (folder / ".catalogue.json.0123abcd.part").touch()
    build_catalogue_folder(csv, folder, tiny, 8)
    assert load_setting(folder).catalogue.num_items == 12


@pytest.fixture
def full_disk(monkeypatch):
    """Call with folders to which nothing can be written any more."""

    def fill(*folders):
        write = Path.write_bytes

        def fail(self, data):
            if any(folder in self.parents for folder in folders):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(self, data)

        monkeypatch.setattr(Path, "write_bytes", fail)

    return fill


def test_on_a_full_disk_what_was_made_is_kept_elsewhere(csv, tmp_path, tiny, monkeypatch, full_disk):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    full_disk(tmp_path / "out")
    with pytest.raises(OSError, match=rf"{tmp_path}/out/.* cannot be written: No space left on device\.") as caught:
        build_catalogue_folder(csv, tmp_path / "out", tiny, 7)
    (kept,) = (tmp_path / "temporary").iterdir()
    assert str(caught.value).endswith(f"What was made is kept in {kept}; move it to {tmp_path / 'out'}.")
    assert load_setting(kept).catalogue.num_items == 12


def test_with_no_room_anywhere_the_old_folder_stays(csv, folder, tmp_path, tiny, monkeypatch, full_disk):
    before = load_setting(folder).fingerprints()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    full_disk(folder, tmp_path / "temporary")
    with pytest.raises(OSError, match=rf"{folder}/.*No space left.*\. What .*cache holds is not encoded again"):
        build_catalogue_folder(csv, folder, tiny, 8)
    assert list((tmp_path / "temporary").iterdir()) == []
    assert load_setting(folder).fingerprints() == before


def test_where_nothing_may_be_written_is_found_out_before_any_work(csv, open_folder, as_nobody, tiny):
    (open_folder / "theirs").mkdir()
    with as_nobody(open_folder / "theirs", 0o555):
        for out in (open_folder / "theirs", open_folder / "theirs" / "new"):
            with pytest.raises(PermissionError, match=rf"{open_folder / 'theirs'} may not be written to; give another"):
                check_out(out)


def test_embeddings_that_may_not_be_read_are_told_as_that(folder, open_folder, as_nobody):
    for path in folder.iterdir():
        (open_folder / path.name).write_bytes(path.read_bytes())
    with as_nobody(open_folder / EMBEDDINGS_FILE), pytest.raises(PermissionError, match=f"denied: .*{EMBEDDINGS_FILE}"):
        load_setting(open_folder)

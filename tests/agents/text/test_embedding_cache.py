"""The cache of embeddings: its key, hits, damage, and a disk that is full."""

import os
import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from driftrec.agents.text import text_encoder
from driftrec.agents.text.embedding_cache import FILE, RowStore, default_cache_folder, encode_cached, row_key
from driftrec.agents.text.text_encoder import TextEncoder


def refuse_to_load(*args, **kwargs):
    raise AssertionError("the model was loaded")


def test_everything_that_changes_a_vector_changes_the_key(causal_folder):
    base = row_key(TextEncoder(causal_folder), "red")
    others = [
        row_key(TextEncoder(causal_folder), "blue"),
        row_key(TextEncoder(causal_folder), "red", "packaged news"),
        row_key(TextEncoder(causal_folder), "d", "re"),
        row_key(TextEncoder(causal_folder, prompt="a {text}"), "red"),
        row_key(TextEncoder(causal_folder, pooling="mean"), "red"),
        row_key(TextEncoder(causal_folder, max_length=9), "red"),
        row_key(TextEncoder(), "red"),
    ]
    assert len({base, *others}) == 8
    assert base == row_key(TextEncoder(causal_folder, pooling="last", batch_size=3), "red")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
def test_every_model_file_changes_the_fingerprint(causal_folder, tmp_path, name):
    for path in causal_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = TextEncoder(tmp_path).fingerprint
    assert before == TextEncoder(causal_folder).fingerprint  # the path does not count
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b" ")
    assert TextEncoder(tmp_path).fingerprint != before


def test_what_was_encoded_does_not_load_the_model_in_any_order(causal_folder, tmp_path, monkeypatch):
    first = encode_cached(TextEncoder(causal_folder), ["red", "blue film"], tmp_path)
    monkeypatch.setattr(text_encoder, "load_model", refuse_to_load)
    again = encode_cached(TextEncoder(causal_folder), ["blue film", "red", "blue film"], tmp_path)
    assert np.array_equal(first[[1, 0, 1]], again)
    assert again.flags.writeable
    for texts, scope in ((["blue film", "song"], ""), (["red"], "packaged news")):
        with pytest.raises(AssertionError, match="loaded"):
            encode_cached(TextEncoder(causal_folder), texts, tmp_path, scope=scope)


TEXTS = [" ".join((words * 3)[:length]) for words in (["red", "film"], ["blue", "song"]) for length in (1, 3, 2, 4, 6)]


@pytest.fixture
def asked(monkeypatch):
    """Texts that the model was asked for, by row."""
    seen, embed = [], TextEncoder._embed
    monkeypatch.setattr(TextEncoder, "_embed", lambda self, tokens: seen.append(len(tokens)) or embed(self, tokens))
    return seen


def test_an_added_item_costs_one_text_and_leaves_the_others_their_bits(causal_folder, tmp_path, asked):
    encoder = TextEncoder(causal_folder)
    before = encode_cached(encoder, TEXTS, tmp_path)
    assert asked == [len(TEXTS)]
    after = encode_cached(encoder, ["a b c", *TEXTS], tmp_path)
    assert asked == [len(TEXTS), 1]
    assert np.array_equal(after[1:], before)
    np.testing.assert_allclose(after[0], encoder.encode(["a b c"])[0], atol=1e-6)


@pytest.mark.parametrize("finished", range(4))
def test_an_interrupted_encoding_goes_on_with_the_same_batches_and_bits(causal_folder, tmp_path, monkeypatch, finished):
    encoder = TextEncoder(causal_folder, batch_size=3)
    whole = encoder.encode(TEXTS)
    embed, batches = TextEncoder._embed, []

    def interrupt(self, tokens):
        if len(batches) == finished:
            raise KeyboardInterrupt
        batches.append(tokens)
        return embed(self, tokens)

    with monkeypatch.context() as patch:
        patch.setattr(TextEncoder, "_embed", interrupt)
        with pytest.raises(KeyboardInterrupt):
            encode_cached(encoder, TEXTS, tmp_path)
    kept = RowStore(tmp_path / FILE).read([row_key(encoder, text) for text in TEXTS])
    assert len(kept) == 3 * finished
    assert np.array_equal(encode_cached(encoder, TEXTS, tmp_path), whole)


def test_errors_name_the_row_of_the_whole_list(minilm, tmp_path):
    encode_cached(minilm, ["red", "blue"], tmp_path)
    with pytest.raises(ValueError, match="no token in the text in row 2"):
        encode_cached(minilm, ["red", "blue", "\u200b"], tmp_path)


KILLED = """
import os, sys, time
import numpy as np
from pathlib import Path
from driftrec.agents.text.embedding_cache import RowStore
store, start = RowStore(Path(sys.argv[1])), int(sys.argv[2])
for key in range(start, 10**9, 8):
    store.write({k.to_bytes(32, "little"): np.full(384, k, np.float32) for k in range(key, key + 8)})
    print(key, flush=True)
"""


def test_two_processes_write_at_once_and_are_killed_at_any_moment(tmp_path):
    path = tmp_path / FILE
    command = [sys.executable, "-c", KILLED, str(path)]
    writers = [subprocess.Popen([*command, start], stdout=subprocess.PIPE, text=True) for start in ("0", "1000000")]
    told = [[int(writer.stdout.readline()) for _ in range(20)][-1] for writer in writers]
    for writer in writers:
        writer.kill()
        writer.communicate()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = RowStore(path).read([k.to_bytes(32, "little") for last in told for k in range(last, last + 8)])
    assert len(rows) == 16
    assert all((row == int.from_bytes(key, "little")).all() for key, row in rows.items())


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    """Of the number that stands first in a vector."""
    with closing(sqlite3.connect(path)) as database, database:
        key, vector = database.execute("SELECT key, vector FROM rows").fetchone()
        database.execute("UPDATE rows SET vector = ? WHERE key = ?", (bytes([vector[0] ^ 1]) + vector[1:], key))


def zeros_inside(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(len(data) - 4096))


@pytest.mark.parametrize("damage", [cut_in_half, flip_a_bit, zeros_inside, lambda path: path.write_text("nothing")])
def test_damaged_rows_are_made_again(causal, tmp_path, damage):
    encode_cached(causal, TEXTS, tmp_path)
    damage(tmp_path / FILE)
    with pytest.warns(UserWarning, match="damaged.*making them again"):
        vectors = encode_cached(causal, TEXTS, tmp_path)
    np.testing.assert_allclose(vectors, causal.encode(TEXTS), atol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(encode_cached(causal, TEXTS, tmp_path), vectors)
    assert list(tmp_path.iterdir()) == [tmp_path / FILE]  # no temporary files stay


def test_a_cache_that_may_not_be_read_is_told_as_that_and_left_alone(causal, open_folder, as_nobody):
    vectors = encode_cached(causal, ["red"], open_folder)
    kept = (open_folder / FILE).read_bytes()
    with as_nobody(open_folder / FILE), pytest.warns(UserWarning, match=r"read \(\[Errno 13\] Permission denied"):
        assert np.array_equal(encode_cached(causal, ["red"], open_folder), vectors)
    assert (open_folder / FILE).read_bytes() == kept


def test_the_cache_has_the_permissions_that_the_umask_gives(causal, tmp_path):
    before = os.umask(0o002)
    try:
        encode_cached(causal, ["red"], tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o664


def test_a_full_disk_costs_one_warning_and_still_gives_vectors(causal_folder, tmp_path, monkeypatch):
    def fail(self):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(RowStore, "_open", fail)
    with pytest.warns(
        UserWarning, match=rf"not be cached in .*{FILE} \(database or disk is full.*DRIFTREC_CACHE"
    ) as told:
        assert encode_cached(TextEncoder(causal_folder, batch_size=2), TEXTS, tmp_path / "new").shape == (10, 16)
    assert len(told) == 1


def test_default_cache_folder(monkeypatch):
    monkeypatch.setenv("DRIFTREC_CACHE", "/one")
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    assert default_cache_folder() == Path("/one")
    monkeypatch.delenv("DRIFTREC_CACHE")
    assert default_cache_folder() == Path("/two/driftrec")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert default_cache_folder() == Path.home() / ".cache" / "driftrec"

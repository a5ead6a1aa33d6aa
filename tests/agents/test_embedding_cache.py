"""The cache of embeddings: its key, hits, damage, and a disk that is full."""

import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from driftrec.agents import text_encoder
from driftrec.agents.embedding_cache import cache_file, default_cache_folder, encode_cached
from driftrec.agents.text_encoder import TextEncoder


def refuse_network(*args, **kwargs):
    raise AssertionError("the network was contacted")


def test_everything_that_changes_a_vector_changes_the_file(causal_folder, tmp_path):
    base = cache_file(TextEncoder(causal_folder), tmp_path)
    others = [
        cache_file(TextEncoder(causal_folder, prompt="a {text}"), tmp_path),
        cache_file(TextEncoder(causal_folder, pooling="mean"), tmp_path),
        cache_file(TextEncoder(causal_folder, max_length=9), tmp_path),
        cache_file(TextEncoder(), tmp_path),
    ]
    assert len({base, *others}) == 5
    assert base == cache_file(TextEncoder(causal_folder, pooling="last", batch_size=3), tmp_path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
def test_every_model_file_changes_the_fingerprint(causal_folder, tmp_path, name):
    for path in causal_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = TextEncoder(tmp_path).fingerprint
    assert before == TextEncoder(causal_folder).fingerprint  # the path does not count
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b" ")
    assert TextEncoder(tmp_path).fingerprint != before


def test_cache_hit_does_not_load_the_model(causal_folder, tmp_path, monkeypatch):
    first = encode_cached(TextEncoder(causal_folder), ["red", "blue film"], tmp_path)
    monkeypatch.setattr(text_encoder, "load_model", refuse_network)
    again = encode_cached(TextEncoder(causal_folder), ["blue film", "red", "red"], tmp_path)
    assert np.array_equal(first[[1, 0, 0]], again)
    assert again.flags.writeable
    with pytest.raises(AssertionError, match="contacted"):
        encode_cached(TextEncoder(causal_folder), ["blue film", "song"], tmp_path)


TEXTS = [" ".join(["film"] * length) for length in (5, 1, 4, 2, 3, 6, 7)]


class Interrupted(TextEncoder):
    """Ends like a process that is killed after some batches."""

    batches = 2

    def _embed(self, tokens):
        self.batches -= 1
        if self.batches < 0:
            raise KeyboardInterrupt
        return super()._embed(tokens)


def test_an_interrupted_encoding_goes_on_to_the_same_bits(causal_folder, tmp_path):
    whole = encode_cached(TextEncoder(causal_folder, batch_size=2), TEXTS, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        encode_cached(Interrupted(causal_folder, batch_size=2), TEXTS, tmp_path)
    rest = Interrupted(causal_folder, batch_size=2)  # three texts are left, which makes two batches
    assert np.array_equal(encode_cached(rest, TEXTS, tmp_path), whole)
    assert rest.batches == 0


def test_an_added_text_costs_one_text(causal_folder, tmp_path, monkeypatch):
    before = encode_cached(TextEncoder(causal_folder), TEXTS, tmp_path)
    encoded = []
    plain = TextEncoder.encode
    monkeypatch.setattr(
        TextEncoder, "encode", lambda self, texts, *rest: encoded.extend(texts) or plain(self, texts, *rest)
    )
    after = encode_cached(TextEncoder(causal_folder), ["song", *TEXTS], tmp_path)
    assert encoded == ["song"]
    assert np.array_equal(after[1:], before)


def test_two_processes_may_write_at_once(causal_folder, tmp_path):
    code = (
        "import sys; from pathlib import Path; from driftrec.agents.embedding_cache import encode_cached\n"
        "from driftrec.agents.text_encoder import TextEncoder\n"
        "texts = ['red ' * (1 + i % 9) + ' film' * i for i in range(40)][:: int(sys.argv[1])]\n"
        f"encode_cached(TextEncoder({str(causal_folder)!r}, batch_size=1), texts, Path({str(tmp_path)!r}))\n"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, step]) for step in ("1", "-1")]
    assert [process.wait(120) for process in started] == [0, 0]
    with sqlite3.connect(cache_file(TextEncoder(causal_folder), tmp_path)) as database:
        assert database.execute("SELECT count(*) FROM vectors").fetchone() == (40,)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    with sqlite3.connect(path) as database:
        (vector,) = database.execute("SELECT vector FROM vectors LIMIT 1").fetchone()
        database.execute("UPDATE vectors SET vector = ?", (bytes([vector[0] ^ 1]) + vector[1:],))
    database.close()


def other_content(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)


@pytest.mark.parametrize("damage", [cut_in_half, flip_a_bit, other_content])
def test_damaged_cache_is_made_again(causal, tmp_path, damage):
    texts = ["red", "blue film"]
    encode_cached(causal, texts, tmp_path)
    damage(cache_file(causal, tmp_path))
    with pytest.warns(UserWarning, match="damaged"):
        assert np.array_equal(encode_cached(causal, texts, tmp_path), causal.encode(texts))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encode_cached(causal, texts, tmp_path)
    assert list(tmp_path.iterdir()) == [cache_file(causal, tmp_path)]  # no temporary files stay


def test_a_disk_that_is_full_costs_a_warning(causal, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="could not be cached") as caught:
        assert encode_cached(causal, ["red"], tmp_path / "file").shape == (1, 16)
    assert len(caught) == 1


def test_default_cache_folder(monkeypatch):
    monkeypatch.setenv("DRIFTREC_CACHE", "/one")
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    assert default_cache_folder() == Path("/one")
    monkeypatch.delenv("DRIFTREC_CACHE")
    assert default_cache_folder() == Path("/two/driftrec")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert default_cache_folder() == Path.home() / ".cache" / "driftrec"

"""The cache of embeddings: its key, hits, damage, and a disk that is full."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from driftrec.agents import embedding_cache, text_encoder
from driftrec.agents.embedding_cache import cache_file, default_cache_folder, encode_cached
from driftrec.agents.text_encoder import TextEncoder


def refuse_network(*args, **kwargs):
    raise AssertionError("the network was contacted")


def test_everything_that_changes_a_vector_changes_the_key(causal_folder, tmp_path):
    base = cache_file(TextEncoder(causal_folder), ["red"], tmp_path)
    others = [
        cache_file(TextEncoder(causal_folder), ["blue"], tmp_path),
        cache_file(TextEncoder(causal_folder), ["red", "red"], tmp_path),
        cache_file(TextEncoder(causal_folder), ["re", "d"], tmp_path),
        cache_file(TextEncoder(causal_folder, prompt="a {text}"), ["red"], tmp_path),
        cache_file(TextEncoder(causal_folder, pooling="mean"), ["red"], tmp_path),
        cache_file(TextEncoder(causal_folder, max_length=9), ["red"], tmp_path),
        cache_file(TextEncoder(), ["red"], tmp_path),
    ]
    assert len({base, *others}) == 8
    assert base == cache_file(TextEncoder(causal_folder, pooling="last", batch_size=3), ["red"], tmp_path)


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
    again = encode_cached(TextEncoder(causal_folder), ["red", "blue film"], tmp_path)
    assert np.array_equal(first, again)
    assert again.flags.writeable
    with pytest.raises(AssertionError, match="contacted"):
        encode_cached(TextEncoder(causal_folder), ["blue film", "red"], tmp_path)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def other_rows(path: Path) -> None:
    save_file({"vectors": np.zeros((5, 16), np.float32)}, path, {"sha256": ""})


def other_names(path: Path) -> None:
    save_file({"rows": np.zeros((2, 16), np.float32)}, path)


@pytest.mark.parametrize("damage", [cut_in_half, flip_a_bit, other_rows, other_names, Path.touch])
def test_damaged_cache_is_made_again(causal, tmp_path, damage):
    texts = ["red", "blue film"]
    path = cache_file(causal, texts, tmp_path)
    if damage is Path.touch:
        path.touch()
    else:
        encode_cached(causal, texts, tmp_path)
        damage(path)
    with pytest.warns(UserWarning, match="damaged"):
        assert np.array_equal(encode_cached(causal, texts, tmp_path), causal.encode(texts))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encode_cached(causal, texts, tmp_path)
    assert list(tmp_path.iterdir()) == [path]  # no temporary files stay


def test_failed_write_leaves_no_file_and_still_gives_vectors(causal, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(embedding_cache.os, "replace", fail)
    with pytest.warns(UserWarning, match=r"could not be cached.*disk full"):
        assert encode_cached(causal, ["red"], tmp_path).shape == (1, 16)
    assert list(tmp_path.iterdir()) == []


def test_default_cache_folder(monkeypatch):
    monkeypatch.setenv("DRIFTREC_CACHE", "/one")
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    assert default_cache_folder() == Path("/one")
    monkeypatch.delenv("DRIFTREC_CACHE")
    assert default_cache_folder() == Path("/two/driftrec")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert default_cache_folder() == Path.home() / ".cache" / "driftrec"

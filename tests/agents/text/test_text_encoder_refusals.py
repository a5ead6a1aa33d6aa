"""What the encoder refuses: texts, arguments and weights that are not right."""

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from driftrec.agents.text.embedding_cache import encode_cached
from driftrec.agents.text.text_encoder import TextEncoder, check_texts


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a", None], "row 1 is None, not a string"),
        (["a", "b", float("nan")], "row 2 is nan, not a string"),
        ([3], "row 0 is 3, not a string"),
        (["a", ""], "row 1 is empty"),
        ([" \n"], "row 0 is empty"),
        (["a", "x\ud800"], "row 1 is not valid Unicode"),
        ("abc", "Give a list of texts"),
    ],
)
def test_bad_texts(minilm, tmp_path, texts, message):
    with pytest.raises(ValueError, match=message):
        check_texts(texts)
    with pytest.raises(ValueError, match=message):
        minilm.encode(texts)
    with pytest.raises(ValueError, match=message):
        encode_cached(minilm, texts, tmp_path)


def test_text_without_tokens_names_the_row(minilm):
    with pytest.raises(ValueError, match="no token in the text in row 1"):
        minilm.encode(["red", "\u200b"])


def test_vectors_that_are_not_finite_name_the_row(tmp_path, causal_folder, words):
    for path in causal_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    weights["wte.weight"][words.index("blue")] = np.nan
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match="NaN or infinity for the text in row 1: 'blue'"):
        TextEncoder(tmp_path).encode(["red", "blue", "film"])
    for name in ("ln_f.weight", "ln_f.bias"):
        weights[name][:] = 0
    weights["wte.weight"][:] = 1
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match="only zeros for the text in row 0: 'red'"):
        TextEncoder(tmp_path).encode(["red"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pooling": "max"}, "pooling is 'max'; use one of: auto, mean"),
        ({"prompt": "no place"}, "must hold {text} exactly once"),
        ({"prompt": "{text} {text}"}, "must hold {text} exactly once"),
        ({"max_length": 0}, "max_length is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"revision": "main"}, "revision 'main' applies to hub names only"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        TextEncoder(**arguments)


def test_bad_device(causal_folder):
    with pytest.raises(ValueError, match="device 'warp' cannot be used"):
        TextEncoder(causal_folder, device="warp").encode(["red"])

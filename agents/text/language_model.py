"""A frozen language model in memory. Torch and transformers are imported on the first load."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from driftrec.agents.engines.devices import usable
from driftrec.agents.text.model_folder import ADVICE, gguf_file

GGUF_READERS = ("gguf", "accelerate")
"""Modules of the extra llm, by which transformers reads llama.cpp's format."""


class LanguageModel(NamedTuple):
    """A network with its tokenizer.

    Attributes:
        tokenizer: Of transformers.
        network: Of transformers, in evaluation mode, float32, without gradients; gives ``last_hidden_state``.
        positions: Longest input in tokens that tokenizer and network know.
        pad_id: Token id to pad with.
    """

    tokenizer: Any
    network: Any
    positions: int
    pad_id: int


def load_model(folder: Path, device: str) -> LanguageModel:
    """Load a model folder; contacts nobody.

    Sets ``TOKENIZERS_PARALLELISM=false`` unless it is set: tokenizer threads and a later ``fork()`` deadlock.

    Args:
        folder: Model folder, see ``driftrec.agents.text.model_folder.find_model``.
        device: See ``driftrec.agents.engines.devices.usable``.

    Raises:
        OSError: If transformers cannot load it, or weights are missing that it would fill with random
            numbers.
        ValueError: If the device cannot be used.
    """
    device = usable(device)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    tokenizer, network, missing = _read_folder(folder)
    lost = sorted(key for key in missing if "pooler" not in key)  # the pooler's output is not used
    if lost:
        raise OSError(f"The weights in {folder} lack {', '.join(lost[:3])} ({len(lost)} in all). {ADVICE}")
    if network.config.is_encoder_decoder:
        network = network.get_encoder()
    network.config.use_cache = False
    network.eval().requires_grad_(False)
    network.to(device)
    positions = min(tokenizer.model_max_length, _positions(network))
    return LanguageModel(tokenizer, network, positions, _pad_id(tokenizer, network))


def _read_folder(folder: Path) -> tuple[Any, Any, list[str]]:
    """Tokenizer, network and the names of weights that the folder lacks."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    told: dict[str, Any] = {"local_files_only": True}
    if gguf := gguf_file(folder):
        check_gguf_readers(gguf)
        told["gguf_file"] = gguf.name
    try:
        with _quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(folder, **told)
            network, report = AutoModel.from_pretrained(folder, dtype=torch.float32, output_loading_info=True, **told)
    except Exception as error:  # transformers raises many kinds, down to those of its file readers
        raise OSError(f"transformers cannot load the model in {folder}: {error} {ADVICE}") from error
    return tokenizer, network, list(report["missing_keys"])


def check_gguf_readers(path: Path) -> None:
    """Raise OSError unless what transformers reads a GGUF file with is installed."""
    lost = [name for name in GGUF_READERS if importlib.util.find_spec(name) is None]
    if lost:
        raise OSError(f"{path} is read with {' and '.join(lost)}. Install with: pip install 'driftrec[llm]'. {ADVICE}")


def _positions(network: Any) -> int:
    """Positions that the network knows; RoBERTa and its kin start counting behind the padding index."""
    known = getattr(network.config, "max_position_embeddings", None)
    table = getattr(getattr(network, "embeddings", None), "position_embeddings", None)
    first = getattr(table, "padding_idx", None)
    return (known or 10**9) - (0 if first is None else first + 1)


def _pad_id(tokenizer: Any, network: Any) -> int:
    """Id to pad with: the tokenizer's, or its end of text where that is missing or outside the vocabulary."""
    rows = network.get_input_embeddings().num_embeddings
    known = [i for i in (tokenizer.pad_token_id, tokenizer.eos_token_id) if i is not None and i < rows]
    return int(known[0]) if known else 0


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Silence transformers' bars and load report, which would fill logs; restores both."""
    from transformers.utils import logging

    verbosity, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with redirect_stderr(StringIO()):  # the reader of GGUF has a bar of its own, which nothing else silences
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()

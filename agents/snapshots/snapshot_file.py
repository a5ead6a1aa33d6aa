"""One file that holds a tree: a checksum, then safetensors with the arrays, and the rest as JSON in its metadata."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from driftrec.agents.snapshots.tree import Tree
from driftrec.simulators.files import write_files

SUFFIX = ".snapshot"
KEY = "driftrec"
_DIGEST = 64  # hexadecimal digits of a SHA-256
_FAULTS = (SafetensorError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
_KINDS = ("array", "number", "tensor")


class SpoiltError(ValueError):
    """A file is not as it was written."""


def write_snapshot(path: Path, tree: Tree) -> None:
    """Write or replace ``path``, which others see as it was or whole.

    Raises:
        OSError: If it cannot be written, as on a full disk; what was there stays.
        TypeError: If the tree holds what is no part of one.
    """
    arrays: dict[str, NDArray[Any]] = {}
    told = json.dumps(_packed(tree, "", arrays, {}))
    content = save(arrays, {KEY: told})
    write_files({path: hashlib.sha256(content).hexdigest().encode() + b"\n" + content})


def read_snapshot(path: Path) -> Tree:
    """The tree that ``write_snapshot`` wrote; nothing in the file is executed.

    Raises:
        OSError: If it cannot be read.
        SpoiltError: If it was cut off or altered.
    """
    written = path.read_bytes()
    told, content = written[:_DIGEST], written[_DIGEST + 1 :]
    if told != hashlib.sha256(content).hexdigest().encode():
        raise SpoiltError(f"{path} is not as it was written: it was cut off or altered (SHA-256).")
    try:
        # The length of the header, little-endian, then the header: safetensors reads metadata of files alone.
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        return _unpacked(json.loads(header["__metadata__"][KEY]), load(content), {})
    except _FAULTS as error:
        raise SpoiltError(f"{path} is no snapshot of this version ({error}).") from error


def _packed(tree: Tree, path: str, arrays: dict[str, NDArray[Any]], known: dict[int, Tree]) -> Tree:
    """The tree as JSON takes it, its arrays moved to ``arrays``; ``known`` holds those moved before, by identity."""
    if isinstance(tree, dict):
        return {"dict": {name: _packed(part, f"{path}/{name}", arrays, known) for name, part in tree.items()}}
    if isinstance(tree, list):
        return [_packed(part, f"{path}/{number}", arrays, known) for number, part in enumerate(tree)]
    if not isinstance(tree, np.ndarray | np.generic | torch.Tensor):
        return tree
    if id(tree) not in known:
        values = tree.detach().cpu().numpy() if isinstance(tree, torch.Tensor) else np.asarray(tree)
        axes = sorted(range(values.ndim), key=lambda axis: -values.strides[axis])  # as it lies: sums depend on it
        arrays[path] = np.ascontiguousarray(values.transpose(axes)).reshape([values.shape[axis] for axis in axes])
        kind = "tensor" if isinstance(tree, torch.Tensor) else "array" if isinstance(tree, np.ndarray) else "number"
        known[id(tree)] = {kind: path, "axes": axes}
    return known[id(tree)]


def _unpacked(told: Tree, arrays: dict[str, NDArray[Any]], known: dict[str, Any]) -> Tree:
    """The tree again; one array stays one, however many names it has."""
    if isinstance(told, list):
        return [_unpacked(part, arrays, known) for part in told]
    if not isinstance(told, dict):
        return told
    if "dict" in told:
        return {name: _unpacked(part, arrays, known) for name, part in told["dict"].items()}
    kind = next(iter(told), None)
    if kind not in _KINDS:
        raise ValueError(f"{kind!r} is no kind of value")
    path = told[kind]
    if path not in known:
        values = arrays[path].copy().transpose(np.argsort(told["axes"]).astype(int))
        known[path] = torch.from_numpy(values) if kind == "tensor" else values if kind == "array" else values[()]
    return known[path]

"""Short trainings and comparisons whose numbers stay: what is run, and what is kept of it.

``python -m tests.scripts.golden.cases`` in the project's root writes ``numbers.json`` anew, where a change of numbers
is meant.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file
from threadpoolctl import threadpool_limits

from driftrec.agents.runs.checkpoint import FILE
from driftrec.scripts import cli
from tests.conftest import ROWS, save_tiny_model

NUMBERS = Path(__file__).with_name("numbers.json")

SIZES = ("--horizon", "20", "--history", "10", "--slate-size", "3")
NEWS_TRAINING = (
    *("--settings.fit.lanes", "32", "--settings.fit.log-steps", "16", "--settings.refits", "1"),
    *("--settings.ppo.total-steps", "1024", "--settings.ppo.lanes", "32", "--settings.ppo.rollout", "8"),
    *("--settings.ppo.batch-size", "64", "--settings.future.lanes", "32", "--settings.future.log-steps", "60"),
    *("--settings.future.users", "8", "--settings.validation-users", "8"),
)
NEWS_SLATEQ = (
    *("--settings.slateq.total-steps", "512", "--settings.slateq.lanes", "32", "--settings.slateq.warm-up", "64"),
    *("--settings.slateq.batch-size", "32", "--settings.validation-users", "8"),
)
TRAINING = (
    *("--settings.fit.lanes", "32", "--settings.fit.log-steps", "12", "--settings.fit.rounds", "2"),
    *("--settings.fit.epochs", "1", "--settings.fit.batch-size", "64", "--settings.future.users", "8"),
    *("--settings.ppo.total-steps", "512", "--settings.ppo.lanes", "32", "--settings.ppo.rollout", "8"),
    *("--settings.ppo.batch-size", "64", "--settings.ppo.candidates", "30", "--settings.ppo.epochs", "1"),
    *("--settings.value-steps", "256", "--settings.validations", "3", "--settings.validation-users", "8"),
)
SLATEQ_TRAINING = (*NEWS_SLATEQ, "--settings.validations", "3")
TOP_K = ("--world", "driftrec/Sardine-SlateTopK-Bored-v0", "--slate-size", "4", "--horizon", "12")

WORLDS: dict[str, tuple[str, ...]] = {
    "news": ("--catalogue", "news-items", *SIZES),
    "own-items": ("--catalogue", "my-items", *SIZES),
    "evolution": ("--world", "driftrec/RecSim-InterestEvolution-v0", "--slate-size", "3"),
    "exploration": ("--world", "driftrec/RecSim-InterestExploration-v0", "--history", "20", "--horizon", "20"),
    "top-k": (*TOP_K, "--options", json.dumps({"embeddings": "generated"})),
    "top-k-partial": (*TOP_K, "--options", json.dumps({"embeddings": "generated", "observation": "partial"})),
}
"""Flags that say which world, by the name of its training."""

SLATEQ = ("news", "top-k")
"""Worlds in which SlateQ is trained too."""


def of_news(name: str) -> bool:
    """Whether the world of this name has texts."""
    return name in ("news", "own-items")


def commands(name: str) -> Iterator[tuple[str, ...]]:
    """What is run in a world: training, SlateQ where it is trained, comparison."""
    world, seed = WORLDS[name], ("--seed", "3")
    how: tuple[str, ...] = NEWS_TRAINING if of_news(name) else TRAINING
    yield ("train", *world, *how, *seed, "--out", name)
    policies = ["random", "myopic-oracle", *(f"{kind}:{name}" for kind in ("myopic", "farsighted", "ppo"))]
    if name in SLATEQ:
        sizes = NEWS_SLATEQ if of_news(name) else SLATEQ_TRAINING
        yield ("train-baseline", "slateq", *world, "--ranker", name, *sizes, *seed, "--out", f"{name}-slateq")
        policies.append(f"slateq:{name}-slateq")
    yield ("compare", *world, "--users", "12", *seed, "--out", f"{name}-table", "--policies", *policies)


def numbers(name: str, run: Callable[[tuple[str, ...]], None]) -> dict[str, Any]:
    """Run the commands of a world in the current folder; hashes of its tensors and engagement of its policies."""
    for words in commands(name):
        run(words)
    summary = json.loads(Path(f"{name}-table", "summary.json").read_text(encoding="utf-8"))
    engagement = {policy: found["engagement"]["mean"] for policy, found in summary["policies"].items()}
    runs = [name, f"{name}-slateq"] if name in SLATEQ else [name]
    return {"tensors": {one: tensors(Path(one, FILE)) for one in runs}, "engagement": engagement}


def tensors(file: Path) -> dict[str, Any]:
    """SHA-256 of all tensors of a checkpoint, and the norm of each."""
    digest, norms = hashlib.sha256(), {}
    for name, array in sorted(load_file(file).items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        norms[name] = float(np.linalg.norm(array.astype(np.float64)))
    return {"sha256": digest.hexdigest(), "norms": norms}


def machine() -> dict[str, str]:
    """What the last bits of sums depend on: processor, libraries, and how they choose their kernels."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "processor": f"{platform.machine()} {model}",
        "kernels": f"{torch.backends.cpu.get_cpu_capability()} {os.environ.get('OPENBLAS_CORETYPE', '')}".strip(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def prepare(run: Callable[[tuple[str, ...]], None]) -> None:
    """Encode the packaged news and a dozen items of a user's with a tiny model, in the current folder."""
    save_tiny_model(Path("tiny"))
    Path("items.csv").write_text(ROWS, encoding="utf-8")
    run(("encode", "--model", "tiny", "--out", "news-items"))
    run(("encode", "--model", "tiny", "--catalogue", "items.csv", "--out", "my-items", "--seed", "0"))


@contextmanager
def one_thread() -> Iterator[None]:
    """How sums are split among threads changes their last bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def _main() -> None:
    def run(words: tuple[str, ...]) -> None:
        sys.argv = ["driftrec", *words]
        with redirect_stdout(sys.stderr):
            cli.main()

    with tempfile.TemporaryDirectory() as folder, one_thread():
        os.environ["DRIFTREC_CACHE"] = str(Path(folder, "cache"))
        os.chdir(folder)
        prepare(run)
        found = {name: numbers(name, run) for name in WORLDS}
    NUMBERS.write_text(json.dumps({"machine": machine(), "worlds": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()

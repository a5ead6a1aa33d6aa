"""Benchmark: what lanes, copies and processes hold beside the catalogue, which all of them share."""

from __future__ import annotations

import copy
import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np

from driftrec.agents.benchmarks.measure import Row, Workload, held_memory
from driftrec.envs.single import RecommendationEnv
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators.news import NewsWorld
from driftrec.simulators.own_texts import catalogue_of, personas_of

COPIES, LANES, PROCESSES, STEPS, DIMS = 20, 1024, 4, 20, 64
_TOLD = Path("/proc/self/smaps_rollup")


def sharing(effort: Workload) -> Iterator[Row]:
    """Memory of one catalogue, and what environments and processes add to it."""
    items = sorted(effort.catalogues)[1]
    before = held_memory()
    env = RecommendationEnv(made_up_world(items), horizon=STEPS)
    env.reset(seed=0)
    yield Row("sharing", f"a world of {items:,} items", (held_memory() - before) / 1e6, "MB")
    before = held_memory()
    copies = [copy.deepcopy(env) for _ in range(COPIES)]
    yield Row("sharing", "a copied environment more", (held_memory() - before) / 1e6 / len(copies), "MB")
    before = held_memory()
    lanes = RecommendationVectorEnv(env.world, LANES, STEPS)
    lanes.reset(seed=0)
    yield Row("sharing", f"{LANES:,} lanes more", (held_memory() - before) / 1e6, "MB")
    if not _TOLD.exists():
        yield Row("sharing", "a process more", None, "MB", note="only Linux tells what processes share")
        return
    told = _processes(env)
    pss, rss, private = (float(np.mean(each)) / 1e6 for each in zip(*told, strict=True))
    note = f"its own share of all it holds (PSS), of {rss:,.0f} MB (RSS); {private:,.1f} MB are its alone"
    yield Row("sharing", f"a forked process more, of {PROCESSES}", pss, "MB", note=note)


def made_up_world(items: int) -> NewsWorld:
    """Items and one kind of people, the same in every call."""
    rng = np.random.default_rng(items)
    titles = [f"Item {number}" for number in range(items)]
    latent = rng.standard_normal((items, DIMS), np.float32)
    texts = [f"What item {number} is about, in a sentence or two of its own." for number in range(items)]
    return NewsWorld(catalogue_of(titles, latent, texts), personas_of(["Likes the first."], latent[:1]))


def memory_told() -> tuple[int, int, int]:
    """Of this process: its share of what it holds (PSS), all that it holds (RSS), what it holds alone; in bytes."""
    lines = dict(line.split(":", 1) for line in _TOLD.read_text().splitlines()[1:])
    found = {name: int(value.split()[0]) * 1024 for name, value in lines.items()}
    return found["Pss"], found["Rss"], found["Private_Clean"] + found["Private_Dirty"]


def _processes(env: RecommendationEnv) -> list[tuple[int, int, int]]:
    """What forked processes tell that each serve a user of their own at the same time."""
    fork = multiprocessing.get_context("fork")
    together, pipes = fork.Barrier(PROCESSES), [fork.Pipe(duplex=False) for _ in range(PROCESSES)]
    started = [fork.Process(target=_serve, args=(env, seed, together, end)) for seed, (_, end) in enumerate(pipes)]
    for process in started:
        process.start()
    told = [begin.recv() for begin, _ in pipes]
    for process in started:
        process.join()
    return told


def _serve(env: RecommendationEnv, seed: int, together: Barrier, end: Connection) -> None:
    """Serve a user random slates, then tell of the memory once all have."""
    rng = np.random.default_rng(seed)
    env.reset(seed=seed)
    over = False
    while not over:
        *_, left, cut, _ = env.step(rng.integers(env.world.num_items, size=env.world.slate_size))
        over = left or cut
    together.wait()
    end.send(memory_told())
    together.wait()

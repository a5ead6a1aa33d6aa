"""Benchmark: how long a slate takes from a catalogue of any size, and how much of the ranker's top is retrieved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.benchmarks.latency import Timed
from driftrec.agents.benchmarks.measure import Row, Workload
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.policy import Context
from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.ppo_settings import PPOSettings
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.ranker.items import TextItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.worlds.text_kit import shortlist
from driftrec.simulators.vectors import unit

DIMS, TOPICS, SUBJECTS, PERSONAS = 64, 20, 400, 320
"""Of the made-up items and people."""

SLATE, BATCH, TOP = 5, 256, 100
JUDGED, AT_ONCE = 32, 4
"""Users whose top is compared, and how many at a time: of a million items each takes megabytes."""


def large_latency(effort: Workload, num_items: int) -> Iterator[Row]:
    """Processor time of one user's request and of one of 256 users, and recall of the ranker's top 100.

    Items, people and users are made up, and the ranker is not fitted, which costs the same.
    """
    context = made_up_context(num_items)
    ranker = TextRanker(context, "text", seed=0)
    items, settings = TextItems(context), PPOSettings()
    stage = CandidateStage(Judge(ranker, items, True, shortlist(context, ranker, True)), settings.candidates, SLATE)
    network = serving_network(stage, SLATE, settings.temper)
    name = f"{num_items:,} items"
    for users, requests in ((1, effort.repeats * effort.requests), (BATCH, max(effort.requests // 4, 2))):
        policy = Timed(SlatePolicy(stage, network, greedy=True), time.process_time)
        policy.act(made_up_observation(num_items, users, seed=0))  # what is made once, the index too
        policy.milliseconds.clear()
        for request in range(requests):
            policy.act(made_up_observation(num_items, users, seed=request))
        who = "one slate for one user" if users == 1 else f"slates for {users} users"
        for label, percentile in (("p50", 50), ("p99", 99)):
            value = float(np.percentile(policy.milliseconds, percentile))
            yield Row("latency", f"{name}: {who}, {label}", value, "ms", note=f"of {requests:,} requests, one core")
    recalls = recall_of(stage.judge, Judge(ranker, items, True), made_up_observation(num_items, JUDGED, seed=1))
    for what, recall in zip(("those that gain anything", "all"), recalls, strict=True):
        label = f"{name}: recall@{TOP} of the ranker's own top, {what}"
        yield Row("latency", label, recall, "share", note=f"of {JUDGED} users")


def recall_of(judge: Judge, exact: Judge, observation: dict[str, NDArray[Any]]) -> tuple[float, float]:
    """Share of the ``TOP`` items of the largest gains that are candidates, mean over users.

    Returns:
        Of those worth showing, and of all: an item that gains nothing is worth less than an empty place.
    """
    worthy, whole = [], []
    for start in range(0, len(observation["persona"]), AT_ONCE):
        some = {name: value[start : start + AT_ONCE] for name, value in observation.items()}
        wanted, view = exact.view(some), judge.view(some)
        if view.retrieved is None:
            return 1.0, 1.0
        top = np.argpartition(-wanted.gains, TOP, axis=1)[:, :TOP]
        worth = np.take_along_axis(wanted.gains, top, axis=1) > 0
        found = np.stack([np.isin(mine, theirs) for mine, theirs in zip(top, view.retrieved, strict=True)])
        worthy.append((found & worth).sum(axis=1) / np.maximum(worth.sum(axis=1), 1))
        whole.append(found.mean(axis=1))
    return float(np.concatenate(worthy).mean()), float(np.concatenate(whole).mean())


def made_up_context(num_items: int) -> Context:
    """Items around subjects around topics, and people among them, the same in every call."""
    rng = np.random.default_rng(num_items)
    topics, subjects = (rng.standard_normal((count, DIMS), np.float32) for count in (TOPICS, SUBJECTS))
    topic = rng.integers(TOPICS, size=num_items)
    items = np.float32(0.8) * rng.standard_normal((num_items, DIMS), np.float32)
    items += topics[topic]
    items += np.float32(0.7) * subjects[rng.integers(SUBJECTS, size=num_items)]
    people = items[rng.integers(num_items, size=PERSONAS)]
    minutes = rng.uniform(1.0, 10.0, num_items).astype(np.float32)
    return Context(SLATE, unit(items), unit(people), minutes, ("",) * num_items, topic)


def made_up_observation(num_items: int, users: int, seed: int) -> dict[str, NDArray[Any]]:
    """What users were shown and read, at random, see ``driftrec.simulators.past.past_fields``."""
    rng = np.random.default_rng([seed, users])
    shown, read = (rng.integers(num_items, size=(users, n)).astype(np.int32) for n in (50, 16))
    clicked = rng.random(shown.shape) < 0.2
    return {
        "persona": rng.integers(PERSONAS, size=(users, 1)).astype(np.int32),
        "shown": shown,
        "clicked": clicked.astype(np.int8),
        "engagement": (5.0 * clicked).astype(np.float32),
        "age": rng.uniform(0.0, 50.0, shown.shape).astype(np.float32),
        "read_items": read,
        "read_minutes": rng.uniform(1.0, 8.0, read.shape).astype(np.float32),
        "read_age": rng.uniform(0.0, 50.0, read.shape).astype(np.float32),
        "clock": rng.uniform(1.0, 30.0, (users, 4)).astype(np.float32),
    }

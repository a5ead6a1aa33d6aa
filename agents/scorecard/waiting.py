"""Latency: how long one user waits for a page. Measured with the clock, so never twice the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from driftrec.agents.benchmarks.latency import Timed
from driftrec.agents.comparison.entries import Entry
from driftrec.agents.evaluation.bootstrap import interval
from driftrec.agents.evaluation.play import play
from driftrec.agents.setup import Setup

REQUESTS = 200
"""Timed of every policy, after as many warm ones as ``WARM``."""

WARM = 10

SLOW, FAST = 100.0, 1.0
"""Milliseconds that come to 0 and to 1; in between by their logarithm."""


def waited(setup: Setup, entries: Sequence[Entry], seed: int, requests: int = REQUESTS) -> dict[str, Any]:
    """Percentiles in milliseconds and scores of every policy that is no oracle, users alone one after another."""
    found = {}
    for entry in entries:
        if entry.oracle:
            continue
        (_, policy), *_ = entry.policies.items()
        timed, user = Timed(policy), 0
        while len(timed.milliseconds) < requests + WARM:
            left = requests + WARM - len(timed.milliseconds)
            _, steps = play(setup.world, timed, np.array([user], np.uint64), horizon=left, seed=seed, name=entry.label)
            for _ in steps:
                pass
            user += 1
        served = np.array(timed.milliseconds[WARM:])
        scores = np.clip(np.log(SLOW / served) / np.log(SLOW / FAST), 0.0, 1.0)
        p50, p99 = np.percentile(served, [50, 99])
        found[entry.label] = {
            "score": asdict(interval(scores[None], seed=seed)),
            "p50": float(p50),
            "p99": float(p99),
        }
    return {"name": "latency", "requests": requests, "zero": SLOW, "one": FAST, "policies": found}

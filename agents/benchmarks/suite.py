"""All benchmarks in one run: which there are, their table and their JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

import pandas as pd

from driftrec.agents.benchmarks.audience import audience
from driftrec.agents.benchmarks.encoding import encoding
from driftrec.agents.benchmarks.environment import environment
from driftrec.agents.benchmarks.latency import latency
from driftrec.agents.benchmarks.machine import machine
from driftrec.agents.benchmarks.measure import Effort, Row, peak_memory
from driftrec.agents.benchmarks.peers import peers
from driftrec.agents.benchmarks.published import published
from driftrec.agents.benchmarks.published_training import published_training
from driftrec.agents.benchmarks.sizes import sizes
from driftrec.agents.benchmarks.training import training
from driftrec.agents.world_setup import WorldArgs, WorldSetup, set_up
from driftrec.simulators.settings import nearest

SECTIONS = ("environment", "peers", "training", "latency", "encoding", "audience", "memory")
"""Those of the news world."""

PEER_SECTIONS = ("published", "sizes", "published-training")
"""Those of the published worlds, beside their originals."""


def run_benchmarks(
    sections: Sequence[str] = SECTIONS,
    effort: Effort | None = None,
    *,
    make_setup: Callable[[], WorldSetup] = lambda: set_up(WorldArgs()),
    report: Callable[[Row], None] = lambda row: None,
) -> dict[str, Any]:
    """Run benchmarks one after the other.

    Args:
        sections: Which, of ``SECTIONS`` and ``PEER_SECTIONS``.
        effort: How much to do; the full amount when omitted.
        make_setup: Makes the world that PPO is measured in; called at most once.
        report: Called with every row as it comes.

    Returns:
        JSON-able: ``machine``, ``effort`` and ``rows`` (see ``Row``).

    Raises:
        ValueError: If a section is unknown; the message gives the nearest.
    """
    effort = effort or Effort()
    available = _benchmarks(effort, cache(make_setup))
    for section in sections:
        if section not in available:
            raise ValueError(f"Section {section!r} is unknown. {nearest(section, available)}")
    results: dict[str, Any] = {"machine": machine(), "effort": asdict(effort), "rows": []}
    for section in sections:
        for row in available[section]():
            report(row)
            results["rows"].append(asdict(row))
    return results


def _benchmarks(effort: Effort, setup: Callable[[], WorldSetup]) -> dict[str, Callable[[], Iterator[Row]]]:
    return {
        "environment": lambda: environment(effort),
        "peers": lambda: peers(effort),
        "training": lambda: training(effort, setup()),
        "latency": lambda: latency(effort, setup()),
        "encoding": lambda: encoding(effort),
        "audience": lambda: audience(effort),
        "memory": memory,
        "published": lambda: published(effort),
        "sizes": lambda: sizes(effort),
        "published-training": lambda: published_training(effort),
    }


def memory() -> Iterator[Row]:
    """Peak memory of this process, after all that ran before."""
    yield Row("memory", "peak of the process so far", peak_memory() / 1e6, "MB")


def table(results: Mapping[str, Any]) -> str:
    """The rows in aligned columns, and the machine."""
    columns = {
        "section": [row["section"] for row in results["rows"]],
        "what": [row["name"] for row in results["rows"]],
        "median": [_number(row["value"]) for row in results["rows"]],
        "low": [_number(row["low"]) for row in results["rows"]],
        "high": [_number(row["high"]) for row in results["rows"]],
        "per CPU-second": [_number(row["per_cpu"]) for row in results["rows"]],
        "unit": [row["unit"] for row in results["rows"]],
        "note": [row["note"] for row in results["rows"]],
    }
    about = results["machine"]
    text = pd.DataFrame(columns).to_string(index=False)
    return f"{text}\n\n{about['processor']}, {about['processors']} processors, load {about['load'][0]} at the start\n"


def to_json(results: Mapping[str, Any]) -> str:
    """Strict JSON."""
    return json.dumps(results, indent=1, allow_nan=False) + "\n"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

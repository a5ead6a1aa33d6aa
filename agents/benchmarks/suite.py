"""All benchmarks in one run, every measurement in a process of its own: which there are, their table, their JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from driftrec.agents.benchmarks.alone import Measurement, alone
from driftrec.agents.benchmarks.audience import audiences
from driftrec.agents.benchmarks.encoding import encoding
from driftrec.agents.benchmarks.environment import SCENARIOS, environment, scenarios, sizes
from driftrec.agents.benchmarks.large_latency import large_latency
from driftrec.agents.benchmarks.latency import latency
from driftrec.agents.benchmarks.measure import Row, Workload, largest_peak
from driftrec.agents.benchmarks.published import peers, published
from driftrec.agents.benchmarks.repeated_training import repeated_training
from driftrec.agents.benchmarks.sharing import sharing
from driftrec.agents.benchmarks.training import published_training, training
from driftrec.agents.runs.folders import LIBRARIES, versions
from driftrec.agents.setup import NEWS, registered
from driftrec.simulators.settings import nearest

SECTIONS = ("environment", "scenarios", "peers", "training", "latency", "encoding", "audience", "sharing", "memory")
"""Those of the news world and of those beside it."""

WORLD_SECTIONS = ("environment", "training", "latency", "memory")
"""Those that any world has."""

PEER_SECTIONS = ("published", "sizes", "published-training")
"""Those of the published worlds, beside their originals."""

ORDER = ("section", "name", "value", "low", "high", "per_cpu", "unit", "note")
RENAMED = {"name": "what", "value": "median", "per_cpu": "per CPU-second"}
"""Columns of the table by attribute of ``Row``, and those of its headings that say it in other words."""

HOW = "Every measurement was taken in a fresh process that did nothing else; what is compared took turns in one."


def run_benchmarks(
    sections: Sequence[str] = SECTIONS,
    effort: Workload | None = None,
    *,
    world: str = NEWS,
    run: Callable[[Measurement], Iterable[Row]] = alone,
    report: Callable[[Row], None] = lambda row: None,
) -> dict[str, Any]:
    """Run benchmarks one after the other.

    Args:
        sections: Which, of ``SECTIONS`` and ``PEER_SECTIONS``.
        effort: How much to do; the full amount when omitted.
        world: Environment id of the world that ``WORLD_SECTIONS`` measure; the others are of worlds of their own.
        run: Takes a measurement; in a process of its own when omitted.
        report: Called with every row as it comes.

    Returns:
        JSON-able: ``machine``, ``effort`` and ``rows`` (see ``Row``).

    Raises:
        ValueError: If a section is unknown, or not of ``world``; the message gives the nearest. If the world is.
        ImportError: If the module of a user's world cannot be imported.
        RuntimeError: If a measurement's process fails; holds what it said last.
    """
    effort = effort or Workload()
    available = _benchmarks(effort, world)
    known = available if world == NEWS else WORLD_SECTIONS
    for section in sections:
        if section not in known:
            of = "" if section not in available else f" in {world}"
            raise ValueError(f"Section {section!r} is unknown{of}. {nearest(section, known)}")
    registered(world)
    results: dict[str, Any] = {"machine": machine(), "effort": asdict(effort), "rows": []}
    for section in sections:
        taken = [_memory()] if section == "memory" else map(run, available[section])
        for row in chain.from_iterable(taken):
            report(row)
            results["rows"].append(asdict(row))
    return results


def _benchmarks(effort: Workload, world: str) -> dict[str, list[Measurement]]:
    """What every section measures: what is to be compared in turns is one measurement."""
    sizes_told = effort.catalogues if world == NEWS else ()
    return {
        "environment": environment(effort, world),
        "scenarios": scenarios(effort),
        "peers": [partial(peers, effort, peer) for peer in (NEWS, *SCENARIOS)],
        "training": [partial(training, effort, world)],
        "latency": [partial(latency, effort, world), *(partial(large_latency, effort, items) for items in sizes_told)],
        "encoding": [partial(encoding, effort)],
        "audience": audiences(effort),
        "sharing": [partial(sharing, effort), partial(repeated_training, effort, world)],
        "memory": [],  # of those that ran before
        "published": published(effort),
        "sizes": sizes(effort),
        "published-training": [partial(published_training, effort)],
    }


def _memory() -> list[Row]:
    """Peak memory of this process and of those it started."""
    return [Row("memory", "peak of the largest process so far", largest_peak() / 1e6, "MB")]


def machine() -> dict[str, Any]:
    """What the benchmarks ran on: processor, memory, load, versions; ``None`` where the system does not tell."""
    return {
        "processor": _processor(),
        "processors": os.cpu_count(),
        "processors_allowed": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load": [round(load, 2) for load in os.getloadavg()],
        "platform": platform.platform(),
        "versions": versions((*LIBRARIES, "sardine-rec")),
    }


def _processor() -> str | None:
    """Name of the processor."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or None


def table(results: Mapping[str, Any]) -> str:
    """The rows in aligned columns, and the machine."""
    columns = {RENAMED.get(name, name): [_shown(row[name]) for row in results["rows"]] for name in ORDER}
    about = results["machine"]
    text = pd.DataFrame(columns).to_string(index=False)
    told = f"{about['processor']}, {about['processors']} processors, load {about['load'][0]} at the start"
    return f"{text}\n\n{told}\n{HOW}\n"


def to_json(results: Mapping[str, Any]) -> str:
    """Strict JSON."""
    return json.dumps(results, indent=1, allow_nan=False) + "\n"


def _shown(value: str | float | None) -> str:
    if value is None or isinstance(value, str):
        return "-" if value is None else value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"

"""What the benchmarks ran on: processor, memory, load, versions."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from driftrec.agents.runs.folders import LIBRARIES, versions


def machine() -> dict[str, Any]:
    """JSON-able; ``None`` where the system does not tell."""
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

"""A measurement in a process that does nothing else: whatever ran before would warm it up, or wear it out.

That process runs this file, ``python -m driftrec.agents.benchmarks.alone``, with the pickled measurement as its input.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict

from driftrec.agents.benchmarks.measure import Row

Measurement = Callable[[], Iterable[Row]]
"""Measures what is to be compared in turns, or one thing; to be pickled, so a function of a module with arguments."""


def alone(measurement: Measurement) -> list[Row]:
    """The rows of ``measurement``, taken in a fresh process of the same Python.

    Raises:
        RuntimeError: If that process fails; holds what it said last.
    """
    command = [sys.executable, "-m", "driftrec.agents.benchmarks.alone"]
    done = subprocess.run(command, input=pickle.dumps(measurement), capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace")[-500:]
        raise RuntimeError(f"The process of {measurement} ended with status {done.returncode}: {said}")
    return [Row(**row) for row in json.loads(done.stdout)]


def main() -> None:
    """Measure and print the rows as JSON; whatever else is printed goes to the errors."""
    with contextlib.redirect_stdout(sys.stderr):
        rows = list(pickle.load(sys.stdin.buffer)())
    print(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()

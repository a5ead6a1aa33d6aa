"""The notebook runs from top to bottom, and shows what is stored in it."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

TOUR = Path(__file__).parents[1] / "docs" / "tour.ipynb"
RUN = """
import sys, nbformat
from nbclient import NotebookClient

tour = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(tour, timeout=1800, kernel_name="python3").execute()
nbformat.write(tour, sys.argv[2])
"""


def outputs(file):
    """Of every cell of code: its texts joined, and kinds of data."""
    told = []
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            texts = ["".join(one.get("text", one.get("data", {}).get("text/plain", ""))) for one in cell["outputs"]]
            told.append(("".join(texts), {kind for one in cell["outputs"] for kind in one.get("data", {})}))
    return told


def rows(table):
    return [line.split()[0] for line in table.splitlines()[1:]]


def test_every_cell_has_its_output_stored():
    stored = outputs(TOUR)
    assert len(stored) == 5
    assert all(text for text, _ in stored)
    assert "image/png" in stored[-1][1]
    assert TOUR.stat().st_size < 200_000


@pytest.mark.slow  # trains, in a process of its own
def test_it_runs_from_top_to_bottom_in_under_two_minutes(tmp_path):
    """Of processor time: a machine that is busy otherwise may let it wait."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", RUN, TOUR, tmp_path / "again.ipynb"],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "IPYTHONDIR": str(tmp_path / "i")},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 120
    again, stored = outputs(tmp_path / "again.ipynb"), outputs(TOUR)
    assert again[:2] == stored[:2]  # nothing is learned there
    assert [kinds for _, kinds in again] == [kinds for _, kinds in stored]
    policies = rows(again[3][0])
    assert sorted(policies) == sorted(rows(stored[3][0]))
    assert policies.index("ppo") < policies.index("myopic") < policies.index("walk")

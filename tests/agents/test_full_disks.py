"""A disk that fills up in the middle of any result: what was there stays, and the message names the file.

No file may grow beyond some bytes (``filling_up``), so that every writer fails midway as the system has it fail. Tried:
with ``write_table`` as it was, which wrote to the file itself, "table" fails.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from driftrec.agents.evaluation.summary import write_results
from driftrec.agents.evaluation.tables import write_table
from driftrec.agents.plots.output import Output
from driftrec.agents.rounds.folder import write_json
from driftrec.agents.runs.checkpoint import FILE, save_checkpoint
from driftrec.agents.runs.folders import write_config
from driftrec.agents.snapshots.snapshot_file import write_snapshot
from driftrec.simulators.files import write_text
from driftrec.simulators.fitted.example import made_up
from driftrec.simulators.fitted.folder import save_world
from tests.agents.evaluation.conftest import episodes, journeys, results, shown, steps, summary  # noqa: F401
from tests.agents.test_damaged_files import catalogue
from tests.damaged import filling_up

MOST = 300
SETUP = SimpleNamespace(fingerprints=lambda: {"items": "1" * 64})


def _checkpoint(folder, number):
    save_checkpoint(folder / FILE, {"ranker": nn.Linear(9, number)}, {"seed": number}, SETUP)


def _plot(folder, number, form="png"):
    figure = Figure()
    figure.subplots().plot(range(number))
    Output(form).save(figure, folder / f"plot.{form}")


WRITERS = {
    "checkpoint": _checkpoint,
    "snapshot": lambda folder, number: write_snapshot(folder / "a.snapshot", {"a": torch.ones(100 * number)}),
    "table": lambda folder, number: write_table(pd.DataFrame({"a": np.arange(500 * number)}), folder / "a.csv"),
    "text": lambda folder, number: write_text(folder / "a.md", "a" * 500 * number),
    "config": lambda folder, number: write_config(folder, {"a": "a" * 500 * number}),
    "record": lambda folder, number: write_json(folder / "record.json", {"a": "a" * 500 * number}),
    "world": lambda folder, number: save_world(folder, made_up(seed=number)),
    "catalogue": lambda folder, number: catalogue(folder),
    "png": _plot,
    "svg": lambda folder, number: _plot(folder, number, "svg"),
    "pdf": lambda folder, number: _plot(folder, number, "pdf"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_last_good_file_stays(name, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    WRITERS[name](folder, 2)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert max(map(len, before.values())) > MOST
    with filling_up(MOST), pytest.raises(OSError, match=r"cannot be written: File too large") as caught:
        WRITERS[name](folder, 3)
    assert any(str(folder / file) in str(caught.value) for file in before)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_every_file_of_a_comparison_is_whole(tmp_path, results):  # noqa: F811
    write_results(tmp_path, results)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for most in sorted(len(content) for content in before.values()):
        with filling_up(most - 1), pytest.raises(OSError, match="cannot be written: File too large"):
            write_results(tmp_path, results)
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before

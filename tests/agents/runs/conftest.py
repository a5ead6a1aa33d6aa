"""Trainings that several modules look at, made once."""

import pytest

from driftrec.agents.runs.checkpoint import FILE
from tests.agents.runs.toy_runs import WORLDS, trained


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Setup, run folder and reported lines of a training in every world above."""
    done = {}
    for name in WORLDS:
        folder, lines = tmp_path_factory.mktemp(name), []
        setup, path = trained(name, folder, report=lines.append)
        assert path == folder / FILE
        done[name] = setup, folder, lines
    return done

"""Jobs in processes of their own come to the same, bit for bit, as in this one."""

import os
import signal
import time

import numpy as np
import pandas as pd
import pytest
import torch

from driftrec.agents.engines.engine import Local
from driftrec.agents.engines.processes import Processes
from driftrec.agents.fitting_worlds.fit_world import WorldFit, fit_world
from driftrec.agents.fitting_worlds.fitter import Fitter
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings
from driftrec.agents.fitting_worlds.taste_model import KnownItems
from driftrec.simulators.fitted.example import made_up
from tests.agents.fitting_worlds.logged import lives_from


@pytest.fixture
def told():
    """A function that is sent by value, for tests are no modules that a process could import."""

    def function(job, tell):
        tell(f"job {job}")
        return job, os.getpid(), torch.get_num_threads()

    return function


def test_results_and_what_was_said_come_in_order_from_processes_of_one_thread(told, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    said: list[str] = []
    found = list(Processes(2).map(told, [4, 8, 2], said.append))
    assert [job for job, _, _ in found] == [4, 8, 2]
    assert said == ["job 4", "job 8", "job 2"]
    assert os.getpid() not in {process for _, process, _ in found}
    assert {threads for _, _, threads in found} == {1}


def test_one_at_a_time_runs_here(told):
    assert next(Processes(1).map(told, [4], print))[1] == os.getpid()


def test_an_error_is_that_of_the_job_and_no_further_job_begins(tmp_path):
    def slept(number, tell):
        (tmp_path / str(number)).touch()
        time.sleep(0.2)
        if not number:
            raise ValueError("the first")

    with pytest.raises(ValueError, match="the first"):
        list(Processes(2).map(slept, range(20), print))
    time.sleep(1)
    assert len(list(tmp_path.iterdir())) <= 4  # of two processes; all, were they sent at once


def test_a_process_that_is_lost_is_told():
    def killed(number, tell):
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ConnectionError, match=r"One of 2 processes was lost.* with --threads 1 all is done in one"):
        list(Processes(2).map(killed, range(3), print))


def test_an_error_that_cannot_be_sent_is_told_by_its_words():
    """Failed, for it was told as a process that was lost."""

    def failed(number, tell):
        class OddError(Exception):
            def __init__(self, what, why):
                super().__init__(f"{what} by {why}")

        if number == 7:
            raise OddError("broken", number)

    with pytest.raises(RuntimeError, match="OddError: broken by 7"):
        list(Processes(2).map(failed, [7, 8], print))


@pytest.mark.usefixtures("one_thread")
def test_a_fit_comes_to_the_same(tmp_path):
    """Failed with each replicate's seed drawn where it runs."""
    lives, _, _ = lives_from(made_up(), tmp_path, users=40, steps=20)
    settings = FitWorldSettings(dims=2, epochs=1, least_steps=8, topics=3)
    fits: list[WorldFit] = []
    for engine in (Local(), Processes(2)):
        said: list[str] = []
        fits.append(fit_world(lives, Fitter(KnownItems(), settings, 1, said.append, engine), bootstrap=2))
        assert [line for line in said if "drawn" in line] == [
            f"Users drawn with replacement: fit {number}" for number in (1, 2)
        ]
    here, there = fits
    for name in ("held_out", "against", "numbers"):
        pd.testing.assert_frame_equal(getattr(here, name), getattr(there, name), check_exact=True)
    pd.testing.assert_frame_equal(here.chosen.table, there.chosen.table, check_exact=True)
    for ours, theirs in zip((here.world, *here.replicates), (there.world, *there.replicates), strict=True):
        assert ours.numbers() == theirs.numbers()
        np.testing.assert_array_equal(ours.vectors, theirs.vectors)
        np.testing.assert_array_equal(ours.people, theirs.people)

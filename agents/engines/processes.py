"""Jobs in processes of this machine, each of which computes with one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import torch
from joblib import Parallel, delayed, parallel_config

from driftrec.agents.engines.engine import Engine, Job, Local, Result, Tell, sendable

COPIED = 20_000
"""Items of a catalogue of which every process may hold a copy: some 100 MB with all that is made of them."""


class Processes:
    """Runs several jobs at a time, each in a process of one thread; one at a time, in this process.

    Bit for bit what one process of one thread makes: a job is sent whole, and what it says comes with its result.
    Processes stay for the next jobs, some minutes at most, and each has a copy of its job's data.

    Args:
        at_a_time: How many; as many as torch has threads (``--threads``) when omitted.
    """

    def __init__(self, at_a_time: int | None = None) -> None:
        self._at_a_time = torch.get_num_threads() if at_a_time is None else at_a_time

    def map(self, function: Callable[[Job, Tell], Result], jobs: Iterable[Job], tell: Tell) -> Iterator[Result]:
        """As of ``Engine``; after an error, the first by the clock, those that have begun are ended.

        Raises:
            ConnectionError: If a process was ended from outside, say for want of memory.
        """
        if self._at_a_time == 1:
            yield from Local().map(function, jobs, tell)
            return
        jobs = list(jobs)
        with parallel_config("loky", n_jobs=max(min(self._at_a_time, len(jobs)), 1), inner_max_num_threads=1):
            # Without memory maps: torch warns of arrays that cannot be written.
            several = Parallel(return_as="generator", batch_size=1, pre_dispatch="n_jobs", max_nbytes=None)
        try:
            for told, result in several(delayed(_run)(function, job) for job in jobs):
                for said in told:
                    tell(said)
                yield result
        except BrokenProcessPool as error:
            raise ConnectionError(
                f"One of {self._at_a_time} processes was lost, as where memory runs out: each holds a copy of what it "
                "works on. Give a smaller --threads; with --threads 1 all is done in one process."
            ) from error


def engine_of(device: torch.device, num_items: int) -> Engine:
    """Where policies are tried beside each other: in ``Processes``, or here where each would hold too much.

    Args:
        device: Where their networks compute; a GPU is not shared out.
        num_items: Of the catalogue, see ``COPIED``.
    """
    return Processes() if device.type == "cpu" and num_items <= COPIED else Local()


def _run(function: Callable[[Job, Tell], Result], job: Job) -> tuple[list[Any], Result]:
    """In a process of its own: what the job said, and its result."""
    told: list[Any] = []
    try:
        return told, function(job, told.append)
    except Exception as error:
        raise sendable(error) from error

"""Jobs as tasks of a Ray cluster: of this machine's cores, or of the machines behind ``RAY_ADDRESS``."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import driftrec
from driftrec.agents.engines.engine import Job, Result, Tell, sendable

ADDRESS, LOCAL = "RAY_ADDRESS", "local"


class OnRay:
    """Runs every job as a task of one core and one thread, as many at a time as the cluster has cores.

    Bit for bit what one process of one thread makes: a job is sent whole, and what it says comes with its result.

    Raises:
        ImportError: If Ray is not installed.
    """

    def __init__(self) -> None:
        if find_spec("ray") is None:
            raise ImportError("Ray is not installed; pip install 'driftrec[ray]', or leave --engine ray out.")

    def map(self, function: Callable[[Job, Tell], Result], jobs: Iterable[Job], tell: Tell) -> Iterator[Result]:
        """As of ``Engine``.

        Raises:
            TypeError: If function or job cannot be sent to another process; says what to do.
            ConnectionError: If the cluster cannot be reached, or lost a job, say for want of memory.
        """
        import ray

        packed = [_packed(job) for job in jobs]
        if not packed:
            return
        _connect()
        task = ray.remote(num_cpus=1)(_run)
        errand = Errand(_packed(function), os.getcwd(), tuple(sys.path), driftrec.__version__)
        sent = ray.put(errand)  # once, however many jobs there are
        cores = max(int(ray.cluster_resources().get("CPU", 1)), 1)
        for done in _in_order(partial(task.remote, sent), packed, cores):
            told, result, error = pickle.loads(_got(done))
            for said in told:
                tell(said)
            if error is not None:
                raise error
            yield result


def _in_order(send: Callable[[bytes], Any], jobs: Sequence[bytes], at_a_time: int) -> Iterator[Any]:
    """The task of every job, in the order of the jobs, once it is done; the cluster has so many at a time.

    Nothing that was sent is called back when nobody asks any more: Ray 2.60 ends this whole process where a task is
    cancelled that has just ended ("Tried to complete task that was not pending").
    """
    import ray

    tasks: list[Any] = []
    busy: list[Any] = []
    for number in range(len(jobs)):
        while True:
            new = [send(job) for job in jobs[len(tasks) : len(tasks) + at_a_time - len(busy)]]
            tasks, busy = tasks + new, busy + new
            if number < len(tasks) and tasks[number] not in busy:
                break
            busy = ray.wait(busy)[1]
        yield tasks[number]


@dataclass(frozen=True)
class Errand:
    """What a worker must know besides its job.

    Attributes:
        function: Pickled, as the jobs are: its modules are found once ``paths`` are known.
        folder: Where the command was typed; paths in jobs may begin there.
        paths: Where modules are looked for, users' own too.
        version: Of driftrec.
    """

    function: bytes
    folder: str
    paths: tuple[str, ...]
    version: str


def _run(errand: Errand, job: bytes) -> bytes:
    """In a worker: what the job said, its result, and its error if it had one."""
    if errand.version != driftrec.__version__:
        raise RuntimeError(f"driftrec is of version {errand.version} here and {driftrec.__version__} on a worker")
    os.chdir(errand.folder)
    sys.path += [path for path in errand.paths if path not in sys.path]
    told: list[Any] = []
    try:
        return _packed((told, pickle.loads(errand.function)(pickle.loads(job), told.append), None))
    except Exception as error:
        return _packed((told, None, sendable(error, _packed)))


def _packed(thing: Any) -> bytes:
    """Pickled, closures too."""
    from ray import cloudpickle

    try:
        return bytes(cloudpickle.dumps(thing))
    except Exception as error:
        raise TypeError(f"This cannot be sent to Ray ({error}); run it with --engine local.") from error


def _got(task: Any) -> bytes:
    """What a task returned."""
    import ray

    try:
        return bytes(ray.get(task))
    except ray.exceptions.RayError as error:
        lines = str(error).strip().splitlines() or [""]
        raise ConnectionError(
            f"Ray lost a job ({type(error).__name__}: {lines[-1]}). Every machine needs this folder, this version of "
            "driftrec, and memory for as many jobs as it has cores (docs/ray.md)."
        ) from error


def _connect() -> None:
    """Be part of the cluster behind ``ADDRESS``, or of one of this machine for as long as this process lives."""
    import ray

    if ray.is_initialized():
        return
    address = os.environ.get(ADDRESS, LOCAL)
    if address == LOCAL:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent home
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # of many kinds, its base class among them
        lines = str(error).strip().splitlines() or [""]
        raise ConnectionError(
            f"No Ray cluster answers at {ADDRESS}={address} ({lines[0]}). Start one with: ray start --head"
        ) from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # which Ray takes for itself, and the command line ends by

"""What runs jobs that do not need one another, and the one that runs them here."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, Protocol, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

Tell = Callable[[Any], None]
"""Takes what a job says on its way: lines, steps."""

EngineName = Literal["local", "ray"]
"""As ``--engine`` has it."""


class Engine(Protocol):
    """Runs jobs. What comes of one is a function of the job alone, and so of no engine."""

    def map(self, function: Callable[[Job, Tell], Result], jobs: Iterable[Job], tell: Tell) -> Iterator[Result]:
        """What ``function`` makes of every job, in the order of the jobs.

        Args:
            function: Called with a job, and with what takes whatever it says on its way.
            jobs: Run at the latest when their result is asked for.
            tell: Called in this process with what a job says, at once or with its result.

        Raises:
            Exception: That of the first job that failed, when its result is asked for; no further job begins.
        """
        ...


class Local:
    """Runs jobs in this process: one by one as their results are asked for, or several in threads of their own.

    Args:
        at_a_time: How many; several are for jobs that wait for processes of their own.
    """

    def __init__(self, at_a_time: int = 1) -> None:
        self._at_a_time = at_a_time

    def map(self, function: Callable[[Job, Tell], Result], jobs: Iterable[Job], tell: Tell) -> Iterator[Result]:
        """As of ``Engine``; after an error those that have begun are waited for, after an interrupt not."""
        if self._at_a_time == 1:
            for job in jobs:
                yield function(job, tell)
            return
        pool = ThreadPoolExecutor(self._at_a_time)
        try:
            for future in [pool.submit(function, job, tell) for job in jobs]:
                yield future.result()
        except Exception:
            pool.shutdown(cancel_futures=True)
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def sendable(error: Exception, packed: Callable[[Any], bytes] = pickle.dumps) -> Exception:
    """The error, or its kind and text where it cannot be ``packed`` for another process."""
    try:
        pickle.loads(packed(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def engine_named(name: EngineName, at_a_time: int = 1, device: str = "cpu") -> Engine:
    """The engine of that name; ``at_a_time`` as of ``Local``, ``device`` where the jobs' networks compute.

    Raises:
        ImportError: If it is "ray", which is not installed.
        ValueError: If it is "ray", whose workers compute on the CPU, and the device is another.
    """
    if name == "local":
        return Local(at_a_time)
    if device != "cpu":
        raise ValueError(f"--engine {name} computes on CPUs, and --device is {device}; leave one of them out.")
    from driftrec.agents.engines.on_ray import OnRay

    return OnRay()

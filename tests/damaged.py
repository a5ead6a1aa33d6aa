"""Disks that fill up; and mutated files, which loaders read or refuse in our own words, running nothing of them."""

import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

TELLING = rb"""{}[]()<>"':,;|=.-+0123456789eEnN \\/""" + bytes([0, 10, 13, 127, 255])
"""Bytes that mean something in one format or another."""

RUNS = ("pickle.find_class", "os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen")
"""Audit events of a file that has something run."""

_watched: list[str] = []
_watching = [False]


def _hook(event, args):
    if _watching[0] and event in RUNS:
        _watched.append(f"{event} {args!r}")


sys.addaudithook(_hook)  # for the life of the process: Python has no way to take one away


def flipped(data, rng):
    """A bit of one to four bytes is another."""
    for place in rng.integers(len(data), size=rng.integers(1, 5)):
        data[place] ^= 1 << rng.integers(8)


def retold(data, rng):
    """One to four bytes are others that mean something, mostly near the beginning, where headers are."""
    reach = rng.choice([min(len(data), 512), len(data)])
    for place in rng.integers(reach, size=rng.integers(1, 5)):
        data[place] = TELLING[rng.integers(len(TELLING))]


def cut(data, rng):
    """Only the beginning is left."""
    del data[rng.integers(len(data)) :]


def grown(data, rng):
    """Some bytes more, somewhere: drawn, or some that stand elsewhere."""
    place, count, begin = rng.integers(len(data) + 1), rng.integers(1, 64), rng.integers(len(data))
    data[place:place] = rng.bytes(count) if rng.random() < 0.5 else data[begin : begin + count]


def zeroed(data, rng):
    """A block of zeros."""
    begin = rng.integers(len(data))
    count = len(data[begin : begin + rng.integers(1, 512)])
    data[begin : begin + count] = bytes(count)


def lost(data, rng):
    """Some bytes are missing inside."""
    begin = rng.integers(len(data))
    del data[begin : begin + rng.integers(1, 64)]


MUTATIONS: tuple[Callable[[bytearray, np.random.Generator], None], ...] = (flipped, retold, cut, grown, zeroed, lost)


def mutated(content: bytes, cases: int, seed: int) -> Iterator[bytes]:
    """So many versions of a file, none of them as it was; each mutation has its turn."""
    rng, number = np.random.default_rng(seed), 0
    while number < cases:
        data = bytearray(content)
        MUTATIONS[number % len(MUTATIONS)](data, rng)
        if bytes(data) != content:
            number += 1
            yield bytes(data)


@contextmanager
def filling_up(most: int) -> Iterator[None]:
    """Inside of ``with`` no file can grow beyond ``most`` bytes, as on a disk that fills up: writing fails midway."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def tried(read: Callable[[], object], file: Path, cases: int, seed: int = 0) -> int:
    """Read ``cases`` mutations of ``file`` one after another; the number of those that were refused.

    Fails where one raises other than ValueError or OSError, in words that do not name the file or its folder, or has
    something run.
    """
    content, refused = file.read_bytes(), 0
    _watched.clear()
    for number, data in enumerate(mutated(content, cases, seed)):
        file.write_bytes(data)
        _watching[0] = True
        try:
            read()
        except (ValueError, OSError) as error:
            if file.name not in str(error) and str(file.parent) not in str(error):
                pytest.fail(f"mutation {number} of {file.name}: {type(error).__name__} names no file: {error}")
            refused += 1
        except Exception as error:
            kept = Path("/tmp") / f"mutation-{number}-{file.name}"
            kept.write_bytes(data)
            raise AssertionError(f"mutation {number} of {file.name}, kept in {kept}: {error!r}") from error
        finally:
            _watching[0] = False
        assert not _watched, f"mutation {number} of {file.name} has run {_watched}"
    file.write_bytes(content)
    return refused

"""Memory that a step frees is kept for the next one."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
TRIM, MMAP = 2**29, 2**27
"""Bytes: free memory at the end of the heap from which some is given back; arrays from which each is on its own."""


def keep_freed_memory() -> None:
    """Let glibc keep what is freed, up to half a GiB; does nothing where there is another allocator.

    By default tensors of some MiB go back to the system when they die, and the next ones fault once for every 4 KiB.
    That was a third of the time in which PPO trains.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return
    mallopt(M_TRIM_THRESHOLD, TRIM)
    mallopt(M_MMAP_THRESHOLD, MMAP)

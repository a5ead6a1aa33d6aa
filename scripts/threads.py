"""How many threads a command computes with: ``--threads N`` of every verb."""

from __future__ import annotations

import os
import sys

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Read by libraries as they load, and by processes that the command starts."""

ABOUT = "--threads N computes with so many threads; as many as there are cores when omitted."
"""For help texts."""


def use_threads(said: str) -> None:
    """Let torch and linear algebra use so many threads, loaded or not yet.

    Args:
        said: The number, as on the command line.

    Raises:
        ValueError: If it is no whole number from 1 on.
    """
    if not said.isdecimal() or int(said) < 1:
        raise ValueError(f"--threads is {said!r}; give a whole number of at least 1.")
    os.environ.update(dict.fromkeys(VARIABLES, said))
    if "numpy" in sys.modules:  # read the variables already
        from threadpoolctl import threadpool_limits

        threadpool_limits(int(said))
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(int(said))

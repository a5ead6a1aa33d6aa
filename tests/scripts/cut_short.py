"""Commands that are killed and resumed."""

import shutil
import time

import numpy as np

from tests.agents.runs.killed import killed_after

WORLD = ("--world", "driftrec/Sardine-SlateTopK-BoredInf-v0", "--slate-size", "4", "--horizon", "6")


def killed_and_resumed(call, words, folder, times, seed):
    """Runs that were killed at random moments and gone on with, beside one in "whole" that was not killed."""
    call(*words, "--out", folder / "first")  # which takes longer
    begun = time.perf_counter()
    call(*words, "--out", folder / "whole")
    seconds, rng = time.perf_counter() - begun, np.random.default_rng(seed)
    for number in range(times):
        run = folder / str(number)
        while not cut_off(run, lambda run=run: call(*words, "--out", run), rng.uniform(0.1, 0.9) * seconds):
            shutil.rmtree(run, ignore_errors=True)
        call("--resume", run)
        yield run


def cut_off(run, work, seconds):
    """Kill ``work`` after so long; whether it had begun ``run`` and not ended by then."""
    return killed_after(seconds, work) and (run / "config.json").exists()


def flags(group="", **told):
    return [
        word for name, value in told.items() for word in (f"--settings.{group}{name.replace('_', '-')}", str(value))
    ]

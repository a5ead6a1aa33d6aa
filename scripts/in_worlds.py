"""``driftrec compare --worlds``: a comparison in each of several fitted worlds, and all of them together."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from driftrec.agents.comparison.across_worlds import across_in_text, across_worlds, write_across
from driftrec.agents.comparison.entries import chosen_baseline
from driftrec.agents.evaluation.summary import read_results
from driftrec.agents.runs.folders import CONFIG_FILE, run_folder, write_config
from driftrec.agents.setup import WorldArgs, json_object
from driftrec.agents.snapshots.snapshot_folder import FOLDER, SnapshotFolder

SUMMARY, ACROSS = "summary.json", "across.json"
"""What a comparison ends with in one world, and in several."""


@dataclass(frozen=True)
class InWorlds:
    """A comparison in several worlds.

    Attributes:
        worlds: The worlds.
        policies: As typed; None for the baselines of the worlds.
        baseline: As typed.
        seed: Of users, draws and intervals.
        config: What the run folder's configuration says.
        of: All that decides what comes of it.
    """

    worlds: Sequence[WorldArgs]
    policies: Sequence[str] | None
    baseline: str | None
    seed: int
    config: Mapping[str, Any]
    of: Mapping[str, Any]


Compare = Callable[[WorldArgs, Path, bool], None]
"""Compares in one world into a folder, the last saying whether to go on with what is there."""


def compare_in_worlds(told: InWorlds, one: Compare, out: Path | None, begun: Path | None) -> None:
    """Compare in every world, each in a folder within the run's, put all together, and print that.

    Args:
        told: What is compared.
        one: Compares in one world.
        out: Run folder, new or empty; the next numbered one when omitted.
        begun: One to go on with, in place of ``out``.

    Raises:
        ValueError: As of ``one``, or if the run to go on with is of other worlds or runs than are there now.
        KeyboardInterrupt: If interrupted; says how to go on.
    """
    episodes = {}
    with _folder(told, out, begun) as folder:
        for number, world in enumerate(told.worlds):
            name = json_object("options", world.options)["world"]
            episodes[name] = _episodes(folder / f"world-{number}", world, one)
        labels = list(dict.fromkeys(next(iter(episodes.values())).policy))
        across = across_worlds(episodes, chosen_baseline(told.baseline, told.policies or labels), told.seed)
        write_across(folder, across)
    print(f"{across_in_text(across)}\n\nRun folder: {folder}")


@contextmanager
def _folder(told: InWorlds, out: Path | None, begun: Path | None) -> Iterator[Path]:
    """The run folder inside ``with``, noted as unfinished until its end."""
    if begun is not None:
        with _unfinished(told, begun):
            yield begun
        return
    with run_folder(out, "compare") as folder:
        write_config(folder, told.config)
        with _unfinished(told, folder):
            yield folder


@contextmanager
def _unfinished(told: InWorlds, folder: Path) -> Iterator[None]:
    kept = SnapshotFolder(folder, told.of, print)
    kept.begin()
    try:
        yield
    except BaseException as error:
        if not any(folder.glob("world-*")):
            kept.finish()  # nothing had been done
        elif isinstance(error, KeyboardInterrupt):
            left = f"{folder} holds what was finished; driftrec compare --resume {folder} goes on"
            raise KeyboardInterrupt(left) from None
        raise
    kept.finish()


def _episodes(folder: Path, world: WorldArgs, one: Compare) -> pd.DataFrame:
    """What came of the comparison in one world; made unless it is there."""
    if not (folder / SUMMARY).exists() or (folder / FOLDER).exists():
        goes_on = (folder / CONFIG_FILE).exists()
        if not goes_on:
            shutil.rmtree(folder, ignore_errors=True)  # killed before there was anything to go on with
        one(world, folder, goes_on)
    return read_results(folder).episodes

"""Compare policies on the same users and noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.comparison.comparison_log import ComparisonLog
from driftrec.agents.comparison.entries import Entry, default_baseline, weights_of_planners
from driftrec.agents.comparison.kept_rollout import KeptRollout, part_of, read_part, write_part
from driftrec.agents.comparison.seen import Seen
from driftrec.agents.engines.engine import Engine, Local, Tell
from driftrec.agents.evaluation.rollout import roll_out
from driftrec.agents.evaluation.stories import one_user, story_of
from driftrec.agents.evaluation.summary import Results, summarise
from driftrec.agents.logbook.log_writer import Tap
from driftrec.agents.policy import Policy
from driftrec.agents.runs.description import description
from driftrec.agents.setup import Setup
from driftrec.agents.snapshots.snapshot_folder import SnapshotFolder
from driftrec.agents.worlds.kits import item_ids
from driftrec.simulators.noise import user_seeds

INTERRUPTED = "interrupted"
"""Why a policy failed that did not get to the end."""


def compare(
    setup: Setup,
    entries: Sequence[Entry],
    *,
    users: int,
    seed: int,
    baseline: str,
    on_policy: Callable[[str], None] = lambda label: None,
    tick: Callable[[], None] = lambda: None,
    log: ComparisonLog | None = None,
    kept_in: SnapshotFolder | None = None,
    engine: Engine | None = None,
) -> Results:
    """Let every policy serve the same ``users`` users.

    A policy that fails costs its own row alone: the summary's "failed" says why, by label. So does an interrupt, after
    which no further policy serves. Training seeds of it that finished before stay.

    Args:
        setup: World and embeddings.
        entries: The policies.
        users: Number of users, never met in training.
        seed: Source of users, of the policies' own draws and of the bootstrap.
        baseline: Label that all others are compared with in pairs; the journeys are those under it and under the
            last other policy. Should it fail, that of ``default_baseline`` among those that did not.
        on_policy: Called with the label before each rollout.
        tick: Called after each step.
        log: Takes every impression, of a policy that fails those before it did; the training seed is the version. Of a
            rollout that ``kept_in`` holds it has them.
        kept_in: Keeps the tables of every rollout as soon as it is done; those that it holds are not served again.
        engine: Runs the rollouts, each of them a job: a policy's draws and rounding depend on who is served beside a
            user, so that users are not shared out. This process when omitted.

    Raises:
        ValueError: If what ``kept_in`` holds is spoilt or of another comparison.
        Exception: If all fail; that of the first.
        KeyboardInterrupt: If interrupted before any has finished or failed.
    """
    lines = list(_lines(entries))
    kept = _kept(kept_in, len(lines), log)
    served = _Served(user_seeds(seed, "evaluation", users), seed)

    def missing() -> Iterator[_Line]:
        for line in lines:
            if line.number not in kept:
                on_policy(line.label)
                yield line

    serve: Callable[[_Line, Tell], KeptRollout | Exception] = partial(_serve, setup, served.seeds, seed, log)
    done = (engine or Local()).map(serve, missing(), lambda told: tick())
    for line in lines:
        try:
            part = kept[line.number] if line.number in kept else next(done)
        except KeyboardInterrupt as interrupt:
            finished = {*served.shown, *served.errors} - {line.label}
            served.errors |= {left.label: interrupt for left in entries if left.label not in finished}
            break
        if isinstance(part, Exception):
            served.errors.setdefault(line.label, part)
            continue
        if kept_in is not None and line.number not in kept:
            write_part(kept_in, line.number, part, log)
        served.add(line.label, line.trained, part)
    return served.results(setup, entries, baseline)


@dataclass(frozen=True)
class _Line:
    """One rollout: its number, a policy, its label, and the seed that it was trained with."""

    number: int
    label: str
    trained: int | None
    policy: Policy


def _kept(kept_in: SnapshotFolder | None, rollouts: int, log: ComparisonLog | None) -> dict[int, KeptRollout]:
    """Those rollouts that are kept, by number."""
    if kept_in is None:
        return {}
    found = ((number, read_part(kept_in, number, log)) for number in range(rollouts))
    return {number: part for number, part in found if part is not None}


def _serve(
    setup: Setup, seeds: NDArray[np.uint64], seed: int, log: ComparisonLog | None, line: _Line, tell: Tell
) -> KeptRollout | Exception:
    """The tables of one rollout, or why there are none; every step is told."""
    try:
        with _tap(log, setup, seeds, line) as tap:
            seen = Seen(setup, len(seeds), tap)
            told: Any = {"name": line.label, "tick": partial(tell, None), "seen": seen}
            rollout = roll_out(setup.world, line.policy, setup.context, seeds, horizon=setup.horizon, seed=seed, **told)
            return part_of(rollout, seen, seed)
    except Exception as error:
        return error


@contextmanager
def _tap(log: ComparisonLog | None, setup: Setup, seeds: NDArray[np.uint64], line: _Line) -> Iterator[Tap | None]:
    """What takes the steps of one policy inside ``with``: the log's, or nobody."""
    if log is None:
        yield None
        return
    version = "" if line.trained is None else str(line.trained)
    with log.rollout(line.number) as rows:
        yield rows.tap(setup.world, seeds, line.policy, name=line.label, version=version, ids=item_ids(setup))


class _Served:
    """What has come of the policies so far.

    Args:
        seeds: Of the users, (users,).
        seed: Of the comparison.

    Attributes:
        shown: Which items the users were shown, by label, (training seeds, users, items).
        errors: Why policies failed, by label.
    """

    def __init__(self, seeds: NDArray[np.uint64], seed: int) -> None:
        self.seeds, self.seed = seeds, seed
        self.shown: dict[str, NDArray[np.bool_]] = {}
        self.errors: dict[str, BaseException] = {}
        self._episodes: list[pd.DataFrame] = []
        self._steps: list[pd.DataFrame] = []
        self._journeys: dict[str, pd.DataFrame] = {}
        self._stories: dict[str, pd.DataFrame] = {}
        self._exposure: list[pd.DataFrame] = []

    def add(self, label: str, trained: int | None, part: KeptRollout) -> None:
        """Take up the rollout of one training seed."""
        self._episodes.append(_signed(part.episodes, label, trained))
        self._steps.append(_signed(part.steps, label, trained))
        self.shown[label] = np.concatenate([*([self.shown[label]] if label in self.shown else []), part.shown[None]])
        self._journeys.setdefault(label, part.journeys)
        self._stories.setdefault(label, part.story)
        self._exposure.append(_signed(part.exposure, label, trained))

    def results(self, setup: Setup, entries: Sequence[Entry], baseline: str) -> Results:
        """Tables and summary of those of ``entries`` that served; the first error if none did."""
        if not self.shown:
            raise next(iter(self.errors.values()))
        there = [entry for entry in entries if entry.label in self.shown]
        baseline = baseline if baseline in self.shown else default_baseline(list(self.shown))
        episodes = pd.concat(self._episodes, ignore_index=True)
        summary = summarise(
            episodes,
            self.shown,
            world=description(setup),
            unit=setup.world.unit,
            baseline=baseline,
            seed=self.seed,
            oracles=[entry.label for entry in there if entry.oracle],
        )
        summary["failed"] = {
            label: INTERRUPTED if isinstance(error, KeyboardInterrupt) else str(error)
            for label, error in self.errors.items()
        }
        summary["planner_weights"] = weights_of_planners(entries)
        if found := {entry.label: dict(entry.parameters) for entry in there if entry.parameters}:
            summary["parameters"] = found
        summary["items"] = len(setup.context.item_embeddings)
        others = [label for label in self._journeys if label != baseline]
        pair = (baseline, *others[-1:])
        journeys = one_user({label: self._journeys[label] for label in pair})
        met = {label: self._stories[label].rename(columns={"slate": "step"}) for label in pair}
        user = int((one_user(met) if journeys.empty else journeys).user.iloc[0])
        steps, exposure = (pd.concat(tables, ignore_index=True) for tables in (self._steps, self._exposure))
        return Results(episodes, steps, journeys, summary, story_of(user, self._stories), exposure)


def _signed(rows: pd.DataFrame, label: str, trained: int | None) -> pd.DataFrame:
    """``rows`` with the columns that say whose they are."""
    return rows.assign(policy=label, training_seed=pd.array([trained] * len(rows), dtype="Int64"))


def _lines(entries: Sequence[Entry]) -> Iterator[_Line]:
    """All rollouts, in the order of the tables."""
    number = count()
    for entry in entries:
        for trained in sorted(entry.policies, key=lambda trained: -1 if trained is None else trained):
            yield _Line(next(number), entry.label, trained, entry.policies[trained])

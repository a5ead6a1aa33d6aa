"""Compare policies on the same users and noise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.comparison.kept_rollout import KeptRollout, part_of, read_part, write_part
from driftrec.agents.comparison.seen import Seen
from driftrec.agents.engines.engine import Engine, Local, Tell
from driftrec.agents.evaluation.rollout import roll_out
from driftrec.agents.evaluation.stories import one_user, story_of
from driftrec.agents.evaluation.summary import Results, summarise
from driftrec.agents.known import KNOWN, OF_RUNS, TUNABLE
from driftrec.agents.logbook.log_writer import LogWriter, Tap
from driftrec.agents.oracles import Planner
from driftrec.agents.policy import Oracle, Policy
from driftrec.agents.registry import build_policy, builders
from driftrec.agents.runs.checkpoint import read_config
from driftrec.agents.runs.description import description
from driftrec.agents.runs.tuned import is_tuned, tuned
from driftrec.agents.setup import Setup
from driftrec.agents.snapshots.snapshot_folder import SnapshotFolder
from driftrec.agents.worlds.kit import Effort
from driftrec.agents.worlds.kits import item_ids
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.settings import nearest

INTERRUPTED = "interrupted"
"""Why a policy failed that did not get to the end."""


@dataclass(frozen=True)
class Entry:
    """One line of the comparison: a label, and one policy a training seed."""

    label: str
    policies: Mapping[int | None, Policy]  # by training seed; one under None where nothing was trained
    parameters: Mapping[str, float] = field(default_factory=dict)  # those that ``driftrec tune`` found

    @property
    def oracle(self) -> bool:
        """Whether any of the policies is told the truth."""
        return any(isinstance(policy, Oracle) for policy in self.policies.values())


def parse_entry(text: str) -> tuple[str, list[str]]:
    """Label and policy names of "label=name", "name", or "ppo:RUN,RUN" (several training seeds of one policy).

    Of policies of the user's own, and of model files, each is written in full: "my:New?seed=1,my:New?seed=2". An "="
    behind a colon belongs to a path and sets no label apart. Of "linucb:RUN" the label is "linucb tuned".
    """
    label, equals, name = text.partition("=")
    if not equals or ":" in label:
        label, name = "", text
    elif not label:
        raise ValueError(f"{text!r} has an empty label; write label=policy.")
    head, colon, argument = name.partition(":")
    if head in KNOWN and KNOWN[head].run == "tune" and argument:
        return label or f"{head} tuned", [name]
    if head in OF_RUNS and colon:
        return label or head, [f"{head}:{run}" for run in argument.split(",")]
    begin, names = _in_full(name)
    return label or begin or name, names


def _in_full(name: str) -> tuple[str, list[str]]:
    """``name`` apart where what it begins with, "package.module:Class?" or "sb3:PPO:", stands again behind a comma.

    With what it begins with, or "" where it stands alone.
    """
    begins = re.match(r"[^?,:]+:[^?,:]+\?|sb3:[^:]+:", name)
    first, *others = name.split(f",{begins[0]}") if begins else [name]
    if begins is None or not others:
        return "", [name]
    return begins[0][:-1], [first, *(f"{begins[0]}{other}" for other in others)]


def chosen_baseline(wanted: str | None, texts: Sequence[str]) -> str:
    """The label to compare with: the one wanted; else "myopic" if it takes part, or the first.

    Args:
        wanted: A label, or a policy as it is spelt in ``texts``.
        texts: The policies, see ``parse_entry``.

    Raises:
        ValueError: If the wanted one does not take part (the message gives the nearest), or nobody does.
    """
    labels = [parse_entry(text)[0] for text in texts]
    if not labels:
        raise ValueError("No policies to compare; name some, such as random.")
    if wanted is None:
        return default_baseline(labels)
    if wanted in texts:
        return parse_entry(wanted)[0]
    if wanted not in labels:
        raise ValueError(f"Baseline {wanted!r} is not among the policies. {nearest(wanted, labels)}")
    return wanted


def default_baseline(labels: Sequence[str]) -> str:
    """The label to compare with where none was chosen: "myopic", or the first."""
    return "myopic" if "myopic" in labels else labels[0]


def build_entries(
    setup: Setup,
    texts: Sequence[str],
    *,
    seed: int,
    report: Callable[[str], None] = lambda line: None,
    effort: Effort | None = None,
) -> list[Entry]:
    """Build all policies before any work is done, so that a wrong name costs nothing.

    Arguments as of ``registry.builders``.

    Raises:
        ValueError: If a name is unknown, a label or a training seed is double or a checkpoint does not fit.
        FileNotFoundError: If a run folder holds no checkpoint.
    """
    known = builders(setup, seed, report, effort)
    parsed = [parse_entry(text) for text in texts]
    labels = [label for label, _ in parsed]
    double = {label for label in labels if labels.count(label) > 1}
    if double:
        raise ValueError(f"Two policies are called {sorted(double)[0]!r}; name them apart: label=policy.")
    slow_last = sorted(parsed, key=lambda entry: entry[1][0] in ("myopic", "planner"))  # wrong names fail before work
    built = {}
    for label, names in slow_last:
        seeds = [_training_seed(name, seed) for name in names]
        if len(names) > 1 and seeds == [None] * len(names):
            seeds = _own_seeds(names)
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"Two runs of {label!r} have one training seed ({seeds}); name them apart: label=policy.")
        trained = [build_policy(name, setup.context, known.policies, known.loaders) for name in names]
        built[label] = Entry(label, dict(zip(seeds, trained, strict=True)), _parameters(label, names))
    return [built[label] for label in labels]


def compare(
    setup: Setup,
    entries: Sequence[Entry],
    *,
    users: int,
    seed: int,
    baseline: str,
    on_policy: Callable[[str], None] = lambda label: None,
    tick: Callable[[], None] = lambda: None,
    log: LogWriter | None = None,
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
            rollout that is kept it takes none.
        kept_in: Keeps the tables of every rollout as soon as it is done; those that it holds are not served again.
        engine: Runs the rollouts, each of them a job: a policy's draws and rounding depend on who is served beside a
            user, so that users are not shared out. This process when omitted.

    Raises:
        ValueError: If what ``kept_in`` holds is spoilt or of another comparison.
        Exception: If all fail; that of the first.
        KeyboardInterrupt: If interrupted before any has finished or failed.
    """
    lines = list(_lines(entries))
    kept = _kept(kept_in, len(lines))
    served = _Served(user_seeds(seed, "evaluation", users), seed)

    def missing() -> Iterator[_Line]:
        for number, line in enumerate(lines):
            if number not in kept:
                on_policy(line.label)
                yield line

    serve: Callable[[_Line, Tell], KeptRollout | Exception] = partial(_serve, setup, served.seeds, seed, log)
    done = (engine or Local()).map(serve, missing(), lambda told: tick())
    for number, line in enumerate(lines):
        try:
            part = kept[number] if number in kept else next(done)
        except KeyboardInterrupt as interrupt:
            finished = {*served.shown, *served.errors} - {line.label}
            served.errors |= {left.label: interrupt for left in entries if left.label not in finished}
            break
        if isinstance(part, Exception):
            served.errors.setdefault(line.label, part)
            continue
        if kept_in is not None and number not in kept:
            write_part(kept_in, number, part)
        served.add(line.label, line.trained, part)
    return served.results(setup, entries, baseline)


@dataclass(frozen=True)
class _Line:
    """One rollout: a policy, its label, and the seed that it was trained with."""

    label: str
    trained: int | None
    policy: Policy


def _kept(kept_in: SnapshotFolder | None, rollouts: int) -> dict[int, KeptRollout]:
    """Those rollouts that are kept, by number."""
    if kept_in is None:
        return {}
    found = ((number, read_part(kept_in, number)) for number in range(rollouts))
    return {number: part for number, part in found if part is not None}


def _serve(
    setup: Setup, seeds: NDArray[np.uint64], seed: int, log: LogWriter | None, line: _Line, tell: Tell
) -> KeptRollout | Exception:
    """The tables of one rollout, or why there are none; every step is told."""
    try:
        seen = Seen(setup, len(seeds), _tap(log, setup, seeds, line))
        told: Any = {"name": line.label, "tick": partial(tell, None), "seen": seen}
        rollout = roll_out(setup.world, line.policy, setup.context, seeds, horizon=setup.horizon, seed=seed, **told)
        return part_of(rollout, seen, seed)
    except Exception as error:
        return error


def _tap(log: LogWriter | None, setup: Setup, seeds: NDArray[np.uint64], line: _Line) -> Tap:
    """What takes the steps of one policy: the log's, or nobody."""
    if log is None:
        return lambda step: None
    version = "" if line.trained is None else str(line.trained)
    return log.tap(setup.world, seeds, line.policy, name=line.label, version=version, ids=item_ids(setup))


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


def weights_of_planners(entries: Sequence[Entry]) -> dict[str, dict[str, float]]:
    """The trade-offs of every planner among ``entries`` by label: the ceiling's define ``normalised``."""
    planners = {entry.label: entry.policies.get(None) for entry in entries}
    return {label: asdict(policy.weights) for label, policy in planners.items() if isinstance(policy, Planner)}


def _signed(rows: pd.DataFrame, label: str, trained: int | None) -> pd.DataFrame:
    """``rows`` with the columns that say whose they are."""
    return rows.assign(policy=label, training_seed=pd.array([trained] * len(rows), dtype="Int64"))


def _lines(entries: Sequence[Entry]) -> Iterator[_Line]:
    """All rollouts, in the order of the tables."""
    for entry in entries:
        for trained in sorted(entry.policies, key=lambda trained: -1 if trained is None else trained):
            yield _Line(entry.label, trained, entry.policies[trained])


def _training_seed(name: str, seed: int) -> int | None:
    """The seed that a policy was trained with, None where nothing is trained; ``seed`` is that of the comparison."""
    head, _, run = name.partition(":")
    if head in OF_RUNS and run and is_tuned(run):
        return _training_seed(tuned(run)[0], seed)
    if head in OF_RUNS and run:
        return int(read_config(run)["seed"])
    return seed if name == "myopic" else None


def _own_seeds(names: Sequence[str]) -> list[int | None]:
    """Training seeds of a user's own policies in one row: what they call so, ?seed=7, or else their place."""
    said = [re.search(r"[?&]seed=(\d+)(?=&|$)", name) for name in names]
    return [int(found[1]) if found else place for place, found in enumerate(said, 1)]


def _parameters(label: str, names: Sequence[str]) -> Mapping[str, float]:
    """What ``driftrec tune`` found for the policies of one line; ValueError unless it is one setting for all."""
    parts = [name.partition(":")[::2] for name in names]
    found = [tuned(run)[1] if head in TUNABLE and run and is_tuned(run) else {} for head, run in parts]
    if any(parameters != found[0] for parameters in found):
        raise ValueError(f"The runs of {label!r} were tuned to several settings; name them apart: label=policy.")
    return found[0]

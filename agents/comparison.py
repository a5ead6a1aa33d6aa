"""Compare policies on the same users and noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from driftrec.agents.baseline_runs import BASELINE_RUNS
from driftrec.agents.checkpoint import read_config
from driftrec.agents.evaluation.rollout import Rollout, roll_out
from driftrec.agents.evaluation.step_table import step_table
from driftrec.agents.evaluation.summary import Results, summarise
from driftrec.agents.evaluation.tables import MINUTES
from driftrec.agents.known_policies import EFFORT, Effort, Setup, known_policies
from driftrec.agents.oracles import Planner
from driftrec.agents.policy import Oracle, Policy
from driftrec.agents.registry import build_policy
from driftrec.agents.tuning import is_tuned, tuned
from driftrec.agents.world_setup import world_title
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.settings import nearest

TRAINED = ("myopic", "mmr", "farsighted", "ppo", "ppo-sampled", *BASELINE_RUNS)
"""Policies that a run folder of ``driftrec train`` or ``train-baseline`` holds; it stands behind the colon."""


INTERRUPTED = "interrupted"
"""Why a policy failed that did not get to the end."""


@dataclass(frozen=True)
class Entry:
    """One line of the comparison: a label, and one policy a training seed."""

    label: str
    policies: Mapping[int | None, Policy]  # by training seed; one under None where nothing was trained

    @property
    def oracle(self) -> bool:
        """Whether any of the policies is told the truth."""
        return any(isinstance(policy, Oracle) for policy in self.policies.values())


def parse_entry(text: str) -> tuple[str, list[str]]:
    """Label and policy names of "label=name", "name", or "ppo:RUN,RUN" (several training seeds of one policy).

    An "=" behind a colon belongs to a path and sets no label apart.
    """
    label, equals, name = text.partition("=")
    if not equals or ":" in label:
        label, name = "", text
    elif not label:
        raise ValueError(f"{text!r} has an empty label; write label=policy.")
    head, colon, argument = name.partition(":")
    if head in TRAINED and colon:
        return label or head, [f"{head}:{run}" for run in argument.split(",")]
    return label or name, [name]


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
        return "myopic" if "myopic" in labels else labels[0]
    if wanted in texts:
        return parse_entry(wanted)[0]
    if wanted not in labels:
        raise ValueError(f"Baseline {wanted!r} is not among the policies. {nearest(wanted, labels)}")
    return wanted


def build_entries(
    setup: Setup,
    texts: Sequence[str],
    *,
    seed: int,
    report: Callable[[str], None] = lambda line: None,
    effort: Effort = EFFORT,
) -> list[Entry]:
    """Build all policies before any work is done, so that a wrong name costs nothing.

    Arguments as of ``known_policies``.

    Raises:
        ValueError: If a name is unknown, a label or a training seed is double or a checkpoint does not fit.
        FileNotFoundError: If a run folder holds no checkpoint.
    """
    known = known_policies(setup, seed, report, effort)
    parsed = [parse_entry(text) for text in texts]
    labels = [label for label, _ in parsed]
    double = {label for label in labels if labels.count(label) > 1}
    if double:
        raise ValueError(f"Two policies are called {sorted(double)[0]!r}; name them apart: label=policy.")
    slow_last = sorted(parsed, key=lambda entry: entry[1][0] in ("myopic", "planner"))  # wrong names fail before work
    built = {}
    for label, names in slow_last:
        seeds = [_training_seed(name, seed) for name in names]
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"Two runs of {label!r} have one training seed ({seeds}); name them apart: label=policy.")
        trained = [build_policy(name, setup.context, known.policies, known.loaders) for name in names]
        built[label] = Entry(label, dict(zip(seeds, trained, strict=True)))
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
) -> Results:
    """Let every policy serve the same ``users`` users.

    A policy that fails costs its own row alone: the summary's "failed" says why, by label. So does an interrupt, after
    which no further policy serves.

    Args:
        setup: World and embeddings.
        entries: The policies.
        users: Number of users, never met in training.
        seed: Source of users, of the policies' own draws and of the bootstrap.
        baseline: Label that all others are compared with in pairs; the journeys are those under it and under the
            last other policy.
        on_policy: Called with the label before each rollout.
        tick: Called after each step.

    Raises:
        PolicyError: If all fail; that of the first.
        KeyboardInterrupt: If no policy has finished by then.
    """
    seeds = user_seeds(seed, "evaluation", users)
    episodes: list[pd.DataFrame] = []
    steps: list[pd.DataFrame] = []
    journeys, shown = {}, {}
    failed: dict[str, str] = {}
    for number, entry in enumerate(entries):
        try:
            parts = _rollouts(setup, entry, seeds, seed, on_policy, tick)
        except KeyboardInterrupt:
            if not episodes:
                raise
            failed |= {left.label: INTERRUPTED for left in entries[number:]}
            break
        except Exception as error:
            if not episodes and number == len(entries) - 1:
                raise
            failed[entry.label] = str(error)
            continue
        episodes += [_signed(rollout.episodes, entry.label, trained) for trained, rollout in parts.items()]
        steps += [_signed(step_table(rollout, seed), entry.label, trained) for trained, rollout in parts.items()]
        shown[entry.label] = np.stack([rollout.shown for rollout in parts.values()])
        journeys[entry.label] = next(iter(parts.values())).journeys
    table = pd.concat(episodes, ignore_index=True)
    oracles = [entry.label for entry in entries if entry.oracle and entry.label in shown]
    baseline = baseline if baseline in shown else next(iter(shown))
    summary = summarise(table, shown, world=world_title(setup.args), baseline=baseline, seed=seed, oracles=oracles)
    summary["failed"] = failed
    summary["unit"] = getattr(setup.world, "unit", MINUTES)
    summary["planner_weights"] = weights_of_planners(entries)
    others = [label for label in journeys if label != baseline]
    followed = {label: journeys[label] for label in (baseline, *others[-1:])}
    return Results(table, pd.concat(steps, ignore_index=True), one_user(followed), summary)


def weights_of_planners(entries: Sequence[Entry]) -> dict[str, dict[str, float]]:
    """The trade-offs of every planner among ``entries`` by label: the ceiling's define ``normalised``."""
    planners = {entry.label: entry.policies.get(None) for entry in entries}
    return {label: asdict(policy.weights) for label, policy in planners.items() if isinstance(policy, Planner)}


def _signed(rows: pd.DataFrame, label: str, trained: int | None) -> pd.DataFrame:
    """``rows`` with the columns that say whose they are."""
    return rows.assign(policy=label, training_seed=pd.array([trained] * len(rows), dtype="Int64"))


def _rollouts(
    setup: Setup,
    entry: Entry,
    seeds: NDArray[np.uint64],
    seed: int,
    on_policy: Callable[[str], None],
    tick: Callable[[], None],
) -> dict[int | None, Rollout]:
    """Rollouts of an entry's policies over the users ``seeds``, by training seed, ascending."""
    told: dict[str, Any] = {"horizon": setup.horizon, "seed": seed, "name": entry.label, "tick": tick}
    rollouts = {}
    for trained in sorted(entry.policies, key=lambda trained: -1 if trained is None else trained):
        on_policy(entry.label)
        rollouts[trained] = roll_out(setup.world, entry.policies[trained], setup.context, seeds, **told)
    return rollouts


def one_user(journeys: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The followed user who stays longest under the policy that keeps that user least; nobody if none is followed."""
    if all(table.empty for table in journeys.values()):
        return pd.concat(journeys.values(), ignore_index=True).assign(policy=None)
    stays = [table.groupby("user").step.max().rename(label) for label, table in journeys.items()]
    shortest = pd.concat(stays, axis=1).fillna(0).min(axis=1)
    user = int(shortest.index[int(shortest.argmax())])
    picked = [table[table.user == user].assign(policy=label) for label, table in journeys.items()]
    return pd.concat(picked, ignore_index=True)


def _training_seed(name: str, seed: int) -> int | None:
    """The seed that a policy was trained with, None where nothing is trained; ``seed`` is that of the comparison."""
    head, _, run = name.partition(":")
    if head in TRAINED and run and is_tuned(run):
        return _training_seed(tuned(run)[0], seed)
    if head in TRAINED and run:
        return int(read_config(run)["seed"])
    return seed if name == "myopic" else None

"""The scorecard: every policy in every experiment, before the same users; to ``score.json`` and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.comparison.entries import Entry
from driftrec.agents.evaluation.bootstrap import Values, interval, paired_interval, ratio_interval
from driftrec.agents.evaluation.summary import INTERVAL
from driftrec.agents.policy import Policy, PolicyError
from driftrec.agents.runs.description import description
from driftrec.agents.scorecard.battery import BATTERY, Experiment
from driftrec.agents.scorecard.engagement_back import regaining
from driftrec.agents.scorecard.jump import regained
from driftrec.agents.scorecard.score_table import score_markdown
from driftrec.agents.scorecard.served_groups import groups_served
from driftrec.agents.scorecard.sitting import Measured, NotHereError, Sitting
from driftrec.agents.scorecard.stages import PLANNER, Stage, Stages
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kits import kit_of
from driftrec.simulators.files import parsed_object, write_files
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.world import NotAppraisedError

FILE, TABLE = "score.json", "score.md"
FORMAT = 1


def scorecard(
    stages: Stages,
    *,
    users: int,
    seed: int,
    battery: Sequence[Experiment] = BATTERY,
    report: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Score every policy in every experiment that the world allows.

    Args:
        stages: World and policies.
        users: Users, the same for every policy and experiment.
        seed: Of users, draws and intervals. Same seed, same card.
        battery: The experiments.
        report: Called with a line before each.

    Returns:
        What ``json.dumps(..., allow_nan=False)`` accepts, see docs/scorecard.md.
    """
    setup, seeds = stages.here.setup, user_seeds(seed, "evaluation", users)
    experiments, left_out = [], {}
    for experiment in battery:
        report(f"{experiment.name}: {experiment.measured}")
        try:
            stage = stages.at(experiment.world)
            experiments.append(_made(experiment, stage, seeds, seed))
        except (NotHereError, NotAppraisedError) as why:
            left_out[experiment.name] = str(why)
            report(f"{experiment.name} is left out: {why}")
    return {
        "format": FORMAT,
        "world": description(setup),
        "unit": setup.world.unit,
        "users": users,
        "seed": seed,
        "interval": {name: INTERVAL[name] for name in ("method", "level", "resamples")},
        "policies": {entry.label: _about(entry) for entry in stages.here.entries},
        "experiments": experiments,
        "left_out": left_out,
    }


def _about(entry: Entry) -> dict[str, Any]:
    return {"oracle": entry.oracle, "training_seeds": sorted(seed for seed in entry.policies if seed is not None)}


def _made(experiment: Experiment, stage: Stage, seeds: NDArray[np.uint64], seed: int) -> dict[str, Any]:
    """One experiment with all policies.

    Raises:
        NotHereError: If the world does not allow it, or the reference is not clearly ahead of random slates there.
    """
    steps = min(experiment.steps or stage.setup.horizon, stage.setup.horizon)

    def measured(name: str, policy: Policy) -> Measured:
        return experiment.measure(Sitting(stage.setup, policy, name, seeds, seed, steps))

    low = measured(experiment.zero, stage.named(experiment.zero)).users[None]
    known = [name for name in experiment.one if name != PLANNER or kit_of(stage.setup).plans]
    tried = {name: measured(name, stage.named(name)).users[None] for name in known}
    one = max(tried, key=lambda name: tried[name].mean())
    high = tried[one]
    ahead = paired_interval(high, low, seed=seed)
    if ahead.low <= 0:
        raise NotHereError(
            f"the reference, {one}, is not clearly ahead of {experiment.zero} here: {high.mean():.3g} and "
            f"{low.mean():.3g}, difference {ahead.mean:.2g} [{ahead.low:.2g}, {ahead.high:.2g}]"
        )
    scores, failed = {}, {}
    for entry in stage.entries:
        try:
            found = [measured(entry.label, policy) for policy in _policies(entry)]
        except Exception as error:  # costs this policy this experiment
            failed[entry.label] = str(error) if isinstance(error, PolicyError) else repr(error)
            continue
        values = np.stack([one_seed.users for one_seed in found])
        told = _fit(found, stage.setup.slate_size, seed) | _known(found, stage.setup, seeds, seed)
        scores[entry.label] = _score(values, low, high, seed) | told
    return {
        "name": experiment.name,
        "measured": experiment.measured,
        "world": experiment.world,
        "steps": steps,
        "zero": {"policy": experiment.zero, "value": float(low.mean())},
        "one": {"policy": one, "value": float(high.mean())},
        "scores": scores,
        "left_out": {**stage.left_out, **failed},
    }


def _policies(entry: Entry) -> Iterator[Policy]:
    """Of every training seed, ascending."""
    for seed in sorted(entry.policies, key=lambda seed: -1 if seed is None else seed):
        yield entry.policies[seed]


def _score(values: Values, low: Values, high: Values, seed: int) -> dict[str, Any]:
    """A policy's score and what it was made of."""
    return {
        "score": asdict(ratio_interval(values, low, high, seed=seed)),
        "value": asdict(interval(values, seed=seed)),
    }


def _fit(found: Sequence[Measured], impressions: int, seed: int) -> dict[str, Any]:
    """Of a jump of interest, how many impressions it takes to follow, and what pages bring meanwhile."""
    curves = [one.fit for one in found if one.fit is not None]
    pages = [one.pages for one in found if one.pages is not None]
    if not curves or not pages:
        return {}
    told = {"regaining": regaining(np.stack(pages), impressions, seed)}
    return {"regained": regained(np.stack(curves), impressions, seed), **told}


def _known(found: Sequence[Measured], setup: Setup, seeds: NDArray[np.uint64], seed: int) -> dict[str, Any]:
    """Of personalisation, whom it serves."""
    pairs = [one.known for one in found if one.known is not None]
    if not pairs:
        return {}
    own, other = np.stack(pairs, axis=1)
    return {"groups": groups_served(own, other, setup, seeds, seed)}


def write_score(folder: Path, card: Mapping[str, Any]) -> None:
    """Write ``score.json``, and the table ``score.md``.

    Raises:
        ValueError: If the card holds NaN or infinity, which JSON does not know.
    """
    card_text = json.dumps(card, allow_nan=False, indent=1) + "\n"
    write_files({folder / FILE: card_text.encode(), folder / TABLE: score_markdown(card).encode()})


def read_score(folder: Path) -> dict[str, Any]:
    """Read what ``write_score`` wrote.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If the file is damaged or of another version.
    """
    file = folder / FILE
    if not file.is_file():
        raise FileNotFoundError(f"{folder} holds no scorecard: it has no {FILE}. Make one: driftrec score POLICY")
    try:
        card: dict[str, Any] = parsed_object(file.read_bytes())
        if card["format"] != FORMAT:
            raise ValueError(f"its format is {card['format']!r}, and this version reads {FORMAT}")
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file} is damaged ({error!r}); make one anew: driftrec score POLICY") from error
    return card

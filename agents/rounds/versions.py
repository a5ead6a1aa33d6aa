"""Versions of policies: made once, each from another, and served by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from driftrec.agents.ranker.fitting import Report
from driftrec.agents.rounds.arms import Arm
from driftrec.agents.rounds.folder import MADE, SLATES, RoundsFolder, made_whole, write_json
from driftrec.agents.rounds.oracle import planner_of
from driftrec.agents.rounds.plan import Deployment
from driftrec.agents.rounds.updates import UPDATES, Job, train_anew
from driftrec.agents.runs.load import load_pages, load_ppo


def serving(place: Deployment, folder: RoundsFolder, arm: Arm, number: int) -> str | None:
    """Which version serves in a round; None of an oracle."""
    if not arm.learns:
        return None
    return str(folder.record(arm, number - 1)["next"]) if number else _first(place, arm)


def policy_of(place: Deployment, folder: RoundsFolder, arm: Arm, number: int, version: str | None) -> Any:
    """What serves in a round: a version, or the planner where it is None."""
    if version is None:
        return planner_of(place, number)
    run, there = str(folder.served_by(arm, number, version)), place.there(number)
    return load_ppo(there, run, not place.plan.drawn) if arm.serves_ppo else load_pages(there, run)


def lacking_first(place: Deployment, folder: RoundsFolder) -> list[Arm]:
    """Arms that begin with a version that is not there yet, one a version."""
    firsts = {_first(place, arm): arm for arm in reversed(place.arms) if arm.learns}
    return [arm for name, arm in reversed(firsts.items()) if not folder.version(name).is_dir()]


def make_first(place: Deployment, folder: RoundsFolder, arm: Arm, report: Report) -> None:
    """Train the version that an arm begins with in the world of round 0."""
    name, settings, seed = _first(place, arm), place.plan.settings_for(arm), place.plan.seed
    report(f"{name}: the policy of round 0")
    with made_whole(folder.version(name)) as out:
        job = Job(place.there(0), settings, 1.0, seed, Path(), (), out, report)
        _make(job, train_anew, {"version": name, "parent": None, "arm": None, "round": None, "how": "first"})


def make_candidate(
    place: Deployment, folder: RoundsFolder, arm: Arm, number: int, version: str | None, out: Path, report: Report
) -> str | None:
    """Make the version that an arm makes of a round, unless it is there.

    Args:
        place: The deployment.
        folder: Holds the rounds before.
        arm: Which.
        number: Of the round.
        version: What served in it.
        out: What the round has written so far.
        report: Called with lines of progress.

    Returns:
        Its name; None where the arm makes none.
    """
    update = UPDATES.get(arm.update)
    if update is None or version is None:
        return None
    name = f"{arm.folder}-{number:04d}"
    if folder.version(name).is_dir():
        return name
    files = [folder.round(arm, each) / SLATES for each in range(number)] + [out / SLATES]
    slates = tuple(file for file in files if file.is_file())
    with made_whole(folder.version(name)) as made:
        settings, seed, parent = place.plan.settings_for(arm), place.seed(number), folder.version(version)
        job = Job(place.there(number), settings, place.plan.share, seed, parent, slates, made, report)
        _make(job, update, {"version": name, "parent": version, "arm": arm.name, "round": number, "how": arm.update})
    return name


def _first(place: Deployment, arm: Arm) -> str:
    """Name of the version that an arm begins with: all of one representation share it."""
    representation = getattr(place.plan.settings_for(arm), "representation", None)
    return "first" if representation is None else f"first-{representation}"


def _make(job: Job, update: Callable[[Job], int], told: Mapping[str, Any]) -> None:
    """Run an update, and write down what it cost: the only numbers that are not the same again."""
    begun = time.process_time()  # not what others do on the same cores
    steps = update(job)
    write_json(job.out / MADE, {**told, "env_steps": steps, "cpu_seconds": round(time.process_time() - begun, 1)})

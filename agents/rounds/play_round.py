"""One round of one arm: a function of the plan and of what the rounds before left in the folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from driftrec.agents.evaluation.bootstrap import interval
from driftrec.agents.evaluation.tables import write_table
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.policy import Policy
from driftrec.agents.ppo.slate_policy import SlatePolicy
from driftrec.agents.ranker.fitting import Report
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.rivals.topic_pages import TopicPages
from driftrec.agents.rounds.arms import FROZEN, Arm
from driftrec.agents.rounds.folder import (
    LOG,
    RECORD,
    SERVED,
    SLATES,
    USERS,
    RoundsFolder,
    made_whole,
    naming_damage,
    write_json,
)
from driftrec.agents.rounds.gate import Verdict, verdict_on
from driftrec.agents.rounds.plan import Deployment
from driftrec.agents.rounds.serving import KeptSlates, Traffic, held_out_engagement, serve_round
from driftrec.agents.rounds.updates import save_logs
from driftrec.agents.rounds.versions import make_candidate, policy_of, serving
from driftrec.agents.worlds.kits import item_ids
from driftrec.simulators.moving.crowd import Crowd, arrays_of, crowd_from, first_crowd, move_on
from driftrec.simulators.noise import user_seeds


def play_round(place: Deployment, folder: RoundsFolder, arm: Arm, number: int, report: Report) -> None:
    """Serve, learn and judge; everything is written to the arm's round folder at once, at the end.

    Args:
        place: The deployment.
        folder: Holds the rounds before.
        arm: Which.
        number: Of the round.
        report: Called with lines of progress.
    """
    version = serving(place, folder, arm, number)
    policy = policy_of(place, folder, arm, number, version)
    seed = place.seed(number)
    with made_whole(folder.round(arm, number)) as out:
        crowd, newcomers = _crowd(place, folder, arm, number)
        traffic = _traffic(place, arm, number, policy, crowd, version, out)
        candidate = make_candidate(place, folder, arm, number, version, out, report)
        told = _outcome(place, folder, arm, number, policy, candidate)
        record = {"arm": arm.name, "round": number, "version": version, "newcomers": newcomers, "candidate": candidate}
        promoted = told["gate"] is not None and told["gate"]["promoted"]
        record |= {"next": candidate if promoted else version, **_figures(traffic, seed), **told}
        write_json(out / RECORD, record)
    report(_line(place, record))


def _traffic(
    place: Deployment, arm: Arm, number: int, policy: Any, crowd: Crowd, version: str | None, out: Path
) -> Traffic:
    """Serve, and write what was served to ``out``.

    Raises:
        OSError: If the log cannot be written.
    """
    kept = KeptSlates(_judge(policy), place.plan.kept) if arm.refits else None
    world = place.world(number)
    with LogWriter(out / LOG) as log:
        ids = item_ids(place.setup)
        tap = log.tap(world, crowd.seeds, policy, name=arm.name, version=version or "", ids=ids)
        taps = (tap,) if kept is None else (tap, kept)
        seed = place.seed(number)
        traffic = serve_round(world, place.course, crowd, policy, seed=seed, name=arm.name, taps=taps)
    if log.fault:
        raise OSError(log.fault)
    if kept is not None and (logs := kept.logs()) is not None:
        save_logs(logs, out / SLATES)
    users: dict[str, Any] = arrays_of(crowd)
    np.savez(out / USERS, **users)
    write_table(_served(traffic, crowd), out / SERVED)
    return traffic


def _judge(policy: Greedy | TopicPages | SlatePolicy) -> Judge:
    """What a policy judges items by."""
    return policy.stage.judge if isinstance(policy, SlatePolicy) else policy.judge


def _crowd(place: Deployment, folder: RoundsFolder, arm: Arm, number: int) -> tuple[Crowd, int]:
    """Who is there as the round begins, and how many of them are new."""
    world, course, users = place.world(number), place.course, place.plan.users
    if not number:
        return first_crowd(course, world, users), users
    file = folder.kept(arm, number - 1, USERS)
    with naming_damage(file), np.load(file) as kept:
        crowd = crowd_from(first_crowd(course, world, users), dict(kept))
    return crowd, move_on(crowd, course, world)


def _outcome(
    place: Deployment, folder: RoundsFolder, arm: Arm, number: int, policy: Policy, candidate: str | None
) -> dict[str, Any]:
    """What held-out users say of who serves and of the candidate, and the gate's verdict."""
    plan, there, seed = place.plan, place.there(number), place.seed(number)
    users = user_seeds(plan.seed, f"held out {number}", plan.held_out)

    def tried(one: Policy, name: str) -> Any:
        return held_out_engagement(there.world, one, users, there.horizon, seed=seed, name=name)

    incumbent = tried(policy, arm.name)
    told: dict[str, Any] = {"held_out": asdict(interval(incumbent[None], seed=seed)), "gate": None}
    if candidate is None:
        return {**told, "candidate_held_out": None, "why": _no_candidate(arm)}
    rival = tried(policy_of(place, folder, arm, number, candidate), candidate)
    verdict: Verdict = verdict_on(rival, incumbent, tolerance=plan.tolerance, seed=seed, unit=there.world.unit)
    found = asdict(interval(rival[None], seed=seed))
    return {**told, "candidate_held_out": found, "gate": verdict.as_json(), "why": verdict.why}


def _no_candidate(arm: Arm) -> str:
    return "frozen after round 0" if arm.update == FROZEN else "an oracle learns nothing"


def _served(traffic: Traffic, crowd: Crowd) -> pd.DataFrame:
    """One row a place."""
    return pd.DataFrame({"place": np.arange(len(crowd.seeds)), "user_seed": crowd.seeds, **vars(traffic)})


def _figures(traffic: Traffic, seed: int) -> dict[str, Any]:
    """Of a round's traffic."""
    shown, fresh = int(traffic.impressions.sum()), int(traffic.fresh.sum())
    brought, brought_fresh = float(traffic.engagement.sum()), float(traffic.fresh_engagement.sum())
    return {
        "engagement": asdict(interval(traffic.engagement[None], seed=seed)),
        "slates": int(traffic.slates.sum()),
        "impressions": shown,
        "lost": int(traffic.lost.sum()),
        "fresh_share": fresh / max(shown, 1),
        "fresh_engagement": brought_fresh / fresh if fresh else None,
        "engagement_per_impression": brought / max(shown, 1),
    }


def _line(place: Deployment, record: Mapping[str, Any]) -> str:
    """One round of one arm in a line."""
    found = record["engagement"]
    served = f"{found['mean']:.1f} {place.setup.world.unit} a user ({found['low']:.1f} to {found['high']:.1f})"
    verdict = "" if record["gate"] is None else (" promoted:" if record["gate"]["promoted"] else " kept out:")
    return f"Round {record['round']}, {record['arm']}: {served};{verdict} {record['why']}"

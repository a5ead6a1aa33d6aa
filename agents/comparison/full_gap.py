"""What a world asks of a policy: the planner beside its rivals, and each mechanism switched off."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from driftrec.agents.comparison.changed import changed
from driftrec.agents.comparison.comparison import compare
from driftrec.agents.comparison.entries import Entry
from driftrec.agents.evaluation.bootstrap import Values, ratio_interval
from driftrec.agents.evaluation.episodes import user_tables
from driftrec.agents.evaluation.tables import markdown_table
from driftrec.agents.policy import Policy
from driftrec.agents.setup import Setup
from driftrec.agents.worlds.kit import Effort, GapRoles, Kit
from driftrec.simulators.files import write_files

Report = Callable[[str], None]


@dataclass(frozen=True)
class FullGap:
    """The tables.

    Attributes:
        rows: One a policy: its engagement with a 95 % interval, pages, opened pages, churn.
        ratios: One a requirement: what is over what, with a 95 % interval over users in pairs.
        ablations: One a mechanism switched off: the best rival, the planner, their ratio.
        summary: That of ``compare``.
    """

    rows: pd.DataFrame
    ratios: pd.DataFrame
    ablations: pd.DataFrame
    summary: dict[str, Any]

    def text(self) -> str:
        """All tables in Markdown."""
        return "\n\n".join(
            markdown_table(table.astype(str)) for table in (self.rows, self.ratios, self.ablations) if len(table)
        )

    def write(self, folder: Path) -> None:
        """Write gap.md, gap.json and a CSV file a table."""
        tables = {"rows": self.rows, "ratios": self.ratios, "ablations": self.ablations}
        told = {name: table.to_dict("records") for name, table in tables.items()}
        files = {f"{name}.csv": table.to_csv(index=False) for name, table in tables.items()}
        files |= {"gap.md": self.text() + "\n", "gap.json": json.dumps({**told, "summary": self.summary}, indent=1)}
        write_files({folder / name: text.encode() for name, text in files.items()})


def full_gap(
    setup: Setup,
    kit: Kit,
    *,
    users: int,
    seed: int,
    effort: Effort,
    ablate: bool = True,
    rollouts: int = 0,
    report: Report = print,
) -> FullGap:
    """Let all that the kit names serve the same users, here and in worlds with a mechanism switched off.

    Args:
        setup: The world.
        kit: The world's.
        users: Users that every policy meets.
        seed: Source of users, logs, draws and intervals.
        effort: Of tuning.
        ablate: Whether mechanisms are switched off, too.
        rollouts: Users for whom the planner is improved by simulation, see ``Kit.gap_limit``; 0 for none.
        report: Called with lines of progress.

    Raises:
        ValueError: If the kit has no such table, or nothing that improves the planner.
    """
    roles = kit.gap_roles
    if roles is None:
        raise ValueError(f"{setup.args.world} has no full gap table; its kit names no rivals. Leave --full out.")
    if rollouts and type(kit).gap_limit is Kit.gap_limit:
        raise ValueError(f"Nothing is known that improves the planner of {setup.args.world}. Leave --rollouts out.")
    policies = dict(kit.gap_policies(setup, effort, seed, report))
    engagement, summary = _served(setup, policies, users, seed)
    ratios = _ratios(engagement, roles, seed)
    if rollouts:
        report(f"Improving the planner by rollouts, {rollouts} users")
        planner = policies[roles.planner]
        ratios.append(_limit(setup, planner, kit.gap_limit(setup, planner), rollouts, seed))
    rows = pd.DataFrame([_row(name, told) for name, told in summary["policies"].items()])
    ablations = []
    for missing, changes in kit.ablations.items() if ablate else ():
        report(f"Without: {missing}")
        ablations.append(_without(setup, kit, roles.planner, missing, changes, users, seed, effort, report))
    return FullGap(rows, pd.DataFrame(ratios), pd.DataFrame(ablations), summary)


def _served(
    setup: Setup, policies: Mapping[str, Policy], users: int, seed: int
) -> tuple[dict[str, Values], dict[str, Any]]:
    """Engagement by policy, each (1, users), and the summary."""
    entries = [Entry(name, {None: policy}) for name, policy in policies.items()]
    results = compare(setup, entries, users=users, seed=seed, baseline=entries[0].label)
    for name, why in results.summary["failed"].items():
        raise RuntimeError(f"Policy {name!r} failed: {why}")
    tables = user_tables(results.episodes)
    return {name: table["engagement"] for name, table in tables.items()}, results.summary


def _row(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    engagement = told["engagement"]
    return {
        "policy": name,
        "engagement": round(engagement["mean"], 1),
        "low": round(engagement["low"], 1),
        "high": round(engagement["high"], 1),
        "sessions": round(told["sessions"]["mean"], 2),
        "pages with an opening": round(told["click_rate"]["mean"], 3),
        "churn": round(told["churn"]["mean"], 3),
    }


def _ratios(engagement: Mapping[str, Values], roles: GapRoles, seed: int) -> list[dict[str, Any]]:
    best = max(roles.rivals, key=lambda name: engagement[name].mean())
    pairs = {
        f"planner / best of index, constants, diversity ({best})": best,
        "joint / top-k": roles.top_k,
        "planner / paced index": roles.paced,
        **({"planner / Q1": roles.values} if roles.values else {}),
        "told the truth / on the persona alone": roles.persona,
    }
    return [{"ratio": name, **_over(engagement, roles.planner, other, seed)} for name, other in pairs.items()]


def _limit(setup: Setup, planner: Policy, improved: Policy, users: int, seed: int) -> dict[str, Any]:
    """The planner improved by rollouts over the planner."""
    engagement, _ = _served(setup, {"planner": planner, "improved": improved}, users, seed)
    return {"ratio": f"planner improved by rollouts / planner ({users} users)"} | _over(
        engagement, "improved", "planner", seed
    )


def _over(engagement: Mapping[str, Values], above: str, below: str, seed: int) -> dict[str, float]:
    """The ratio of two means with its interval, over the same users."""
    found = asdict(ratio_interval(engagement[above], np.zeros_like(engagement[above]), engagement[below], seed=seed))
    return {name: round(value, 3) for name, value in found.items()}


def _without(
    setup: Setup,
    kit: Kit,
    planner: str,
    missing: str,
    changes: Mapping[str, Any],
    users: int,
    seed: int,
    effort: Effort,
    report: Report,
) -> dict[str, Any]:
    """One row: the world with ``changes``, its best rival and its planner tuned anew."""
    there = changed(setup, changes)
    engagement, _ = _served(there, dict(kit.gap_ablation(setup, there, effort, report)), users, seed)
    best = max((name for name in engagement if name != planner), key=lambda name: engagement[name].mean())
    told = {name: round(float(engagement[name].mean()), 1) for name in (best, planner)}
    return {
        "without": missing,
        "best rival": best,
        "rival": told[best],
        "planner": told[planner],
        **_over(engagement, planner, best, seed),
    }

"""Our worlds beside SARDINE's original: the same users step by step, and tests of many users' lives. In tables.

Names of worlds are those within SARDINE, such as "SlateTopK-Bored". Needs the extra ``peers``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from driftrec.agents.verification.sardine_original import (
    ORIGINAL_SLATES,
    ROUNDING,
    original_lives,
    our_lives,
    p_values,
    side_by_side,
)
from driftrec.agents.verification.verification import Columns, Part, Report

LEVEL = 0.01
"""What a p-value must be above; of many, what the chance of any false alarm must be."""

USER_COLUMNS: Columns = {
    "world": lambda row: row.world,
    "policy": lambda row: row.policy,
    "user-steps": lambda row: f"{row.user_steps:,}",
    "clicks": lambda row: f"{row.clicks:,}",
    "bored steps": lambda row: f"{row.bored_steps:,}",
    "clicks that differ": lambda row: str(row.other_clicks),
    "boredom that differs": lambda row: str(row.other_boredom),
    "ends that differ": lambda row: str(row.other_ends),
    "largest difference in a state": lambda row: f"{row.user_state:.0e}",
}
LIVES_COLUMNS: Columns = {
    "world": lambda row: row.world,
    "policy": lambda row: row.policy,
    "quantity": lambda row: row.quantity,
    "theirs": lambda row: f"{row.theirs:.4g}",
    "ours": lambda row: f"{row.ours:.4g}",
    "p": lambda row: f"{row.p:.3f}",
    f"above {LEVEL:g}": lambda row: "yes" if row.p > LEVEL else "no",
}


def same_users(worlds: Sequence[str], users: int, seed: int, report: Report = lambda line: None) -> Part:
    """Let the same users live in both under every policy, with the same slates and draws.

    Args:
        worlds: Which, at least one.
        users: How many, one episode each.
        seed: Source of users and of the policies' random numbers.
        report: Called with a line after every policy.
    """
    rows = []
    for world in worlds:
        for policy in ORIGINAL_SLATES:
            report(f"{world}, {policy}: the same {users} users in both")
            found = side_by_side(world, policy, users, seed)
            rows.append({"world": world, "policy": policy, **asdict(found), "agrees": found.agrees})
    frame = pd.DataFrame(rows)
    about = (
        f"{frame.agrees.sum()} of {len(rows)} rows are alike in every click, every boring topic and every "
        f"end of an episode, and in users' states to the rounding of float32 ({ROUNDING:g})."
    )
    title = "SARDINE's original and ours: the same users, slates and draws"
    return Part("same-users", title, frame, USER_COLUMNS, about, bool(frame.agrees.all()))


def lives(worlds: Sequence[str], episodes: int, seed: int, report: Report = lambda line: None) -> Part:
    """Test under every policy whether other users' lives are distributed alike; arguments as of ``same_users``."""
    rows = []
    for world in worlds:
        for policy in ORIGINAL_SLATES:
            report(f"{world}, {policy}: {episodes:,} lives in both")
            theirs, ours = original_lives(world, policy, episodes, seed), our_lives(world, policy, episodes, seed)
            for quantity, p in p_values(theirs, ours).items():
                means = {"theirs": getattr(theirs, quantity).mean(), "ours": getattr(ours, quantity).mean()}
                where = {"world": world, "policy": policy, "quantity": quantity, "episodes": episodes}
                rows.append({**where, **means, "p": p})
    frame = pd.DataFrame(rows)
    smallest, bound, low = float(frame.p.min()), LEVEL / len(rows), int((frame.p <= LEVEL).sum())
    about = (
        f"{len(rows)} Kolmogorov-Smirnov tests of {episodes:,} episodes on either side. The smallest p is "
        f"{smallest:.4f}; so that of {len(rows)} tests none fails by chance in 99 of 100 runs it must be above "
        f"{bound:.5f} (Bonferroni). At or below {LEVEL:g} are {low}; chance alone would put up to "
        f"{LEVEL * len(rows):.1f} there."
    )
    title = "SARDINE's original and ours: lives of other users"
    return Part("lives", title, frame, LIVES_COLUMNS, about, smallest > bound)

"""Our worlds beside SARDINE's original: the same users step by step, and tests of many users' lives. In tables.

Names of worlds are those within SARDINE, such as "SlateTopK-Bored". Needs the extra ``peers``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from driftrec.agents.verification.sardine_original import (
    ORIGINAL_SLATES,
    Differences,
    original_lives,
    our_lives,
    p_values,
    side_by_side,
)
from driftrec.agents.verification.verification import Part, Report

LEVEL = 0.01
"""What a p-value must be above; of many, what the chance of any false alarm must be."""

ROUNDING = 5e-6
"""Largest difference of an entry of a user's state that float32 explains over a hundred steps."""


@dataclass(frozen=True)
class SameUsers:
    """The same users in both, see ``Differences``; ``agrees``: nothing sets them apart."""

    world: str
    policy: str
    user_steps: int
    clicks: int
    bored_steps: int
    other_clicks: int
    other_boredom: int
    other_ends: int
    user_state: float
    agrees: bool


@dataclass(frozen=True)
class Compared:
    """A two-sample test of one quantity of users' lives, see ``sardine_original.Lives``; means of both."""

    world: str
    policy: str
    quantity: str
    episodes: int
    theirs: float
    ours: float
    p: float


USER_COLUMNS: Mapping[str, Callable[[SameUsers], str]] = {
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
LIVES_COLUMNS: Mapping[str, Callable[[Compared], str]] = {
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
            rows.append(_same_users(world, policy, side_by_side(world, policy, users, seed)))
    about = (
        f"{sum(row.agrees for row in rows)} of {len(rows)} rows are alike in every click, every boring topic and every "
        f"end of an episode, and in users' states to the rounding of float32 ({ROUNDING:g})."
    )
    title = "SARDINE's original and ours: the same users, slates and draws"
    return Part("same-users", title, rows, USER_COLUMNS, about, all(row.agrees for row in rows))


def lives(worlds: Sequence[str], episodes: int, seed: int, report: Report = lambda line: None) -> Part:
    """Test under every policy whether other users' lives are distributed alike; arguments as of ``same_users``."""
    rows: list[Compared] = []
    for world in worlds:
        for policy in ORIGINAL_SLATES:
            report(f"{world}, {policy}: {episodes:,} lives in both")
            rows.extend(_compared(world, policy, episodes, seed))
    smallest, bound = min(row.p for row in rows), LEVEL / len(rows)
    low = sum(row.p <= LEVEL for row in rows)
    about = (
        f"{len(rows)} Kolmogorov-Smirnov tests of {episodes:,} episodes on either side. The smallest p is "
        f"{smallest:.4f}; so that of {len(rows)} tests none fails by chance in 99 of 100 runs it must be above "
        f"{bound:.5f} (Bonferroni). At or below {LEVEL:g} are {low}; chance alone would put up to "
        f"{LEVEL * len(rows):.1f} there."
    )
    title = "SARDINE's original and ours: lives of other users"
    return Part("lives", title, rows, LIVES_COLUMNS, about, smallest > bound)


def _same_users(world: str, policy: str, found: Differences) -> SameUsers:
    return SameUsers(
        world=world,
        policy=policy,
        user_steps=found.steps,
        clicks=found.clicked,
        bored_steps=found.bored_steps,
        other_clicks=found.clicks,
        other_boredom=found.bored,
        other_ends=found.ends,
        user_state=found.user_state,
        agrees=not (found.clicks or found.bored or found.ends) and found.user_state <= ROUNDING,
    )


def _compared(world: str, policy: str, episodes: int, seed: int) -> Iterator[Compared]:
    theirs, ours = original_lives(world, policy, episodes, seed), our_lives(world, policy, episodes, seed)
    for quantity, p in p_values(theirs, ours).items():
        mean, own = (float(getattr(side, quantity).mean()) for side in (theirs, ours))
        yield Compared(world, policy, quantity, episodes, mean, own, p)

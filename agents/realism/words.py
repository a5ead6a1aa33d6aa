"""What a fitted world may be trusted for, in words that follow from the figures."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from driftrec.agents.realism.realism import DEFAULT, FITTED, STATIC, Realism
from driftrec.agents.realism.telling_apart import ToldApart

MOST = 3
"""Things that a classifier looked at which are named."""

POPULARITY = "popularity"
"""The baseline that knows nothing of users."""

IMPERSONAL = {"satiation", "threshold of satiation"}
"""Mechanisms that do not make users differ in what they like."""

LEAST = 0.005
"""AUC that a thing must be worth to be named."""


def trusted(realism: Realism) -> list[str]:
    """What it may be trusted for."""
    inside = [each.name for each in realism.differences if each.inside]
    said = []
    if inside:
        said.append(f"As near to the log as its users are to each other: {', '.join(inside)}.")
    said += [
        f"Which items are opened: more likely than by {row['baseline']}, by {row['gain']:.3f} a held-out event, and by "
        f"{row['shuffled_gain']:.3f} with sessions shuffled."
        for row in realism.against.to_dict("records")
        if min(row["gain_low"], row["shuffled_gain_low"]) > 0 and row["log_likelihood"] >= _plain(realism)
    ]
    table = realism.mechanisms
    sure = table.mechanism[table.kept & (table.low > 0) & (table.shuffled_low > 0)]
    if len(sure):
        said.append(f"It has {', '.join(sure)}: the validation part is less likely without, shuffled or not.")
    if realism.told_apart[FITTED].low <= 0.5:
        said.append(f"A classifier cannot tell its sessions from the log's (AUC {_auc(realism.told_apart[FITTED])}).")
    return said


def not_trusted(realism: Realism) -> list[str]:
    """What it may not be trusted for."""
    said = [
        f"{each.name}: {each.distance:.3f} from the log, where its users are within {each.band:.3f} of each other."
        for each in realism.differences
        if not each.inside
    ]
    for row in realism.against.to_dict("records"):
        if row["log_likelihood"] < _plain(realism):
            said.append(
                f"Gains on {row['baseline']}: it is less likely than popularity ({row['log_likelihood']:.3f}, "
                f"{_plain(realism):.3f}), so it holds chance. Try fewer --fitting.dims, or a longer log."
            )
        elif row["gain_low"] <= 0:
            said.append(f"Which items are opened, beyond {row['baseline']}: {_gain(row)}; no gain can be told.")
        elif row["shuffled_gain_low"] <= 0:
            said.append(
                f"Which items are opened, beyond {row['baseline']}: {_gain(row)}, but nothing for sure with sessions "
                "shuffled, so by the order within sessions alone."
            )
    said += [
        f"Its {row['mechanism']}, {row['gain']:+.3f} a slate of the validation part: with sessions shuffled "
        f"{row['shuffled_gain']:+.3f} [{row['shuffled_low']:+.3f}, {row['shuffled_high']:+.3f}], nothing for sure."
        for row in realism.mechanisms.to_dict("records")
        if row["kept"] and row["shuffled_low"] <= 0
    ]
    if not realism.mechanisms.kept.all():
        missing = realism.mechanisms.mechanism[~realism.mechanisms.kept]
        said.append(f"Questions about {', '.join(missing)}: not in the world, for the log does not tell of them.")
    if set(realism.mechanisms.mechanism[realism.mechanisms.kept]) <= IMPERSONAL:
        said.append("Learning to personalise: all users have the same tastes in it.")
    if realism.told_apart[FITTED].low > 0.5:
        said.append(_apart(realism.told_apart[FITTED]))
    said += _worse(realism)
    if not realism.replayed:
        said.append("What users pass over, and so what a slate is worth: the log does not tell, the world assumes it.")
    if not realism.apart:
        said.append("Visits and engagement beyond this log: they were fitted to the users that they are held against.")
    said.append("Policies much unlike the one that served the log: what they would show, the log's users did not see.")
    return said


def _plain(realism: Realism) -> float:
    """Log-likelihood a held-out event of popularity, which what knows the user should better."""
    against = realism.against
    return float(against.log_likelihood[against.baseline == POPULARITY].iloc[0])


def _gain(row: Mapping[Hashable, Any]) -> str:
    return f"{row['gain']:+.3f} [{row['gain_low']:+.3f}, {row['gain_high']:+.3f}] a held-out event"


def _auc(found: ToldApart) -> str:
    return f"{found.auc:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _apart(found: ToldApart) -> str:
    """How well, and by what, sessions are told apart."""
    seen = [name for name, lost in found.looked_at.items() if lost > LEAST][:MOST]
    by = f", mostly by {', '.join(seen)}" if seen else ""
    return f"Single sessions: a classifier tells them from the log's with an AUC of {_auc(found)}{by}."


def _worse(realism: Realism) -> Iterator[str]:
    """Worlds that are no easier to tell from the log than the fitted one."""
    mine = realism.told_apart[FITTED]
    for name, what in ((STATIC, "one without drift and satiation"), (DEFAULT, "one of default numbers")):
        other = realism.told_apart[name]
        if other.low <= mine.high:
            yield f"Being nearer to the log's sessions than {what}: that has an AUC of {_auc(other)}."

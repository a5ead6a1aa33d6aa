"""The scorecard as text: a row an experiment, a column a policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from driftrec.agents.evaluation.tables import ORACLE_MARK, markdown_table
from driftrec.agents.scorecard.served_groups import groups_frame, worse_off

FORM = "z.2f"


def score_text(card: Mapping[str, Any]) -> str:
    """For a terminal: aligned columns, what was left out, and what the rows are."""
    return f"{score_frame(card).to_string(index=False)}\n\n" + "\n".join(score_notes(card)) + "\n"


def score_markdown(card: Mapping[str, Any]) -> str:
    """The same as Markdown."""
    notes = "\n".join(f"- {line}" for line in score_notes(card))
    table = f"# Scorecard in {card['world']}\n\n{markdown_table(score_frame(card))}\n\n{notes}\n"
    return table + "".join(_groups(card))


def _groups(card: Mapping[str, Any]) -> Iterator[str]:
    """A table a policy: whom personalisation serves."""
    for made in card["experiments"]:
        for label, found in made["scores"].items():
            if "groups" in found:
                title = f"Engagement of the first {made['steps']} pages under {label} ({card['unit']})"
                yield f"\n## {title}\n\n{markdown_table(groups_frame(found['groups']))}\n"


def score_frame(card: Mapping[str, Any]) -> pd.DataFrame:
    """Scores with their intervals, as strings; - where a policy has none."""
    rows = [*card["experiments"], *([latency_row(card)] if "timed" in card else [])]
    width = max(map(len, ["experiment", *(row["name"] for row in rows)]))
    table = {"experiment".ljust(width): [row["name"].ljust(width) for row in rows]}
    for label, about in card["policies"].items():
        table[f"{label} {ORACLE_MARK}" if about["oracle"] else label] = [
            _cell(row["scores"].get(label)) for row in rows
        ]
    return pd.DataFrame(table)


def latency_row(card: Mapping[str, Any]) -> dict[str, Any]:
    """Latency in the form of an experiment."""
    timed = card["timed"]
    return {"name": timed["name"], "scores": timed["policies"]}


def _cell(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "-"
    score = found["score"]
    return f"{score['mean']:{FORM}} [{score['low']:{FORM}}, {score['high']:{FORM}}]"


def score_notes(card: Mapping[str, Any]) -> list[str]:
    """How the card was made, what every row is, and what is missing."""
    return [
        f"{card['world']}: {card['users']:,} users, seed {card['seed']}; every policy met the same users",
        f"[low, high]: {card['interval']['level']:.0%} interval, {card['interval']['method']}",
        *(_meaning(made, card["unit"]) for made in card["experiments"]),
        *_regained(card),
        *_worse_off(card),
        *_timed(card),
        *(f"{name} is left out: {why}" for name, why in card["left_out"].items()),
        *_missing(card),
    ]


def _meaning(made: Mapping[str, Any], unit: str) -> str:
    zero, one = (f"{made[end]['policy']} ({made[end]['value']:.3g} {unit})" for end in ("zero", "one"))
    return f"{made['name']}: {made['measured']}, {made['steps']} steps; 0 is {zero}, 1 {one}"


def _regained(card: Mapping[str, Any]) -> Iterator[str]:
    """How soon policies follow a jump."""
    for made in card["experiments"]:
        told = {label: found["regained"] for label, found in made["scores"].items() if "regained" in found}
        if told:
            words = "; ".join(f"{label} {_impressions(found)}" for label, found in told.items())
            yield f"impressions until 90 % of the fit is regained: {words}"
        back = {label: found["regaining"] for label, found in made["scores"].items() if found.get("regaining")}
        if back:
            words = "; ".join(f"{label} {_impressions(found['after'])}" for label, found in back.items())
            yield f"impressions until pages bring 90 % of what they bring without the jump: {words}"


def _worse_off(card: Mapping[str, Any]) -> Iterator[str]:
    """Groups of users that clearly have less for being known."""
    for made in card["experiments"]:
        told = {label: worse_off(found["groups"]) for label, found in made["scores"].items() if "groups" in found}
        if told:
            words = "; ".join(f"{label} {', '.join(groups) or 'none'}" for label, groups in told.items())
            yield f"groups clearly worse off as who they are than taken for one another: {words}"


def _impressions(found: Mapping[str, float | None] | None) -> str:
    if found is None:
        return "had none to lose"
    mean, low, high = ("never" if found[end] is None else f"{found[end]:.0f}" for end in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def _timed(card: Mapping[str, Any]) -> Iterator[str]:
    """Milliseconds."""
    if "timed" in card:
        timed = card["timed"]
        ends = f"0 is {timed['zero']:g} ms and more, 1 is {timed['one']:g} ms and less, by the logarithm"
        yield f"{timed['name']}: one page for one user, {timed['requests']} requests; {ends}; oracles are not timed"
        words = "; ".join(
            f"{label} {found['p50']:.2g}, {found['p99']:.2g}" for label, found in timed["policies"].items()
        )
        yield f"milliseconds, median and 99th percentile: {words or 'nobody'}"


def _missing(card: Mapping[str, Any]) -> Iterator[str]:
    """Which policies lack which experiment."""
    for made in card["experiments"]:
        for label, why in made["left_out"].items():
            yield f"{label} has no {made['name']}: {why}"

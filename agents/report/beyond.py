"""Beyond accuracy: how exposure is spread over the catalogue, and whom a policy serves well."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from driftrec.agents.evaluation.bootstrap import Interval
from driftrec.agents.evaluation.episodes import user_tables
from driftrec.agents.evaluation.exposure import gini, novelty
from driftrec.agents.evaluation.groups import (
    FEWEST_USERS,
    MOST_PERSONAS,
    engagement_of,
    largest_personas,
    quarters_by_distance,
    tenth_percentile,
)
from driftrec.agents.evaluation.summary import Results
from driftrec.agents.evaluation.tables import in_unit, number_and_ends
from driftrec.agents.report.views import Cell, Listing, policy_lines


def beyond_accuracy(results: Results) -> list[Listing]:
    """Tenth percentile and coverage, and of a comparison that keeps exposure its inequality and novelty."""
    summary = results.summary
    seed, unit = summary["seeds"]["evaluation"], summary["unit"]
    tables = user_tables(results.episodes)
    cells = {
        name: [
            _number(tenth_percentile(tables[name]["engagement"], seed=seed), "z.1f"),
            Cell(*number_and_ends(policy["catalogue_coverage"], "z.3f")),
        ]
        for name, policy in summary["policies"].items()
    }
    heads = [in_unit("tenth percentile", unit), "coverage"]
    notes = [
        f"{heads[0]}: nine in ten users have more engagement than this",
        "coverage: share of the catalogue shown to at least one user",
    ]
    if len(results.exposure):
        cells = {name: [*cells[name], *_spread(results, name)] for name in cells}
        heads += ["exposure Gini", "novelty (bits)"]
        notes += [
            f"exposure Gini: 0 where all {summary['items']:,} items are shown equally often, near 1 where one has all",
            "novelty: mean over impressions of -log2 of the share of users whom the policy showed the item; 0 where "
            "all users are shown the same",
            "exposure Gini and novelty are of all users together, averaged over training seeds, without an interval",
        ]
    return [Listing("Beyond accuracy", heads, policy_lines(summary, cells), notes)]


def _spread(results: Results, name: str) -> list[Cell]:
    """Inequality and novelty of one policy, averaged over training seeds."""
    summary, rows = results.summary, results.exposure[results.exposure.policy == name]
    of: Sequence[Callable[[pd.DataFrame], float]] = (
        lambda part: gini(part.impressions.to_numpy(), summary["items"]),
        lambda part: novelty(part.impressions.to_numpy(), part.users.to_numpy(), summary["users"]),
    )
    parts = [part for _, part in rows.groupby("training_seed", dropna=False)]
    return [Cell(f"{np.mean([measure(part) for part in parts]):.3f}" if parts else "-") for measure in of]


def served_groups(results: Results) -> list[Listing]:
    """Engagement of groups of users, by their distance from the average and by persona; none in a world without."""
    episodes = results.episodes
    near = _groups(
        results,
        quarters_by_distance(episodes),
        "Engagement by distance from the average",
        "columns: users by 1 - cosine between their persona's interest and the mean of all personas, the most usual "
        "first, in groups of about one size",
    )
    personas = _groups(
        results,
        largest_personas(episodes),
        "Engagement by persona",
        f"the commonest personas, {MOST_PERSONAS} at most and those with {FEWEST_USERS} users or more",
    )
    return [view for view in (near, personas) if view is not None]


def _groups(results: Results, groups: Mapping[str, list[int]], caption: str, note: str) -> Listing | None:
    """A column a group; None where there are none."""
    if not groups:
        return None
    summary = results.summary
    found = [engagement_of(results.episodes, users, summary["seeds"]["evaluation"]) for users in groups.values()]
    cells = {name: [_number(group[name], "z.1f") for group in found] for name in summary["policies"]}
    heads = [f"{label} ({len(users)} users)" for label, users in groups.items()]
    notes = [note, f"{in_unit('engagement', summary['unit'])} in the episode, mean over the users of a group"]
    return Listing(caption, heads, policy_lines(summary, cells), notes)


def _number(value: Interval, form: str) -> Cell:
    """An estimate with its interval."""
    return Cell(*number_and_ends(asdict(value), form))

"""One user's life under every policy, step by step, as ``story.js`` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from driftrec.agents.evaluation.rollout import JOURNEYS
from driftrec.agents.evaluation.summary import Results
from driftrec.agents.evaluation.tables import by_engagement

TOPICS = 6
"""Topics whose interest is shown: those of the highest."""


@dataclass(frozen=True)
class ToldStory:
    """One user's story.

    Attributes:
        user: Number of the user in the comparison.
        chosen: How the user was chosen, in words.
        left: Place in ``lives`` of the policy that is shown first on the left: the baseline.
        right: The same on the right: the best other that is no oracle.
        steps: The longest life.
        data: For the script, see ``told_story``.
    """

    user: int
    chosen: str
    left: int
    right: int
    steps: int
    data: Mapping[str, Any]


def told_story(results: Results) -> ToldStory | None:
    """The story that the comparison keeps; None if it keeps none.

    Its data are ``unit``, ``items`` as pairs of title and topic, ``topics``, and ``lives``, one a policy by falling
    engagement: ``policy``, ``slates`` of ``session``, ``hours`` away before it and ``shown``, a list of (place in
    ``items``, opened, engagement), and ``interests``, a list of numbers a step, one a topic, where they were followed.
    """
    table, summary = results.stories, results.summary
    if table.empty:
        return None
    there = [name for name in by_engagement(summary) if name in set(table.policy)]
    user = int(table.user.iloc[0])
    places = {item: place for place, item in enumerate(table.item.unique())}
    first = table.drop_duplicates("item")
    titles = first.title.fillna("").where(first.title.fillna("") != "", "item " + first.item)
    topics = _main_topics(results.journeys)
    lives = [
        {
            "policy": name,
            "slates": _slates(table[table.policy == name], places),
            "interests": _interests(results.journeys, name, topics),
        }
        for name in there
    ]
    others = [name for name in there if name != summary["baseline"]] or there
    served = [name for name in others if not summary["policies"][name]["oracle"]] or others
    baseline = summary["baseline"] if summary["baseline"] in there else there[0]
    return ToldStory(
        user=user,
        chosen=f"of the first {JOURNEYS} users, the one whose shortest stay under the baseline and the last other "
        "policy is the longest",
        left=there.index(baseline),
        right=there.index(served[0]),
        steps=int(table.step.max()) + 1,
        data={
            "unit": summary["unit"],
            "items": [list(pair) for pair in zip(titles, first.topic.fillna(""), strict=True)],
            "topics": topics,
            "lives": lives,
        },
    )


def _slates(rows: pd.DataFrame, places: Mapping[str, int]) -> list[dict[str, Any]]:
    """One a step."""
    return [
        {
            "session": int(slate.session.iloc[0]),
            "hours": round(float(slate.time.iloc[0]), 2),
            "shown": [
                [places[item], int(clicked), round(float(engagement), 2)]
                for item, clicked, engagement in zip(slate.item, slate.clicked, slate.engagement, strict=True)
            ],
        }
        for _, slate in rows.sort_values(["step", "position"]).groupby("step")
    ]


def _main_topics(journeys: pd.DataFrame) -> list[str]:
    """Topics of the highest interest at any time."""
    if journeys.empty:
        return []
    return list(journeys.groupby("topic").interest.max().sort_values(ascending=False).index[:TOPICS])


def _interests(journeys: pd.DataFrame, policy: str, topics: list[str]) -> list[list[float]]:
    """Interest before every step, one number a topic; [] under a policy where it was not followed."""
    rows = journeys[journeys.policy == policy]
    if rows.empty:
        return []
    wide = rows.pivot_table(index="step", columns="topic", values="interest")[topics]
    return [[round(float(value), 3) for value in step] for step in wide.to_numpy()]

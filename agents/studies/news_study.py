"""The experiments of results/news."""

from __future__ import annotations

from collections.abc import Mapping

from driftrec.agents.studies.experiments import Study, StudyTable, Training

NEW = ("--settings.withheld", "0.2")
"""A fifth of the items is not shown in training and is there in evaluation."""

IDS = ("--settings.representation", "ids")
RANDOM = ("--settings.representation", "random")

TRAININGS: Mapping[str, Training] = {
    "text": Training(("train",)),
    "told": Training(("train", "--settings.true-state")),
    "top-k": Training(("train", "--settings.ppo.no-iterative")),
    "text-new": Training(("train", *NEW)),
    "ids-new": Training(("train", *IDS, *NEW)),
    "random-new": Training(("train", *RANDOM, *NEW)),
    "ids": Training(("train", *IDS)),
    "random": Training(("train", *RANDOM)),
    "slateq": Training(("train-baseline", "slateq"), ranker="text"),
    "sb3-ppo": Training(("train-baseline", "sb3-ppo")),
    "sb3-sac": Training(("train-baseline", "sb3-sac")),
}
"""By name. A training stands behind the one whose ranker it takes."""


TABLES: Mapping[str, StudyTable] = {
    "main": StudyTable(
        (
            *("random", "popular", "content", "epsilon-content", "linucb"),
            *("sb3-ppo:{sb3-ppo}", "sb3-sac:{sb3-sac}", "slateq:{slateq}", "myopic:{text}", "mmr:{text}"),
            *("farsighted:{text}", "ppo:{text}", "ppo-sampled:{text}"),
            *("told-myopic=myopic:{told}", "told-ppo=ppo:{told}", "myopic-oracle", "planner"),
        ),
        baseline="myopic",
    ),
    "behaviour": StudyTable(("random", "myopic:{text}", "ppo:{text}", "planner"), baseline="myopic"),
    "new-items": StudyTable(
        (
            *("random", "text-new=ppo:{text-new}", "ids-new=ppo:{ids-new}", "random-vectors-new=ppo:{random-new}"),
            *("text=ppo:{text}", "ids=ppo:{ids}", "random-vectors=ppo:{random}", "planner"),
        ),
        baseline="ids-new",
    ),
    "slates": StudyTable(
        ("random", "iterative=ppo:{text}", "top-k=ppo:{top-k}", "sb3-ppo:{sb3-ppo}", "planner"), baseline="top-k"
    ),
}
"""By name; ``behaviour`` is the main one with few enough lines for its plots to be read."""

NEWS = Study(TRAININGS, TABLES)

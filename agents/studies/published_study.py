"""The experiments of results/published: our agents on every published world, some from the partial observation too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from driftrec.agents.evaluation.summary import read_summary
from driftrec.agents.studies.experiments import Study, StudyTable, Training
from driftrec.agents.studies.overview import overview
from driftrec.agents.worlds import recsim, sardine

PARTIAL = ("SlateTopK-Bored", "SlateTopK-BoredInf", "SlateTopK-Uncertain", "SingleItem-BoredInf")
"""SARDINE's worlds that are met from the partial observation too."""

FLAGS = {
    "RecSim-InterestEvolution": ("--slate-size", "3"),  # as in the SlateQ paper
    "RecSim-InterestExploration": ("--history", "100"),  # all slates of an episode
}
"""What sets a world apart from its defaults, by table."""

REFERENCES = {"RecSim-InterestExploration": ("bayes",)}
"""Policies that a world knows beside the oracles, by table."""


def worlds() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name of every table, and the flags of its world."""
    for world in (*recsim.KITS, *sardine.KITS):
        name = world.removeprefix("driftrec/").removesuffix("-v0")
        yield name, ("--world", world, *FLAGS.get(name, ()))
    for name in PARTIAL:
        options = json.dumps({"observation": "partial"})
        yield f"Sardine-{name}-partial", ("--world", f"driftrec/Sardine-{name}-v0", "--options", options)


def study() -> Study:
    """All worlds: our PPO and the ranker it starts from, the references, and SlateQ but for partial observations."""
    trainings, tables = {}, {}
    for name, world in worlds():
        trainings[name] = Training(("train", *world))
        policies = ["random", "myopic-oracle", *(f"{kind}:{{{name}}}" for kind in ("myopic", "farsighted", "ppo"))]
        if not name.endswith("partial"):
            trainings[f"{name}-slateq"] = Training(("train-baseline", "slateq", *world), ranker=name)
            policies.append(f"slateq:{{{name}-slateq}}")
        tables[name] = StudyTable((*policies, *REFERENCES.get(name, ()), "planner"), "myopic-oracle", world)
    return Study(trainings, tables, overview=_overview)


def _overview(kept: Mapping[str, Path]) -> str:
    """One table of all worlds that were compared."""
    return overview({name: read_summary(folder / "summary.json") for name, folder in kept.items()})


PUBLISHED = study()

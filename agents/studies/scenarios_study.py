"""The experiments of results/scenarios: our agents, as they are, in the worlds that need a sequence."""

from __future__ import annotations

from driftrec.agents.studies.experiments import Study, StudyTable, Training
from driftrec.agents.worlds import feeds, shop

POLICIES = ("random", "popular", "content", "myopic:{%s}", "farsighted:{%s}", "ppo:{%s}", "myopic-oracle", "planner")


def scenario_study() -> Study:
    """A training and a table a world."""
    trainings, tables = {}, {}
    for world in (*feeds.KITS, *shop.KITS):
        name = f"{world.removeprefix('driftrec/').removesuffix('-v0')}-policies"
        flags = ("--world", world)
        trainings[name] = Training(("train", *flags))
        tables[name] = StudyTable(tuple(text.replace("%s", name) for text in POLICIES), "myopic", flags)
    return Study(trainings, tables)


SCENARIOS = scenario_study()

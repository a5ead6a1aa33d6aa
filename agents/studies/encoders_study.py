"""The experiments of results/encoders: what representations say, and what a policy earns with each."""

from __future__ import annotations

from driftrec.agents.studies.experiments import Study, StudyTable, Training
from driftrec.agents.studies.news_study import NEW

SEEDS = 3

REPRESENTATIONS = ("text", "smollm2", "hashing", "random", "ids", "latents")
USER_STATES = ("text", "both")  # beside "numeric", that of the others

WORLDS = {"video": "driftrec/Video-v0", "newsstream": "driftrec/NewsStream-v0"}
HIDES_ITEMS = ("video",)
"""Where training may hide items from a policy; articles of the stream are new all the time."""


def encoders_study() -> Study:
    """Probes of both worlds; trainings by representation, with all items known and some new, and by user state."""
    trainings: dict[str, Training] = {}
    tables: dict[str, StudyTable] = {}
    probes: dict[str, tuple[str, ...]] = {}
    for short, world in WORLDS.items():
        flags = ("--world", world)
        probes[f"{short}-probe"] = ("probe", *flags)
        for kind, more in (("known", ()), ("new", NEW)):
            if kind == "new" and short not in HIDES_ITEMS:
                continue
            runs = {name: f"{short}-{name}-{kind}" for name in REPRESENTATIONS}
            for name, run in runs.items():
                words = ("train", *flags, "--settings.representation", name, *more)
                trainings[run] = Training(words, seeds=SEEDS)
            tables[f"{short}-{kind}"] = _table(runs, "ids", flags)
        runs = {name: f"{short}-user-{name}" for name in ("numeric", *USER_STATES)}
        for name, run in runs.items():
            told = ("--settings.user-state", name, "--settings.encoder", "fading")  # words hide what beliefs would read
            trainings[run] = Training(("train", *flags, *told), seeds=SEEDS)
        tables[f"{short}-user"] = _table(runs, "numeric", flags)
    return Study(trainings, tables, probes)


def _table(runs: dict[str, str], baseline: str, flags: tuple[str, ...]) -> StudyTable:
    """PPO of every run between random slates and the planner."""
    labels = {name: "random-vectors" if name == "random" else name for name in runs}
    ours = tuple(f"{labels[name]}=ppo:{{{run}}}" for name, run in runs.items())
    return StudyTable(("random", *ours, "planner"), baseline, flags)


ENCODERS = encoders_study()

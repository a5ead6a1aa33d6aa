"""The experiments of results/news as data: what is trained, and which policies stand in which table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Training:
    """One training, repeated with several training seeds.

    Attributes:
        words: Verb and flags of the command, without seed and run folder.
        ranker: Training whose run the command is told as ``--ranker``, if any.
        seeds: Training seeds, from 1.
    """

    words: tuple[str, ...]
    ranker: str | None = None
    seeds: int = 5

    def seeds_up_to(self, seeds: int) -> range:
        """Its training seeds, at most ``seeds`` of them."""
        return range(1, min(self.seeds, seeds) + 1)

    def command(self, name: str, seed: int, runs: Path) -> list[str]:
        """The whole command after "driftrec"."""
        known = [] if self.ranker is None else ["--ranker", str(run_of(self.ranker, seed, runs))]
        return [*self.words, *known, "--seed", str(seed), "--out", str(run_of(name, seed, runs))]


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


@dataclass(frozen=True)
class Table:
    """One comparison.

    Attributes:
        policies: As for ``driftrec compare``; {NAME} stands for the run folders of that training, all its seeds.
        baseline: Label that the others are compared with in pairs.
    """

    policies: tuple[str, ...]
    baseline: str

    def trainings(self) -> list[str]:
        """Names of the trainings whose policies take part."""
        return [name for name in TRAININGS if any(f"{{{name}}}" in text for text in self.policies)]

    def command(self, runs: Path, users: int, out: Path, seeds: int) -> list[str]:
        """The whole command after "driftrec", with at most ``seeds`` training seeds."""
        folders = {
            name: ",".join(str(run_of(name, seed, runs)) for seed in training.seeds_up_to(seeds))
            for name, training in TRAININGS.items()
        }
        policies = [text.format(**folders) for text in self.policies]
        words = ["compare", "--policies", *policies, "--baseline", self.baseline]
        return [*words, "--users", str(users), "--seed", "0", "--out", str(out)]


TABLES: Mapping[str, Table] = {
    "main": Table(
        (
            *("random", "popular", "content", "epsilon-content", "linucb"),
            *("sb3-ppo:{sb3-ppo}", "sb3-sac:{sb3-sac}", "slateq:{slateq}", "myopic:{text}", "mmr:{text}"),
            *("farsighted:{text}", "ppo:{text}", "ppo-sampled:{text}"),
            *("told-myopic=myopic:{told}", "told-ppo=ppo:{told}", "myopic-oracle", "planner"),
        ),
        baseline="myopic",
    ),
    "behaviour": Table(("random", "myopic:{text}", "ppo:{text}", "planner"), baseline="myopic"),
    "new-items": Table(
        (
            *("random", "text-new=ppo:{text-new}", "ids-new=ppo:{ids-new}", "random-vectors-new=ppo:{random-new}"),
            *("text=ppo:{text}", "ids=ppo:{ids}", "random-vectors=ppo:{random}", "planner"),
        ),
        baseline="ids-new",
    ),
    "slates": Table(
        ("random", "iterative=ppo:{text}", "top-k=ppo:{top-k}", "sb3-ppo:{sb3-ppo}", "planner"), baseline="top-k"
    ),
}
"""By name; ``behaviour`` is the main one with few enough lines for its plots to be read."""


def run_of(name: str, seed: int, runs: Path) -> Path:
    """Run folder of a training."""
    return runs / f"{name}-{seed}"

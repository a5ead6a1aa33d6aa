"""Experiments as data: what is trained, and which policies stand in which table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class StudyTable:
    """One comparison.

    Attributes:
        policies: As for ``driftrec compare``; {NAME} stands for the run folders of that training, all its seeds.
        baseline: Label that the others are compared with in pairs.
        world: Flags that say which world it is in; news when empty.
    """

    policies: tuple[str, ...]
    baseline: str
    world: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """Tables that belong together, and what is trained for them.

    Attributes:
        trainings: By name. A training stands behind the one whose ranker it takes.
        tables: By name.
        probes: Verb and flags of commands that need no training, without their folder, by name.
        overview: Makes Markdown of what is kept of tables and probes, folders by name; None where they stand for
            themselves.
    """

    trainings: Mapping[str, Training]
    tables: Mapping[str, StudyTable]
    probes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    overview: Callable[[Mapping[str, Path]], str] | None = None

    def behind(self, table: str) -> list[str]:
        """Names of the trainings whose policies take part in a table."""
        return [name for name in self.trainings if any(f"{{{name}}}" in text for text in self.tables[table].policies)]

    def comparison(self, table: str, runs: Path, users: int, out: Path, seeds: int) -> list[str]:
        """The whole command after "driftrec" that makes a table, with at most ``seeds`` training seeds."""
        folders = {
            name: ",".join(str(run_of(name, seed, runs)) for seed in training.seeds_up_to(seeds))
            for name, training in self.trainings.items()
        }
        made = self.tables[table]
        policies = [text.format(**folders) for text in made.policies]
        words = ["compare", *made.world, "--policies", *policies, "--baseline", made.baseline]
        return [*words, "--users", str(users), "--seed", "0", "--out", str(out)]


def run_of(name: str, seed: int, runs: Path) -> Path:
    """Run folder of a training."""
    return runs / f"{name}-{seed}"

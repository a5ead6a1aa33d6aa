"""Where an experiment is made: the world as it is, with other settings, or with items or people nobody has met."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from driftrec.agents.baselines import Random
from driftrec.agents.comparison.changed import changed
from driftrec.agents.comparison.entries import Entry, build_entries, parse_entry
from driftrec.agents.known import OF_RUNS
from driftrec.agents.policy import Policy, PolicyError
from driftrec.agents.runs.checkpoint import made_strange
from driftrec.agents.runs.tuned import is_tuned
from driftrec.agents.scorecard.sitting import NotHereError
from driftrec.agents.setup import Setup, set_up
from driftrec.agents.worlds.kit import Effort
from driftrec.agents.worlds.kits import kit_of
from driftrec.simulators.catalogue import save_catalogue

Where = Literal["as it is", "other drift", "other prices", "new items", "new people"]

FLOOR, MYOPIC, PLANNER = "random", "myopic-oracle", "planner"

EDITION = 1
"""Seed of the other edition; that of the packaged one is 0."""


@dataclass(frozen=True)
class Stage:
    """A world, and the policies that serve in it.

    Attributes:
        setup: The world.
        entries: The policies.
        left_out: Why others do not serve here, by label.
        effort: How the planner is tuned, where no weights are at hand.
        report: Called with lines about that.
    """

    setup: Setup
    entries: Sequence[Entry]
    left_out: Mapping[str, str] = field(default_factory=dict)
    effort: Effort = field(default_factory=Effort)
    report: Callable[[str], None] = lambda line: None

    def named(self, name: str) -> Policy:
        """Random slates, the myopic oracle or the planner, by ``FLOOR``, ``MYOPIC`` and ``PLANNER``."""
        kit = kit_of(self.setup)
        if name == FLOOR:
            return Random(self.setup.context)
        return self._planner if name == PLANNER else kit.myopic_oracle(self.setup)

    @cached_property
    def _planner(self) -> Policy:
        return kit_of(self.setup).planner(self.setup, self.effort, self.report)


@dataclass(frozen=True)
class Stages:
    """All that the battery asks for, each made when it is first asked for.

    Attributes:
        here: The world as it is.
        texts: The policies, as ``build_entries`` is told them.
        seed: Of policies that are trained when they are built.
        folder: For files, which nobody needs afterwards.
    """

    here: Stage
    texts: Sequence[str]
    seed: int
    folder: Path

    def at(self, where: Where) -> Stage:
        """The stage of that name.

        Raises:
            NotHereError: If the world cannot be changed into it.
        """
        if where == "as it is":
            return self.here
        kit = kit_of(self.here.setup)
        if where in ("other drift", "other prices"):
            changes = kit.changes.drift if where == "other drift" else kit.changes.price
            if not changes:
                raise NotHereError(f"its kit knows no {where} (Changes.{'drift' if 'drift' in where else 'price'})")
            return self._changed(changed(self.here.setup, changes))
        return self._strange(self._edition(where))

    def _changed(self, there: Setup) -> Stage:
        """The same policies, as they are, and the myopic oracle of that world."""
        entries, left_out = [], {}
        for entry, text in zip(self.here.entries, self.texts, strict=True):
            if not entry.oracle:
                entries.append(entry)
            elif parse_entry(text)[1] == [MYOPIC]:
                entries.append(Entry(entry.label, {None: kit_of(there).myopic_oracle(there)}))
            else:
                left_out[entry.label] = "an oracle of the world as it is"
        return Stage(there, entries, left_out)

    def _edition(self, where: Where) -> Setup:
        """The same world with other items or other people."""
        setup = self.here.setup
        edition, items, people = kit_of(setup).changes.edition, setup.world.catalogue, setup.world.personas
        if edition is None or items is None or people is None:
            raise NotHereError("nothing writes other items and people of its kind (Changes.edition)")
        if setup.args.catalogue is not None:
            raise NotHereError(
                "the catalogue is your own, and nothing writes another of its kind; leave --catalogue out"
            )
        if where == "new items":
            items = edition.items(items.num_items, EDITION)
        else:
            people = edition.people(people.num_personas, EDITION)
        folder = self.folder / where.replace(" ", "-")
        save_catalogue(folder, items, people, {"edition": EDITION})
        return set_up(replace(setup.args, catalogue=str(folder)))

    def _strange(self, there: Setup) -> Stage:
        """The policies made for that world: nothing that they have learned of single items or people goes with them."""
        entries, left_out = [], {}
        for entry, text in zip(self.here.entries, self.texts, strict=True):
            label, names = parse_entry(text)
            if names == ["myopic"]:
                left_out[label] = "it is fitted where it serves, so nothing is new to it; score a run, myopic:RUN"
            elif entry.oracle and names != [MYOPIC]:
                left_out[label] = "an oracle of the world as it is"
            else:
                try:
                    (made,) = build_entries(there, [self._strangers(label, names, there)], seed=self.seed)
                    entries.append(replace(made, label=label))
                except (ValueError, TypeError, OSError, ImportError, PolicyError) as error:
                    left_out[label] = str(error)
        return Stage(there, entries, left_out)

    def _strangers(self, label: str, names: Sequence[str], there: Setup) -> str:
        """One policy as ``build_entries`` is told it, runs replaced by what strangers know of them."""
        head, _, run = names[0].partition(":")
        if head not in OF_RUNS or not run or is_tuned(run):
            return names[0]
        runs = [name.partition(":")[2] for name in names]
        base = self.folder / json.dumps(there.fingerprints(), sort_keys=True).encode().hex()[-16:]
        made = [made_strange(run, there, base / label.replace("/", "-") / str(i)) for i, run in enumerate(runs)]
        return f"{head}:{','.join(map(str, made))}"

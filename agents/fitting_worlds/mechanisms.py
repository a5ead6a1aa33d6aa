"""Which mechanisms a world keeps: those without which held-out events of the validation part are less likely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from driftrec.agents.evaluation.bootstrap import Interval
from driftrec.agents.fitting_worlds.fitter import Fitted, Fitter
from driftrec.agents.fitting_worlds.held_out import gain_of
from driftrec.agents.fitting_worlds.lives import VALIDATION, LoggedUsers, some_of
from driftrec.agents.fitting_worlds.taste_fit import unseen_likelihood
from driftrec.agents.fitting_worlds.taste_model import FAST, OWN, SESSION, SLOW, TasteModel
from driftrec.agents.tastes.topic_liking import HABIT, SATIATION, THRESHOLD

MECHANISMS: Mapping[str, str] = {
    "own interests": OWN,
    "session memory": SESSION,
    "slow memory": SLOW,
    "fast memory": FAST,
    "threshold of satiation": THRESHOLD,
    "habits": HABIT,
    "satiation": SATIATION,
}
"""In the order in which they are tried, by the term of utility that each is."""

NUMBERS: Mapping[str, tuple[str, ...]] = {
    SESSION: ("session",),
    SLOW: ("slow", "slow_half_life"),
    FAST: ("fast", "fast_half_life"),
    SATIATION: ("satiation", "satiation_half_life"),
    THRESHOLD: ("threshold", "keep"),
    HABIT: ("habit", "habit_half_life"),
    OWN: ("own_spread",),
}
"""Of a world, by the term that they belong to."""


ENOUGH = 250_000
"""Slates of a log by which mechanisms are chosen: of a larger one, those of users drawn from it."""


@dataclass(frozen=True)
class Chosen:
    """The model that is kept.

    Attributes:
        model: With the terms that earned their place.
        table: One row a mechanism: ``mechanism``; ``gain``, ``low``, ``high`` a slate of the validation part, on the
            same model without it, with its 95 % interval over users; ``kept``, whether ``low`` is above 0, or that of
            what rests on it. Of a model ``with_control`` also ``shuffled_gain`` and its ends, NaN of what was left out.
    """

    model: TasteModel
    table: pd.DataFrame

    @property
    def kept(self) -> list[str]:
        """Names of those that earned their place."""
        return self.table.mechanism[self.table.kept].tolist()

    @property
    def left_out(self) -> list[str]:
        """Names of the others."""
        return self.table.mechanism[~self.table.kept].tolist()


def choose(whole: TasteModel, lives: LoggedUsers, fitter: Fitter) -> Chosen:
    """Take out one mechanism after another, the least missed first, until each that is left is missed for sure.

    A model without a mechanism goes on from that with it, for half as many passes: only what the others cannot make up
    for counts. What is missed for sure beside all others is not tried again when some of these are out; satiation is
    taken out after its threshold. Of a log of more than ``ENOUGH`` slates a part chooses, and what is chosen is fitted
    to all.

    Args:
        whole: With all mechanisms.
        lives: The log.
        fitter: How models are fitted, of items with topics; tells a line a mechanism.
    """
    some = _some(lives, fitter.seed)
    best, found = _tried(whole if some is lives else fitter.fit(some, whole.terms), some, fitter)
    if some is not lives:
        best = whole if best.terms == whole.terms else fitter.fit(lives, best.terms)
    rows = []
    for name, gain in found.items():
        kept = MECHANISMS[name] in best.terms
        rows.append({"mechanism": name, "gain": gain.mean, "low": gain.low, "high": gain.high, "kept": kept})
        fitter.report(
            f"  {name}: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}], {'kept' if kept else 'left out'}"
        )
    return Chosen(best, pd.DataFrame(rows))


def _some(lives: LoggedUsers, seed: int) -> LoggedUsers:
    """Users of a log who have ``ENOUGH`` slates, drawn; all of a smaller one."""
    slates = np.bincount(lives.user[lives.heads], minlength=len(lives.users))
    if slates.sum() <= ENOUGH:
        return lives
    drawn = np.random.default_rng(seed).permutation(len(slates))
    return some_of(lives, np.sort(drawn[: np.searchsorted(slates[drawn].cumsum(), ENOUGH) + 1]))


def _tried(best: TasteModel, lives: LoggedUsers, fitter: Fitter) -> tuple[TasteModel, dict[str, Interval]]:
    """The model of what is missed, and what a slate of the validation part loses without each mechanism."""
    counts = np.bincount(lives.user[lives.part == VALIDATION], minlength=len(lives.users)).astype(float)
    found: dict[str, Interval] = {}
    unsure = list(MECHANISMS)
    while unsure:
        there = [name for name in unsure if MECHANISMS[name] in best.terms]
        said = unseen_likelihood(best, lives, VALIDATION)
        without = _without(best, there, lives, fitter)
        for name, other in without.items():
            found[name] = gain_of(said - other.likelihood, counts, fitter.seed)
        unsure = [name for name in there if found[name].low <= 0]
        out = [name for name in unsure if MECHANISMS[name] != SATIATION or THRESHOLD not in best.terms]
        if not out:
            break
        best = without[min(out, key=lambda name: found[name].mean)].model
    return best, found


def with_control(chosen: Chosen, control: TasteModel, mixed: LoggedUsers, fitter: Fitter) -> Chosen:
    """What each mechanism that was kept is worth where each session's events are shuffled.

    Args:
        chosen: What was kept.
        control: Of the same terms, fitted to the shuffled log.
        mixed: That log.
        fitter: How models are fitted, of items with topics.
    """
    counts = np.bincount(mixed.user[mixed.part == VALIDATION], minlength=len(mixed.users)).astype(float)
    said = unseen_likelihood(control, mixed, VALIDATION)
    table = chosen.table.set_index("mechanism").assign(shuffled_gain=np.nan, shuffled_low=np.nan, shuffled_high=np.nan)
    for name, other in _without(control, chosen.kept, mixed, fitter).items():
        gain = gain_of(said - other.likelihood, counts, fitter.seed)
        table.loc[name, ["shuffled_gain", "shuffled_low", "shuffled_high"]] = gain.mean, gain.low, gain.high
    return replace(chosen, table=table.reset_index())


def _without(model: TasteModel, names: Sequence[str], lives: LoggedUsers, fitter: Fitter) -> dict[str, Fitted]:
    """The model without each of these mechanisms, fitted on, with what it says of the validation part."""
    several = []
    for name in names:
        term = MECHANISMS[name]
        gone = (SATIATION, THRESHOLD) if term == SATIATION else (term,)
        several.append(tuple(each for each in model.terms if each not in gone))
    return dict(zip(names, fitter.halved().fits(lives, several, VALIDATION, model), strict=True))


def not_fitted(model: TasteModel, consumed: bool) -> set[str]:
    """Numbers of a world that do not come from ``model``; ``consumed`` as of ratings.

    It lacks their term, or the log holds no case: of repeats, none says how rare they are.
    """
    absent = {number for term, numbers in NUMBERS.items() if term not in model.terms for number in numbers}
    absent |= {"no_click", "position"} if consumed else set()
    absent |= set() if model.repeats else {"repeat"}
    return absent | (set() if model.several else {"takeaway"})

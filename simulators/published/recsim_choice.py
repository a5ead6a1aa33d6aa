"""RecSim's choice models: which position of a slate is clicked, if any.

Source: recsim/choice_model.py of google-research/recsim (Ie et al., 2019, arXiv:1909.04847). Every model turns scores,
(slate_size, users), and one uniform draw a user into a position, -1 for none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.arrays import Array, Draw, Position
from driftrec.simulators.mechanisms import mechanism
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.settings import nearest
from driftrec.simulators.slates import first_above, pick
from driftrec.simulators.vectors import Float

MAX_LOGIT = 80.0
"""The largest score whose exponential, times a slate, is finite in float32."""


ScoresShown = Annotated[Float, Array("slate_size users", low=0, high=1)]
"""Scores by position; a model is tried with those between 0 and 1, which every world has."""

ChancesAlone = Annotated[Float, Array("slate_size users", low=0, high=1)]
"""Chance of a click on each, in [0, 1]."""


@runtime_checkable
class ChoiceModel(Protocol):
    """How a user picks from a slate."""

    def choose(self, scores: ScoresShown, draw: Draw) -> Position:
        """Position clicked, -1 for none, int64, shape (users,).

        Args:
            scores: Of the items by position, float32, shape (slate_size, users).
            draw: Uniform in [0, 1), shape (users,).
        """
        ...

    def alone(self, scores: ScoresShown) -> ChancesAlone:
        """Chance of a click on an item that is the whole slate, float32 in [0, 1]. Any shape, which is kept."""
        ...

    def check_scores(self, lowest: float, highest: float) -> None:
        """Raise ValueError unless the model is defined for all scores between ``lowest`` and ``highest``."""
        ...


@runtime_checkable
class WeighedChoice(ChoiceModel, Protocol):
    """A choice in proportion to weights that do not depend on the rest of the slate."""

    @property
    def no_click(self) -> float:
        """Weight of clicking nothing."""
        ...

    def weights(self, scores: Float) -> Float:
        """Weight of every item. Shape kept."""
        ...


@dataclass(frozen=True)
class ScoreLogit:
    """P(i) = exp(s_i) / (exp(no_click_mass) + sum_j exp(s_j)).

    Attributes:
        no_click_mass: Logit of clicking nothing, at most 80; minus infinity, the default, for always clicking.
    """

    no_click_mass: float = -np.inf

    def __post_init__(self) -> None:
        check_ranges(self, no_click_mass=(-np.inf, MAX_LOGIT))

    @property
    def no_click(self) -> float:
        """exp(no_click_mass)."""
        return float(np.exp(self.no_click_mass))

    def weights(self, scores: Float) -> Float:
        """exp(s). Shape kept."""
        return np.exp(scores)

    def choose(self, scores: Float, draw: Float) -> NDArray[np.int64]:
        """See ``ChoiceModel``."""
        return pick(self.weights(scores), self.no_click, draw)

    def alone(self, scores: Float) -> Float:
        """See ``ChoiceModel``."""
        return _share(self.weights(scores), self.no_click)

    def check_scores(self, lowest: float, highest: float) -> None:
        """Scores are at most 80."""
        if highest > MAX_LOGIT:
            raise ValueError(f"Scores reach {highest:g}, and exp(s) overflows above {MAX_LOGIT:g}; lower the means.")


@dataclass(frozen=True)
class MultinomialProportional:
    """P(i) = (s_i - m) / (no_click_mass - m + sum_j (s_j - m)), m = min_normalizer.

    Attributes:
        min_normalizer: m, at most the lowest score. In [-1e3, 0].
        no_click_mass: Score of clicking nothing. In [m, 1e3], and above m where scores go down to m, since a slate of
            such items would leave nothing to choose from.
    """

    min_normalizer: float
    no_click_mass: float = 0.0

    def __post_init__(self) -> None:
        check_ranges(self, min_normalizer=(-1e3, 0))
        check_ranges(self, no_click_mass=(self.min_normalizer, 1e3))

    @property
    def no_click(self) -> float:
        """no_click_mass - m."""
        return self.no_click_mass - self.min_normalizer

    def weights(self, scores: Float) -> Float:
        """S - m. Shape kept."""
        return scores - np.float32(self.min_normalizer)

    def choose(self, scores: Float, draw: Float) -> NDArray[np.int64]:
        """See ``ChoiceModel``."""
        return pick(self.weights(scores), self.no_click, draw)

    def alone(self, scores: Float) -> Float:
        """See ``ChoiceModel``."""
        return _share(self.weights(scores), self.no_click)

    def check_scores(self, lowest: float, highest: float) -> None:
        """Scores are at least m, and not all weights can be 0."""
        _check_floor(self.min_normalizer, lowest)
        if self.weights(np.array([lowest], np.float32))[0] <= 0.0 and np.float32(self.no_click) == 0.0:
            raise ValueError(
                f"choice.no_click_mass and choice.min_normalizer are both {self.no_click_mass:g}, as are the lowest "
                "scores: a slate of such items leaves nothing to choose, 0 / 0. Raise no_click_mass, or lower both."
            )


@dataclass(frozen=True)
class ExponentialCascade:
    """A look at one position after the other until one is clicked: P(click | looked at i) = a * c * exp(s_i).

    Attributes:
        attention_prob: a, chance that a position is looked at all. In [0, 1].
        score_scaling: c, such that c * exp(s) is at most 1. In [0, 1e3].
    """

    attention_prob: float = 1.0
    score_scaling: float = 0.05

    def __post_init__(self) -> None:
        check_ranges(self, attention_prob=(0, 1), score_scaling=(0, 1e3))

    def choose(self, scores: Float, draw: Float) -> NDArray[np.int64]:
        """See ``ChoiceModel``."""
        return cascade(self.alone(scores), draw)

    def alone(self, scores: Float) -> Float:
        """See ``ChoiceModel``."""
        return np.float32(self.attention_prob * self.score_scaling) * np.exp(scores)

    def check_scores(self, lowest: float, highest: float) -> None:
        """C * exp(s) is at most 1."""
        _check_scaling(self.score_scaling, float(np.exp(highest)))


@dataclass(frozen=True)
class ProportionalCascade:
    """As ``ExponentialCascade``, with P(click | looked at i) = a * c * (s_i - m).

    Attributes:
        min_normalizer: m, at most the lowest score. In [-1e3, 0].
        attention_prob: a. In [0, 1].
        score_scaling: c, such that c * (s - m) is at most 1. In [0, 1e3].
    """

    min_normalizer: float
    attention_prob: float = 1.0
    score_scaling: float = 0.05

    def __post_init__(self) -> None:
        check_ranges(self, min_normalizer=(-1e3, 0), attention_prob=(0, 1), score_scaling=(0, 1e3))

    def choose(self, scores: Float, draw: Float) -> NDArray[np.int64]:
        """See ``ChoiceModel``."""
        return cascade(self.alone(scores), draw)

    def alone(self, scores: Float) -> Float:
        """See ``ChoiceModel``."""
        scale = np.float32(self.attention_prob * self.score_scaling)
        return scale * (scores - np.float32(self.min_normalizer))

    def check_scores(self, lowest: float, highest: float) -> None:
        """Scores are at least m, and c * (s - m) is at most 1."""
        _check_floor(self.min_normalizer, lowest)
        _check_scaling(self.score_scaling, highest - self.min_normalizer)


MODELS: Mapping[str, ChoiceModel] = {
    "MultinomialLogit": ScoreLogit(),
    "MultinomialProportional": MultinomialProportional(min_normalizer=-1.0),
    "ExponentialCascade": ExponentialCascade(),
    "ProportionalCascade": ProportionalCascade(min_normalizer=-1.0),
}
"""All models by RecSim's names, with the parameters that a choice by name starts from."""


def choice_model(changes: Mapping[str, Any] | None, default: ChoiceModel) -> ChoiceModel:
    """``default`` with ``changes``, as JSON and keyword arguments give them; errors as of ``mechanism``.

    Args:
        changes: New parameters by name, such as ``{"no_click_mass": 2.0}``; under "kind", or "model", the name of
            another model may stand, whose defaults then take the place of those of ``default``, and under "kind" a
            class of the user's own, "package.module:Class". None for no changes.
        default: What is changed.
    """
    named = (name for name, model in MODELS.items() if type(model) is type(default))
    usual = next(named, type(default).__name__)
    known = {**MODELS, usual: default}
    parameters = {} if changes is None else changes
    if isinstance(parameters, Mapping) and "model" in parameters:
        parameters = dict(parameters)
        usual = parameters.pop("model")
        if "kind" in parameters:
            raise ValueError(f"choice has a model, {usual!r}, and a kind, {parameters['kind']!r}; leave out one.")
        if usual not in known:
            raise ValueError(f"choice.model is {usual!r}, which is none. {nearest(str(usual), known)}")
    return mechanism(parameters, known, usual, ChoiceModel, "choice")


def cascade(chances: Float, draw: Float) -> NDArray[np.int64]:
    """First position clicked, where position k is clicked with ``chances[k]`` if none before it was."""
    passed = np.float32(1.0) - chances
    for k in range(1, len(passed)):
        passed[k] *= passed[k - 1]
    return first_above(np.float32(1.0) - passed, draw)


def _share(weights: Float, no_click: float) -> Float:
    return weights / (weights + np.float32(no_click))


def _check_floor(min_normalizer: float, lowest: float) -> None:
    if lowest < min_normalizer:
        raise ValueError(
            f"choice.min_normalizer is {min_normalizer:g}, and scores go down to {lowest:g}, which would give negative "
            f"weights; set it to {lowest:g} or less."
        )


def _check_scaling(score_scaling: float, largest: float) -> None:
    if score_scaling * largest > 1.0:
        raise ValueError(
            f"choice.score_scaling is {score_scaling:g}, which times the largest score, {largest:g}, exceeds 1; "
            f"set it to {1.0 / largest:.3g} or less."
        )

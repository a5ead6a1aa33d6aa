"""SARDINE's published parameters, and the eight worlds that were published with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftrec.simulators import warm
from driftrec.simulators.engagement import sigmoid
from driftrec.simulators.ranges import check_choices, check_ranges
from driftrec.simulators.sizes import check_sizes
from driftrec.simulators.vectors import Float


@dataclass(frozen=True)
class SardineConfig:
    """How users of SARDINE judge, click, tire and are influenced; the published name in brackets.

    The score s of an item is its cosine with the user's interest, in [0, 1].

        relevance = 1 / (1 + exp(-slope * (s - offset)))
        P(click at rank r) = alpha * relevance * propensity_r,   r = 0 .. slate_size - 1

    Left out, since the original takes them and does nothing with them: prop_threshold, boredom_reduce_rate; and
    env_propensities, which only a click model of neither name would read.

    Attributes:
        offset: Score of relevance one half (env_offset). In [-10, 10].
        slope: Steepness of relevance (env_slope). In [0, 1e6].
        rel_threshold: If given, relevance is 1 above this score and 0 elsewhere, and offset and slope are unused.
        rel_penalty: If True, relevance is halved for every topic that bores the user.
        alpha: Attraction of a wholly relevant item (env_alpha). In [0, 1].
        click_model: "tdPBM", propensity_r = click_propensity^r, from the top down; or "mixPBM", the mean of that
            and the same from the bottom up.
        click_propensity: See click_model (click_prop). In [0, 1].
        diversity_penalty: Divides the attraction of a whole slate that shows one main topic too often; 1 does
            nothing. In [1, 1e6].
        diversity_threshold: Items of one main topic that are too many. >= 1.
        omega: Part of the user's interest that a step with clicks leaves (env_omega); 1 for no influence. In [0, 1].
        boredom_type: "user_car", churn and return: a user whom any topic bores has no interest in anything; or
            "user_tloi", temporary loss of interest: none in that topic.
        boredom_threshold: Logged clicks on one main topic that bore. >= 1.
        boredom_window: Steps that a click stays logged and that boredom lasts (boredom_moving_window). In [1, 10000].
        recent_clicks: Clicks that the log holds at most, the last (recent_items_maxlen). In [1, 100].
    """

    offset: float = 0.65
    slope: float = 100.0
    rel_threshold: float | None = None
    rel_penalty: bool = False
    alpha: float = 1.0
    click_model: str = "tdPBM"
    click_propensity: float = 0.85
    diversity_penalty: float = 1.0
    diversity_threshold: int = 4
    omega: float = 1.0
    boredom_type: str = "user_car"
    boredom_threshold: int = 5
    boredom_window: int = 5
    recent_clicks: int = 10

    def __post_init__(self) -> None:
        check_ranges(
            self,
            offset=(-10, 10),
            slope=(0, 1e6),
            alpha=(0, 1),
            click_propensity=(0, 1),
            diversity_penalty=(1, 1e6),
            omega=(0, 1),
        )
        check_sizes(self, diversity_threshold=(1, 10_000), boredom_threshold=(1, 10_000))
        check_sizes(self, boredom_window=(1, 10_000), recent_clicks=(1, 100))
        if self.rel_threshold is not None:
            check_ranges(self, rel_threshold=(-10, 10))
        check_choices(self, click_model=("tdPBM", "mixPBM"), boredom_type=("user_car", "user_tloi"))

    def relevance(self, score: Float) -> Float:
        """Relevance of items with these scores, in [0, 1]; shape kept."""
        if self.rel_threshold is not None:
            return (score > self.rel_threshold).astype(np.float32)
        odds = np.subtract(score, np.float32(self.offset), out=warm.like(score))
        odds *= np.float32(self.slope)
        return sigmoid(odds)

    def propensities(self, slate_size: int) -> Float:
        """Propensity times alpha of every rank, (slate_size,)."""
        downwards = self.click_propensity ** np.arange(slate_size)
        ranks = downwards if self.click_model == "tdPBM" else 0.5 * (downwards + downwards[::-1])
        return (self.alpha * ranks).astype(np.float32)


@dataclass(frozen=True)
class Published:
    """One published world: sizes and parameters.

    Attributes:
        num_items: Items of the catalogue.
        slate_size: Positions in a slate.
        horizon: Steps of an episode.
        config: The rest.
    """

    num_items: int
    slate_size: int
    horizon: int
    config: SardineConfig


def _single(**config: float) -> Published:
    return Published(1000, 1, 100, SardineConfig(**config))  # type: ignore[arg-type]


def _slates(**config: float) -> Published:
    return Published(1000, 10, 100, SardineConfig(**config))  # type: ignore[arg-type]


def _rerank(boredom_threshold: int) -> Published:
    config = SardineConfig(offset=0.3, slope=5.0, click_propensity=0.7, boredom_threshold=boredom_threshold)
    return Published(10, 10, 10, config)


PUBLISHED = {
    "SingleItem-Static": _single(boredom_threshold=11),  # more clicks than the log holds: nobody is ever bored
    "SingleItem-BoredInf": _single(omega=0.95),
    "SingleItem-Uncertain": _single(boredom_threshold=11, slope=10.0),
    "SlateTopK-Bored": _slates(),
    "SlateTopK-BoredInf": _slates(omega=0.95),
    "SlateTopK-Uncertain": _slates(omega=0.95, slope=10.0),
    "SlateRerank-Static": _rerank(boredom_threshold=11),
    "SlateRerank-Bored": _rerank(boredom_threshold=4),
}
"""The eight registered worlds of sardine-rec 1.0.8 (``sardine/__init__.py``) by name, without "-v0"."""

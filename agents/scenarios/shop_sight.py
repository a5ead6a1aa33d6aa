"""What a policy believes of a shop's customers: the truth, what counts of a log tell, or the persona alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.shop.customers import ShopState
from driftrec.simulators.shop.world import ShopWorld
from driftrec.simulators.vectors import Float

Knows = Literal["all", "usual thresholds", "counts", "persona"]
"""All; all but that everybody's threshold of wear is taken for the median; exact sums of what was shown, looked at and
bought here, with the persona's taste and the usual rates; or the persona alone, all else at what is usual."""

LEAD = 5.0
"""Days that a planner looks ahead in the needs."""


@dataclass(frozen=True)
class ShopSight:
    """Beliefs of some users, all (users, categories) unless said otherwise.

    Attributes:
        view: Log-odds of looking at every item alone at the top, (users, items).
        buy: Log-odds of buying it then, -inf of editorials, (users, items).
        urge: See ``ShopWorld.urge``.
        soon: The need that there will be in ``LEAD`` days, 0 to 1.
        wanted: Chance that there is a need at all.
        consideration: In [0, 1].
        wear: Offers shown, fading.
        threshold: At which wear mutes.
        satisfaction: In [0, 1], (users,).
    """

    view: Float
    buy: Float
    urge: Float
    soon: Float
    wanted: Float
    consideration: Float
    wear: Float
    threshold: Float
    satisfaction: Float


def sight_of(world: ShopWorld, state: ShopState, users: NDArray[np.intp], knows: Knows) -> ShopSight:
    """What is believed of ``users``, rows of ``state``."""
    truth = replace(
        state,
        persona=state.persona[users],
        clock=state.clock[users],
        bought=state.bought[users],
        **{name: getattr(state, name)[users] for name in _BELIEVED},
    )
    if knows == "usual thresholds":
        truth.threshold = np.full_like(truth.threshold, world.config.wear.threshold)
    elif knows != "all":
        _forget(world, truth, keep_counts=knows == "counts")
    wanted = (truth.rate > 0).astype(np.float32) if knows in ("all", "usual thresholds") else _usually_wanted(truth)
    return ShopSight(
        view=world.view_logits(truth),
        buy=world.buy_logits(truth),
        urge=world.urge(truth),
        soon=np.clip(truth.need + truth.rate * np.float32(LEAD * (1 + world.config.needs.durable)), 0, 1),
        wanted=wanted,
        consideration=truth.consideration,
        wear=truth.wear,
        threshold=truth.threshold,
        satisfaction=truth.satisfaction,
    )


_BELIEVED = (
    "taste",
    "liking",
    "rate",
    "threshold",
    "need",
    "call",
    "consideration",
    "wear",
    "muted",
    "satisfaction",
)


def _usually_wanted(state: ShopState) -> Float:
    return np.clip(state.rate / max(float(state.rate.max()), 1e-9), 0, 1)


def _forget(world: ShopWorld, state: ShopState, keep_counts: bool) -> None:
    """Replace what is hidden by what is usual, in place; with ``keep_counts`` what sums over a log tell stays."""
    config = world.config
    state.taste = world.personas.interest[state.persona]
    state.liking = state.taste @ world.centres.T
    state.satisfaction = np.full_like(state.satisfaction, 0.5)
    state.threshold = np.full_like(state.threshold, config.wear.threshold)
    rate = (1 - config.needs.never) / config.needs.period
    state.rate = np.full_like(state.rate, rate)
    state.need = np.full_like(state.need, (1 - config.needs.never) * (1 - config.needs.durable) / 2)
    if keep_counts:
        since = state.clock[:, :1] - state.bought
        known = np.minimum(since * (1 + config.needs.durable) / config.needs.period - config.needs.durable, 1)
        state.need = np.where(np.isfinite(since), known, state.need).astype(np.float32)
        state.muted = state.wear >= state.threshold
        return
    state.call = np.zeros_like(state.call)
    state.consideration = np.full_like(state.consideration, 0.3)
    state.wear = np.zeros_like(state.wear)
    state.muted = np.zeros_like(state.muted)

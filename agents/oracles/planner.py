"""Full-information policies: the best of the very next step, and of the long term, weights tuned by simulation.

What the planner trades are the mechanisms of News; another world's must weigh what matters there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import CANDIDATE_CELLS
from driftrec.agents.evaluation.play import mean_engagement
from driftrec.agents.oracles.cross_entropy import SAMPLES, cross_entropy, one_by_one
from driftrec.agents.oracles.told import Told, by_parts
from driftrec.agents.oracles.true_shortlist import TrueShortlist
from driftrec.agents.policy import LARGE, Observation, Slates
from driftrec.agents.ranker.slate_optimiser import optimal_slates
from driftrec.simulators import noise
from driftrec.simulators.catalogue import Catalogue
from driftrec.simulators.news import NewsState, NewsWorld
from driftrec.simulators.vectors import Double, Float
from driftrec.simulators.world import Appraisal, AppraisedWorld

START_SPREAD = np.array([2.0, 0.5, 0.5, 0.5])
"""Standard deviation of the first round's candidates around zero, in mean item lengths, by weight."""


@dataclass(frozen=True)
class PlannerWeights:
    """What an opened item is worth to the planner beyond its minutes, in minutes.

    Attributes:
        satisfaction: Per unit of (worth - satisfaction): what a lasting good impression brings later.
        opening: For opening anything at all, since a slate that opens nothing bores.
        freshness: Per unit of (1 - satiation with the topic), lost: what tiring the user of a fresh topic costs later.
        loyalty: Per unit of cosine with the user's long-term interest, to which interests return.
    """

    satisfaction: float = 0.0
    opening: float = 0.0
    freshness: float = 0.0
    loyalty: float = 0.0


class MyopicOracle(Told):
    """Shows the slate of highest expected engagement now, from the user's true state.

    Args:
        world: The world whose state ``see`` receives; its users choose by a multinomial logit.
        catalogue: Of a world that appraises some items alone, as News does: of a large one candidates are retrieved.
    """

    def __init__(self, world: AppraisedWorld[Any], catalogue: Catalogue | None = None) -> None:
        self.world = world
        self._shortlist: TrueShortlist | None = None  # all items are appraised
        if catalogue is not None and world.num_items > LARGE:
            self._shortlist = TrueShortlist(catalogue, world.slate_size, lambda *told: self._worth(*told)[:2])

    def act(self, observation: Observation) -> Slates:
        """Slates of the highest expected value, (users, slate_size)."""
        judged = self.world.num_items if self._shortlist is None else CANDIDATE_CELLS
        return by_parts(self._best, self.state, judged)

    def _best(self, state: Any) -> Slates:
        items = None if self._shortlist is None else self._shortlist.retrieve(state)
        attraction, value, view = self._worth(state, items)
        best = optimal_slates(attraction, value, view.no_click, view.positions)
        return best if items is None else np.take_along_axis(items, best, axis=1)

    def _worth(self, state: Any, items: NDArray[np.int64] | None) -> tuple[Float, Float, Appraisal]:
        """Attraction and value of the items (users, n), of all for None; and the appraisal that they are made of."""
        view = self._view(state, items)
        return view.attraction, view.engagement, view

    def _view(self, state: Any, items: NDArray[np.int64] | None) -> Any:
        """The appraisal of the items, of all for None."""
        world: Any = self.world
        return world.appraise(state) if items is None else world.appraise(state, items)


class Planner(MyopicOracle):
    """Like the myopic oracle, but an opened item is worth its minutes and what it does to the user's future.

    Args:
        world: The world whose state ``see`` receives.
        weights: Trade-offs, from ``tune_planner``.
    """

    world: NewsWorld

    def __init__(self, world: NewsWorld, weights: PlannerWeights) -> None:
        super().__init__(world, world.catalogue)
        self.weights = weights

    def _worth(self, state: NewsState, items: NDArray[np.int64] | None) -> tuple[Float, Float, Appraisal]:
        view, weights, latent = self._view(state, items), self.weights, self.world.catalogue.latent
        value = view.engagement + np.float32(weights.opening)
        value += weights.satisfaction * (view.worth - state.satisfaction[:, None])
        value -= weights.freshness * (np.float32(1.0) - view.satiation)
        if items is None:
            value += weights.loyalty * (state.home @ latent.T)
        else:
            value += weights.loyalty * np.matmul(latent[items], state.home[:, :, None])[..., 0]
        return view.attraction, value, view


def tune_planner(
    world: NewsWorld,
    *,
    seed: int,
    horizon: int = 200,
    num_users: int = 192,
    rounds: int = 5,
    samples: int = SAMPLES,
    report: Callable[[str], None] = lambda line: None,
) -> PlannerWeights:
    """Search the trade-off weights by simulation, see ``cross_entropy``.

    Every candidate meets the same users and noise. The first round starts at the myopic oracle, so that the result
    is never below it on the tuning users.

    Args:
        world: The world to plan in.
        seed: Source of users and candidates.
        horizon: Steps an episode.
        num_users: Users a candidate meets.
        rounds: Rounds of the search.
        samples: Candidates a round.
        report: Called with a line after every round.

    Returns:
        The best weights met.
    """
    users = noise.user_seeds(seed, "planner", num_users)

    def earned(weights: Double) -> float:
        return mean_engagement(world, Planner(world, PlannerWeights(*weights.tolist())), users, horizon)

    def tell(index: int, centre: Double, best: Double, most: float) -> None:
        found = asdict(PlannerWeights(*best.tolist()))
        report(f"planner, round {index + 1} of {rounds}: {most:.1f} {world.unit} with {found}")

    spread = START_SPREAD * float(world.catalogue.minutes.mean())
    rng = np.random.default_rng(seed)
    asked = one_by_one(earned)
    best = cross_entropy(asked, np.zeros(4), spread, rng=rng, rounds=rounds, samples=samples, report=tell)
    return PlannerWeights(*best.tolist())

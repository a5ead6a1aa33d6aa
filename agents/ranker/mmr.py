"""The learned myopic ranker with a push for diverse slates: Maximal Marginal Relevance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftrec.agents.baselines.common import TIE, centred_units, top_k
from driftrec.agents.policy import LARGE, Context, Observation, Slates, user_chunks
from driftrec.agents.ranker.items import READ
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.recall import Recall
from driftrec.simulators.offers import items_of
from driftrec.simulators.vectors import Float

CANDIDATES = 100
"""Items with the largest gains, among which a slate is picked."""

WEIGHT = 0.9
"""Weight of gain against diversity unless another is given."""


class MMR:
    """Picks item by item what is good and unlike what was picked already.

    Carbonell & Goldstein (1998), "The use of MMR, diversity-based reranking for reordering documents and producing
    summaries". With S the items picked so far, the next one is the candidate i that maximises

        weight * gain_i / gain_best - (1 - weight) * max_{j in S} cosine(i, j)

    The gain is the worth of a place in the slate, a_i (v_i - z), as the ranker judges it (see ``slate_optimiser``);
    dividing by the user's best makes it at most 1, as a cosine is. Candidates are the ``CANDIDATES`` items that gain
    most. Cosines are those of the text embeddings less the catalogue's mean. What was read lately comes last.

    The default is older than ``driftrec tune``: the best of its 25 trials in the default News world was not told apart
    from it on fresh users (results/news/tuning).

    Args:
        judge: A fitted ranker made ready to serve.
        context: What is known of the catalogue.
        weight: Trade-off, in [0, 1]. 1 shows the slates of ``Greedy``, 0 the item that gains most and whatever is
            least like the items before.

    Raises:
        ValueError: If ``weight`` is out of range.
    """

    def __init__(self, judge: Judge, context: Context, weight: float = WEIGHT) -> None:
        if not 0.0 <= weight <= 1.0:
            raise ValueError(f"weight is {weight}; it must be between 0 (diversity alone) and 1 (gain alone).")
        self.judge = judge
        self.weight = weight
        self._items = centred_units(context.item_embeddings, context.item_embeddings.mean(axis=0))
        self._slate_size = context.slate_size
        self._recall = Recall(judge, context.slate_size)
        self._pool = min(max(CANDIDATES, context.slate_size), context.num_choices)

    def reset(self, num_users: int, seed: int) -> None:
        """Forget all users; nothing is drawn."""
        self._recall.forget()

    def act(self, observation: Observation) -> Slates:
        """Slates in the order of picking, (users, slate_size)."""
        chunks = user_chunks(self._recall(observation), self.judge.count(observation))
        return np.concatenate([self._act(chunk) for chunk in chunks])

    def _act(self, observation: Observation) -> Slates:
        view = self.judge.view(observation)
        gains = view.gains
        candidates = top_k(gains, self._pool)  # (users, pool)
        merit = np.take_along_axis(gains, candidates, axis=1)
        merit *= self.weight / np.maximum(merit[:, :1], TIE)
        merit[np.take_along_axis(view.value, candidates, axis=1) == READ] = READ
        candidates = view.positions(candidates)
        items = items_of(observation, candidates)
        picks = diverse_slates(merit, items, self._items, 1.0 - self.weight, self._slate_size)
        return np.take_along_axis(candidates, picks, axis=1)


def diverse_slates(
    merit: Float, candidates: NDArray[np.int64], items: Float, penalty: float, slate_size: int
) -> NDArray[np.int64]:
    """Columns of the candidates picked one after the other, (users, slate_size).

    Args:
        merit: What each candidate is worth by itself, (users, pool); changed.
        candidates: Which items they are, (users, pool).
        items: Unit vectors of all items, (items, embedding).
        penalty: Weight of the largest cosine with an item picked before.
        slate_size: Items to pick, at most the pool.
    """
    users = np.arange(len(merit))
    picks = np.empty((len(merit), slate_size), np.int64)
    likeness = np.full(merit.shape, -1.0, np.float32)  # the least that a cosine can be: all alike at the first pick
    for place in range(slate_size):
        column = np.argmax(merit - np.float32(penalty) * likeness, axis=1)
        picks[:, place] = column
        merit[users, column] = -np.inf
        np.maximum(likeness, cosines(items, candidates[users, column], candidates), out=likeness)
    return picks


def cosines(items: Float, picked: NDArray[np.int64], candidates: NDArray[np.int64]) -> Float:
    """Inner products of every user's ``picked`` item (users,) with the ``candidates``, both (users, pool)."""
    if len(items) > LARGE:
        return np.einsum("ud,upd->up", items[picked], items[candidates])
    return np.take_along_axis(items[picked] @ items.T, candidates, axis=1)  # faster than gathering the vectors

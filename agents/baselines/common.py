"""What the baselines share: ranking without the already read, draws without repeats, centred embeddings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftrec.agents.policy import LARGE, Context, Observation, Slates
from driftrec.agents.retrieval.largest import largest
from driftrec.simulators.offers import OFFERED
from driftrec.simulators.vectors import Float, unit

Scores = NDArray[np.floating]
Scorer = Callable[[Observation, slice], Scores]
"""Called with some users' observation and the rows they stand in; returns scores, shape (users, items)."""

ItemScorer = Callable[[Observation, slice, Slates], Scores]
"""The same for some items of each user, (users, n), which are the third argument."""

CANDIDATE_CELLS = 100_000
"""Numbers a user that scoring candidates holds at a time, their vectors among them."""

CHUNK_CELLS = 8_000_000
"""Scores held at once by one array of baselines and oracles: 32 MB in float32, 64 MB in float64."""

WHOLE = 16_384
"""Items up to which inner products with all of them cost no more than finding candidates first."""

TIE = 1e-6
"""Size of the noise that breaks ties between float32 scores: above their rounding, below what matters."""


def top_k(scores: ArrayLike, k: int) -> NDArray[np.int64]:
    """Positions of the ``k`` highest scores, best first.

    Args:
        scores: Shape (..., items). Break ties beforehand: equal scores come in no promised order.
        k: At least 1.

    Returns:
        int64, shape (..., k).

    Raises:
        ValueError: If ``k`` is not between 1 and the number of items.
        UnrankedError: If a score is NaN.
    """
    scores = np.asarray(scores)
    check_scores(scores)
    if not 1 <= k <= scores.shape[-1]:
        raise ValueError(f"Cannot choose the best {k} of {scores.shape[-1]} items; k must be 1 to their number.")
    if scores.shape[-1] > LARGE:  # much faster there, but equal scores come in another order
        return largest(scores, k)
    cost = -scores
    best = np.argpartition(cost, k - 1, axis=-1)[..., :k]
    order = np.argsort(np.take_along_axis(cost, best, axis=-1), axis=-1)
    return np.take_along_axis(best, order, axis=-1).astype(np.int64, copy=False)


class UnrankedError(ValueError):
    """Scores hold NaN, which has no place among the others."""


def check_scores(scores: NDArray[np.floating], first: int = 0) -> None:
    """Raise UnrankedError naming the first score that is NaN; ``first`` is the row of the first user."""
    if scores.size and np.isnan(scores.max()):  # one pass: NaN is above all else
        user, *rest = np.argwhere(np.isnan(scores))[0]
        place = ", ".join(map(str, (user + first, *rest)))
        raise UnrankedError(f"The score at [{place}] (user, item) is NaN: items cannot be ranked. Has a fit diverged?")


def read_places(observation: Observation) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Users and the items that they read last, as far as the observation shows: an index into (users, items)."""
    read = observation["read_items"]
    users, slots = np.nonzero(read >= 0)
    return users, read[users, slots]


def held_rows(memory: NDArray[np.integer], items: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each of the items (users, n) is among the user's ``memory`` (users, slots), (users, n)."""
    found = np.zeros(items.shape, np.bool_)
    for slot in memory.T:
        found |= items == slot[:, None]
    return found


def row_chunks(users: int, num_items: int) -> Iterator[slice]:
    """Rows of the users in runs, in order, so that scoring ``num_items`` items for each run bounds memory."""
    size = max(1, CHUNK_CELLS // num_items)
    for start in range(0, users, size):
        yield slice(start, min(start + size, users))


def best_unread(score: Scorer, observation: Observation, num_items: int, k: int) -> Slates:
    """The ``k`` best items of every user, those read last at the end.

    An item read lately is shown again only when fewer than ``k`` others are left. Users are scored in chunks, so that
    memory does not grow with their number.

    Args:
        score: Gives the scores of a chunk of users; the result is changed in place.
        observation: Of all users.
        num_items: Items in the catalogue.
        k: Items to choose.

    Returns:
        int64, shape (users, k), best first; positions in the catalogue, or among what is on offer.
    """
    slates = np.empty((len(observation["persona"]), k), dtype=np.int64)
    for rows in row_chunks(len(slates), num_items):
        chunk = {name: value[rows] for name, value in observation.items()}
        scores = score(chunk, rows)
        check_scores(scores, rows.start)
        scores[read_places(chunk)] = -np.inf
        slates[rows] = top_k(on_offer(scores, chunk), k)
    return slates


def is_large(context: Context) -> bool:
    """Whether candidates are retrieved before they are judged: from more than ``LARGE`` items, all on offer."""
    return context.num_items > LARGE and not context.offered


def is_very_large(context: Context) -> bool:
    """The same where judging takes an inner product or two: from more than ``WHOLE`` items, all on offer."""
    return context.num_items > WHOLE and not context.offered


def best_retrieved(
    retrieve: Callable[[Observation, slice], Slates], score: ItemScorer, observation: Observation, k: int
) -> Slates:
    """``best_unread`` of candidates alone, of a large catalogue.

    Args:
        retrieve: Called with some users' observation and the rows they stand in; gives candidates, (users, n).
        score: Gives the scores of these; the result is changed in place.
        observation: Of all users.
        k: Items to choose.
    """
    slates = np.empty((len(observation["persona"]), k), dtype=np.int64)
    for rows in row_chunks(len(slates), CANDIDATE_CELLS):
        chunk = {name: value[rows] for name, value in observation.items()}
        items = retrieve(chunk, rows)
        scores = score(chunk, rows, items)
        check_scores(scores, rows.start)
        scores[held_rows(chunk["read_items"], items)] = -np.inf
        slates[rows] = np.take_along_axis(items, top_k(scores, k), axis=1)
    return slates


def on_offer(scores: Scores, observation: Observation) -> Scores:
    """Columns of what may be shown now, (users, choices), of ``scores`` of the whole catalogue, (users, items)."""
    offered = observation.get(OFFERED)
    return scores if offered is None else np.take_along_axis(scores, offered, axis=1)


def step_generator(seed: int, step: int) -> np.random.Generator:
    """The generator of one step.

    Drawn from with the users on the leading axis, it gives row ``i`` the same numbers however many rows
    follow, so that a user's slates do not depend on the size of the batch.
    """
    return np.random.default_rng([seed, step])


def draw_distinct(uniforms: NDArray[np.float64], num_items: int) -> Slates:
    """Ordered samples without replacement, every ordered sample equally likely.

    Pick ``p`` is drawn as a rank among the ``num_items - p`` items left, all equally likely; every earlier
    pick at or below it, taken in ascending order, moves it up by one.

    Args:
        uniforms: In [0, 1), one a pick, shape (users, picks).
        num_items: Items to pick from.

    Returns:
        int64, shape (users, picks), no repeats in a row.

    Raises:
        ValueError: If there are more picks than items.
    """
    num_picks = uniforms.shape[1]
    if num_picks > num_items:
        raise ValueError(f"Cannot draw {num_picks} distinct items of {num_items}; use a smaller slate_size.")
    picks = (uniforms * (num_items - np.arange(num_picks))).astype(np.int64)  # (users, picks)
    for p in range(1, num_picks):
        for earlier in np.sort(picks[:, :p], axis=1).T:
            picks[:, p] += picks[:, p] >= earlier
    return picks


def centred_units(embeddings: Float, mean: Float) -> Float:
    """Rows minus ``mean``, scaled to length 1; a row equal to the mean stays zero.

    Sentence embeddings share a large common part, which would make every two items look alike. With the
    catalogue's mean as ``mean``, the inner product of two results is a cosine of what sets them apart.

    Args:
        embeddings: Shape (rows, embedding).
        mean: Shape (embedding,).
    """
    return unit(embeddings - mean, floor=TIE)


def check_not_negative(name: str, value: float) -> None:
    """Raise ValueError unless ``value`` is finite and 0 or more."""
    if not 0.0 <= value < np.inf:
        raise ValueError(f"{name} is {value}; it must be 0 or more, and finite.")


def check_positive(name: str, value: float) -> None:
    """Raise ValueError unless ``value`` is finite and above 0."""
    if not 0.0 < value < np.inf:
        raise ValueError(f"{name} is {value}; it must be above 0, and finite.")

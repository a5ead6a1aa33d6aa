"""The one interface of everything that decides what to show: ``Policy``, and the ``Context`` it is built from.

A policy that is told the hidden truth is an ``Oracle``, and every table says so.

Imports of agents: none.
"""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators.shared import Shared

Observation = Mapping[str, NDArray[Any]]
"""A batch of observations, leading axis users; see ``driftrec.envs`` for keys, shapes and units."""

Slates = NDArray[np.int64]
"""Item positions, shape (users, slate_size)."""

LARGE = 2048
"""Items beyond which a catalogue is large: what costs by items is then done in another way, with the same results up to
rounding and the order of ties. The packaged news and the films are smaller: their recorded weights and slates stay.
"""

CHUNK_USERS = 1024
"""Users that are judged at once, of a large catalogue fewer: their arrays (users, items) are of at most 8 MB each."""


@dataclass(frozen=True)
class Context(Shared):
    """What a recommender knows before the first user arrives. Nothing here is hidden state.

    Worlds of features alone have no texts, see ``driftrec.agents.setup.context_of``.

    Attributes:
        slate_size: Positions in a slate.
        item_embeddings: Text embeddings of the items, float32 unit rows, shape (items, embedding); where there are
            none the items' features, or NaN where candidates come with every request.
        persona_embeddings: Text embeddings of the personas' self-descriptions, float32, (personas, embedding).
        item_minutes: Length of each item in minutes, float32, (items,); 1 where there are no texts.
        titles: Item titles.
        topics: Topic of every item as the catalogue has it, from 0, int64, (items,); None where there are none.
        withheld: True for items that must not be shown, bool, (items,); None where all may be.
        truth: Numbers of hidden truth in the observation, see ``ranker.true_state``; 0 for all but oracles.
        offered: How many items are on offer at a time, where observations tell which (``simulators.offers``) and slates
            hold positions among them; 0 where any item may be shown.
        texts: One or two sentences of every item, which may be empty; () where there are no texts.
        topic_names: Names of the topics that ``topics`` counts; () where there are none.
        personas: The personas' self-descriptions; () where there are none.
        newcomers: Items, the last ones, that came after the networks were trained: they are seen on the scale that the
            others set.
        hours: Hour of the calendar at which every item appears, float32, (items,); None where items have no dates.
            Where they have, observations tell the hour that it is, under "moment".
        period: Hours after which that calendar begins anew; 0 without one.
    """

    slate_size: int
    item_embeddings: NDArray[np.float32]  # (items, embedding)
    persona_embeddings: NDArray[np.float32]  # (personas, embedding)
    item_minutes: NDArray[np.float32]  # (items,)
    titles: tuple[str, ...]
    topics: NDArray[np.int64] | None = None  # (items,)
    withheld: NDArray[np.bool_] | None = None  # (items,)
    truth: int = 0
    offered: int = 0
    texts: tuple[str, ...] = ()
    topic_names: tuple[str, ...] = ()
    personas: tuple[str, ...] = ()
    newcomers: int = 0
    hours: NDArray[np.float32] | None = None  # (items,)
    period: float = 0.0

    @property
    def num_items(self) -> int:
        """Number of items."""
        return len(self.item_embeddings)

    @property
    def num_choices(self) -> int:
        """Items that a slate position can hold."""
        return self.offered or self.num_items


@runtime_checkable
class Policy(Protocol):
    """Chooses slates for many users at once. Built as ``PolicyClass(context)``.

    A policy that learns while it serves has one method more,
    ``update(observation, slates, clicks, engagement)``, called after every step with what was observed before the
    step, the slates shown, the clicks (bool, shape of the slates) and the engagement of each position, in the world's
    unit (float32, shape of the slates). Rows of users who are gone hold slates of -1 and no clicks.
    """

    def reset(self, num_users: int, seed: int) -> None:
        """Forget all users and start over with ``num_users`` new ones; all randomness comes from ``seed``."""
        ...

    def act(self, observation: Observation) -> Slates:
        """Choose a slate for every user, shape (users, slate_size), int64, no item twice in a slate."""
        ...


@runtime_checkable
class Oracle(Policy, Protocol):
    """A policy that is told what no recommender can know. Whatever has a method ``see`` is one.

    Its results show what could be had, not what can be: summaries and tables mark it.
    """

    def see(self, state: Any) -> None:
        """Be told the world's true state of all users, a copy; called before every ``act``."""
        ...


@runtime_checkable
class Stochastic(Policy, Protocol):
    """A policy that can say how likely it was to show what was shown. Whatever has a method ``propensity`` is one.

    Logs keep the numbers, and estimates from logs stand on them (``driftrec.agents.estimation``). Both methods may be
    asked of any slates, also of those of another policy, and change nothing that ``act`` does.
    """

    def propensity(self, observation: Observation, slates: Slates) -> NDArray[np.float64]:
        """Chance of every pick given those above it, (users, slate_size), in [0, 1]; a slate's own is their product.

        0 from the first pick on that the policy would not have made.
        """
        ...


@runtime_checkable
class Marginal(Stochastic, Protocol):
    """A policy that also knows the chance of an item at a position, whatever stands at the others."""

    def marginal(self, observation: Observation, slates: Slates) -> NDArray[np.float64]:
        """Chance that each position holds the item that it holds, (users, slate_size), in [0, 1]."""
        ...


class PolicyError(RuntimeError):
    """A policy failed in its own code. The message says where, the cause is the error itself."""


def failed(name: str, method: str, error: Exception) -> PolicyError:
    """The ``PolicyError`` of a policy that raised ``error``, in one line: method, file and line of its own code.

    The line is the innermost one that is neither ours nor a library's, or else the innermost.
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [(frame, line) for frame, line in frames if not _foreign(frame)] or frames
    where = f", {own[-1][0].f_code.co_filename}, line {own[-1][1]}" if own else ""
    text = " ".join(str(error).split())
    return PolicyError(f"Policy {name!r} failed in {method}(){where}: {type(error).__name__}: {text}")


def _foreign(frame: FrameType) -> bool:
    """Whether the code is a library's, Python's or driftrec's, in whose folder users' files may lie, too."""
    libraries = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))
    return frame.f_globals.get("__name__", "").startswith("driftrec.") or frame.f_code.co_filename.startswith(libraries)


def num_users(observation: Observation) -> int:
    """Users in a batch of observations."""
    return len(next(iter(observation.values())))


def user_chunks(observation: Observation, num_items: int) -> Iterator[dict[str, NDArray[Any]]]:
    """The observation in runs of users, in order, so that judging ``num_items`` items for them bounds memory."""
    size = max(1, CHUNK_USERS * LARGE // max(num_items, LARGE))
    for start in range(0, num_users(observation), size):
        yield {name: value[start : start + size] for name, value in observation.items()}

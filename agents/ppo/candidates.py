"""The candidate stage: a frozen ranker reads the user and keeps some items; the slate policy picks among them."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn
from torch import Tensor

from driftrec.agents.baselines.common import top_k
from driftrec.agents.policy import Observation, user_chunks
from driftrec.agents.ranker.items import READ
from driftrec.agents.ranker.judge import Judge, View
from driftrec.agents.ranker.pace import Pace
from driftrec.agents.ranker.recall import Recall
from driftrec.agents.retrieval.retriever import CANDIDATES
from driftrec.simulators.offers import OFFERED

BOUND = 1e4
"""Bound of states and predictions in the observation space."""

FLOOR = 1e-3
"""Smallest engagement before the logarithm."""

FORBIDDEN = np.float32(20.0)
"""What the score of a candidate loses that is not to be shown, so that a draw does not show it, either."""


class CandidateStage:
    """Turns an observation into what the slate policy sees: a state vector, candidates, and how they are judged.

    The candidates are the items that gain most in a slate, see ``Choice.gains``; of a larger catalogue with topics the
    best of every topic, as many of each as were found. The ranker runs once a request and the policy learns on top of
    it, so that gradients never pass through histories.

    Args:
        judge: A fitted ranker made ready to serve.
        size: Items to keep a request, at most.
        slate_size: Positions in a slate.
        pace: Prices of pages, by which candidates gain less where their topic had enough; none where None.

    Attributes:
        prices: See ``SlateHead``.
        slate_size: Positions in a slate.
        size: Candidates a request.
        columns: Of the items, (items, item_columns); None where candidates bring theirs along.
        topic_shape: See ``Ranker``.

    Raises:
        ValueError: If fewer items are kept than a slate has positions.
    """

    def __init__(self, judge: Judge, size: int, slate_size: int, pace: Pace | None = None) -> None:
        self.judge, self.slate_size, self._pace = judge, slate_size, pace
        size = size if judge.retriever is None else min(size, CANDIDATES)
        self.prices = (0.0, 0.0) if pace is None else (pace.weights.price, pace.weights.diversity)
        self._known: Tensor | None = judge.ranker.columns()  # of the catalogue
        self.columns = self._known if judge.items.listed else None
        self._topics = self._members(size)
        self.topic_shape = judge.ranker.topic_shape
        self._each = size // max(len(self._topics), 1)
        kept = sum(min(self._each, len(items)) for items in self._topics)
        self.size = kept if self._topics else min(judge.items.num_items, size)
        if self.size < slate_size:
            few = f", of which {self.size} are kept, as many of every topic" if self._topics else ""
            raise ValueError(f"PPOSettings.candidates is {size}{few}; a slate needs at least {slate_size}. Raise it.")

    def _members(self, size: int) -> list[NDArray[np.int64]]:
        """Items of every topic; none where the topics do not matter."""
        topics = self.judge.items.topics
        if not len(topics):
            return []
        if self.judge.items.num_items <= size:
            return []
        return [np.flatnonzero(topics == topic) for topic in np.unique(topics) if topic >= 0]

    def space(self) -> spaces.Dict:
        """Space of what comes out, for one user."""
        prices: tuple[str, ...] = ()
        if self._pace:
            prices = ("worth", "excess") if self._pace.loads.burden is None else ("worth", "excess", "burden")
        judged = ("score", "appeal", "engagement", *prices)
        parts: dict[str, spaces.Space[Any]] = {
            name: spaces.Box(-BOUND, BOUND, (self.size,), np.float32) for name in judged
        }
        if numbers := self.judge.ranker.past_numbers:
            parts["past"] = spaces.Box(-BOUND, BOUND, (self.size, numbers), np.float32)
        parts["state"] = spaces.Box(-BOUND, BOUND, (self.judge.ranker.width,), np.float32)
        parts["candidates"] = spaces.Box(0, 2**31 - 1, (self.size,), np.int32)
        if self.columns is None:
            width = self.judge.items.width if self._known is None else self._known.shape[1]
            parts["columns"] = spaces.Box(-BOUND, BOUND, (self.size, width), np.float32)
        return spaces.Dict(parts)

    def __call__(self, observation: Observation) -> dict[str, NDArray[Any]]:
        """What the slate policy sees of every user, leading axis users.

        "state" (users, state_dims); "candidates", what a slate position may hold, best first, and their "score",
        "appeal" and log "engagement", each (users, size); where items are opened again "past", as of ``Ranker.past``,
        (users, size, numbers); with prices also "worth" and "excess", as a ``Pace`` has
        them; where ``columns`` is None, theirs too, (users, size, item_columns).
        """
        parts = [self._see(chunk) for chunk in user_chunks(observation, self.judge.count(observation))]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _see(self, observation: Observation) -> dict[str, NDArray[Any]]:
        view = self.judge.view(observation)
        paced = {} if self._pace is None else self._paced(self._pace, view, observation)
        gains = paced.pop("gains", view.gains)
        kept = self._kept(gains, view.retrieved)
        judged = {
            "state": view.state,
            "score": self._scores(
                np.take_along_axis(gains, kept, axis=1), np.take_along_axis(view.value, kept, axis=1)
            ),
            **{name: np.take_along_axis(value, kept, axis=1) for name, value in paced.items()},
            "appeal": np.take_along_axis(view.appeal, kept, axis=1),
            "engagement": np.log(np.maximum(np.take_along_axis(view.engagement, kept, axis=1), FLOOR)),
        }
        if view.past is not None:
            judged["past"] = np.take_along_axis(view.past, kept[..., None], axis=1)
        kept = view.positions(kept)
        if self.columns is None:
            items = self.judge.items.of(observation, kept)
            judged["columns"] = (items if self._known is None else self._known[items]).numpy()
        bounded = {name: array.clip(-BOUND, BOUND) for name, array in judged.items()}
        return {**bounded, "candidates": kept.astype(np.int32)}

    def _paced(self, pace: Pace, view: View, observation: Observation) -> dict[str, NDArray[np.float32]]:
        """What a pace makes of the items of a view at the top of a slate, each (users, items)."""
        items: Any = slice(None) if view.retrieved is None else view.retrieved
        if OFFERED in observation:
            items = observation[OFFERED]
        topic = np.broadcast_to(pace.loads.topic[items], view.appeal.shape)
        excess = np.take_along_axis(pace.excess(observation, view), topic, axis=1)
        worth = pace.worth(view, topic)
        nothing = np.zeros_like(excess)
        gains = self.judge.ranker.choice.gains(view.appeal, worth - pace.price(excess, nothing))
        if pace.loads.burden is None:
            return {"worth": worth, "excess": excess, "gains": gains}
        burden = np.broadcast_to(pace.loads.burden[items], excess.shape)
        return {
            "worth": worth,
            "excess": excess,
            "burden": burden,
            "gains": gains - burden * pace.cost(excess, nothing),
        }

    def _scores(self, gains: NDArray[np.float32], value: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of candidates with these gains and values, (users, size)."""
        if not self.judge.items.once:
            return self.judge.ranker.choice.score(gains)
        forbidden = value <= READ
        scores: NDArray[np.float32] = self.judge.ranker.choice.score(_spared(gains, forbidden))
        scores[forbidden] -= FORBIDDEN
        return scores

    def _kept(self, gains: NDArray[np.float32], retrieved: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Columns of the items kept, best first, (users, size)."""
        if not self._topics:
            return top_k(gains, self.size)
        if retrieved is not None:
            return best_of_topics(gains, self.judge.items.topics[retrieved], self._each, self.size)
        best = [items[top_k(gains[:, items], min(self._each, len(items)))] for items in self._topics]
        kept = np.concatenate(best, axis=1)
        order = np.argsort(-np.take_along_axis(gains, kept, axis=1), axis=1, kind="stable")
        return np.take_along_axis(kept, order, axis=1)


def _spared(gains: NDArray[np.float32], forbidden: NDArray[np.bool_]) -> NDArray[np.float32]:
    """With minus the best's for what is not to be shown: far below 0, it would make all others look alike."""
    return np.where(forbidden, -np.abs(gains[:, :1]), gains)


def best_of_topics(gains: NDArray[np.float32], topic: NDArray[np.int64], each: int, size: int) -> NDArray[np.int64]:
    """Columns of the best items of every topic and, where topics have fewer, of the best others, (users, size).

    Args:
        gains: Of items, (users, items); the best come first.
        topic: Of the same, which may be other items for every user.
        each: Items of a topic.
        size: Items in all.
    """
    order = np.argsort(-gains, axis=1, kind="stable")
    ranked = np.take_along_axis(topic, order, axis=1)
    wanted = np.zeros(ranked.shape, np.bool_)
    for name in np.unique(topic):
        members = ranked == name
        wanted |= members & (members.cumsum(axis=1) <= each)
    places = np.argsort(~wanted, axis=1, kind="stable")[:, :size]
    return np.take_along_axis(order, np.sort(places, axis=1), axis=1)


class CandidateVecEnv(VecEnvWrapper):
    """A ``VecEnv`` whose observations are the candidate stage's and whose actions are positions among the candidates.

    Args:
        venv: The environments; actions are item positions.
        stage: Chooses the candidates.
        bootstrap: Whether an episode that the horizon cuts short is told apart from one that ends, as learners that
            let values stand for the rest want it.
    """

    CHANGING = ("_recall", "_candidates")
    """Attributes that change while lanes are served."""

    def __init__(self, venv: VecEnv, stage: CandidateStage, bootstrap: bool = True) -> None:
        slate_size = len(venv.action_space.nvec)  # type: ignore[attr-defined]
        super().__init__(venv, stage.space(), spaces.MultiDiscrete([stage.size] * slate_size))
        self.stage, self._bootstrap = stage, bootstrap
        self._recall = Recall(stage.judge, slate_size)
        self._candidates: NDArray[np.int32] | None = None

    def reset(self) -> dict[str, NDArray[Any]]:
        """Reset all lanes."""
        return self._staged(self.venv.reset())

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Translate positions among the candidates to items and step."""
        if self._candidates is None:
            raise RuntimeError("step was called before reset(); there are no candidates yet.")
        self.venv.step_async(np.take_along_axis(self._candidates, actions, axis=1))

    def step_wait(self) -> VecEnvStepReturn:
        """Step and find the new candidates; a terminal observation gets its own."""
        observation, rewards, dones, infos = self.venv.step_wait()
        ended = np.flatnonzero(dones)
        if ended.size:
            last = [infos[lane]["terminal_observation"] for lane in ended]
            seen = {name: np.stack([row[name] for row in last]) for name in last[0]}
            batch = self.stage(self._recall.last(seen, ended))
            for row, lane in enumerate(ended):
                infos[lane]["terminal_observation"] = {name: value[row] for name, value in batch.items()}
                infos[lane]["TimeLimit.truncated"] &= self._bootstrap
        return self._staged(observation), rewards, dones, infos

    def _staged(self, observation: Any) -> dict[str, NDArray[Any]]:
        staged = self.stage(self._recall(observation))
        self._candidates = staged["candidates"]
        return staged

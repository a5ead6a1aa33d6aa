"""RecSim's interest evolution: users with a budget of time, whose interests move with what they watch.

Source: recsim/environments/interest_evolution.py of google-research/recsim at 55e50e4, ``create_environment``
(Ie et al., 2019, arXiv:1909.04847); the world of the SlateQ paper (Ie et al., 2019, arXiv:1905.12767).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftrec.simulators import noise, warm
from driftrec.simulators.published.recsim_choice import ChoiceModel, MultinomialProportional
from driftrec.simulators.published.recsim_slates import Response, appraised, check_flags, no_response
from driftrec.simulators.ranges import check_ranges
from driftrec.simulators.settings import updated
from driftrec.simulators.sizes import check_sizes, size
from driftrec.simulators.slates import at_slates
from driftrec.simulators.vectors import Float, unit
from driftrec.simulators.world import Appraisal, Feedback, Field

PUBLISHED_CHOICE = MultinomialProportional(min_normalizer=-1.0, no_click_mass=1.0)
"""The weight of item i is u_c + 1, that of no click 2."""


@dataclass(frozen=True)
class InterestEvolutionConfig:
    """The published parameters.

    Attributes:
        num_topics: Topics, in [2, 1000].
        low_quality_topics: The first topics, whose mean qualities rise evenly from ``worst_quality`` to 0; those of
            the others rise from 0 to ``best_quality``. In [1, num_topics - 1].
        worst_quality: In [-100, 0].
        best_quality: In [0, 100].
        quality_stddev: Standard deviation of an item's quality around its topic's mean. In [0, 10].
        video_length: Minutes that a click costs and earns. In [0.01, 1e4].
        time_budget: Minutes at the start. In [0.01, 1e4].
        step_penalty: Minutes that a step without a click costs. In [0, 1e4].
        user_update_alpha: Minutes won back per minute watched and unit of utility. In [0, 100].
        user_quality_factor: Weight of the user's interest in the utility of an item; published as 0. In [-10, 10].
        document_quality_factor: Weight of the item's quality in its utility. In [-10, 10].
        interest_step: Size of the step of an interest that is 0. In [0, 1].
    """

    num_topics: int = 20
    low_quality_topics: int = 14
    worst_quality: float = -3.0
    best_quality: float = 3.0
    quality_stddev: float = 0.1
    video_length: float = 4.0
    time_budget: float = 200.0
    step_penalty: float = 0.5
    user_update_alpha: float = 0.9 / 3.4
    user_quality_factor: float = 0.0
    document_quality_factor: float = 1.0
    interest_step: float = 0.3

    def __post_init__(self) -> None:
        check_sizes(self, num_topics=(2, 1000))
        check_sizes(self, low_quality_topics=(1, self.num_topics - 1))
        check_ranges(self, worst_quality=(-100, 0), best_quality=(0, 100), quality_stddev=(0, 10))
        check_ranges(self, video_length=(1e-2, 1e4), time_budget=(1e-2, 1e4), step_penalty=(0, 1e4))
        check_ranges(self, user_update_alpha=(0, 100), interest_step=(0, 1))
        check_ranges(self, user_quality_factor=(-10, 10), document_quality_factor=(-10, 10))

    def topic_quality(self) -> Float:
        """Mean quality of every topic, shape (num_topics,)."""
        low = np.linspace(self.worst_quality, 0.0, self.low_quality_topics)
        high = np.linspace(0.0, self.best_quality, self.num_topics - self.low_quality_topics)
        return np.concatenate((low, high)).astype(np.float32)

    @property
    def quality_range(self) -> tuple[float, float]:
        """Lowest and highest quality that can be drawn."""
        spread = noise.WIDEST * self.quality_stddev
        return self.worst_quality - spread, self.best_quality + spread


@dataclass
class InterestEvolutionState:
    """All there is to know about a batch of users; leading axis users."""

    keys: NDArray[np.uint64]  # (users,)
    step: NDArray[np.int64]  # (users,)
    interests: Float  # (users, topics) in [-1, 1]
    budget: Float  # (users,) minutes
    topic: NDArray[np.int64]  # (users, candidates)
    quality: Float  # (users, candidates)
    response: Response
    gone: NDArray[np.bool_]  # (users,)


class InterestEvolutionWorld:
    """Interest evolution as a batched world (see ``driftrec.simulators.world.World``).

    A user has interests u ~ Uniform(-1, 1) in each topic and a budget of b = 200 minutes. Every step brings new
    candidates: topic c uniform, quality q ~ N(mean of c, 0.1), features the one-hot of c. The candidate i is clicked
    with weight u_c + 1, nothing with weight 2. A click

        earns   w = min(b, 4)                                    minutes,
        moves   u_c by +step with chance (u_c + 1) / 2, else by -step,  step = 0.3 (1 - |u_c|) (1 - u_c),
                cut to [-1, 1],
        costs   b <- b - w + 0.2647 w (0 * u_c + 1 * q),  with u_c before the move;

    no click costs 0.5. A user whose budget is spent has left. A repeat in a slate is shown twice, with twice the
    weight. Candidates are the user's own: the same user meets the same ones under every policy.

    Published faults:
        * The observation held the live array of interests, so that it changed after it was given. Ours is a copy,
          always: the contract.
        * Choices and interests drew from the global ``np.random``, whatever the seed. All draws come from the seed.
        * The SlateQ paper gives the step as -0.3 (1 - |u_c|) u_c instead: an interest moves between 0 and the
          extreme of its own side (read in a public re-implementation from the paper). ``corrected=True`` takes it.
        * The weight of the user's interest in the utility is 0, so that expected utility counts for nothing, and
          the response's ``liked`` was never set. The one is the parameter ``user_quality_factor``, the other is
          left out.

    Args:
        slate_size: Positions in a slate, at least 1.
        num_candidates: Candidates in every step, at least 1.
        resample_documents: Draw new candidates in every step; with False the first ones stay to the end.
        corrected: Take the interest step of the paper.
        choice: How users pick from a slate; scores are interests in [-1, 1].
        config: Changes to ``InterestEvolutionConfig`` by name.

    Raises:
        TypeError: If a size is not whole, a flag not True or False, or a setting not a number.
        ValueError: If a size or a setting is out of range or unknown, or the choice does not fit the scores.
    """

    catalogue = personas = item_features = None  # candidates are drawn for every request
    one_click = True  # of a slate at most
    unit = "minutes"
    topics: Mapping[str, Float] = {}

    def __init__(
        self,
        slate_size: int = 2,
        num_candidates: int = 10,
        resample_documents: bool = True,
        corrected: bool = False,
        choice: ChoiceModel = PUBLISHED_CHOICE,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        check_flags(resample_documents=resample_documents, corrected=corrected)
        choice.check_scores(-1.0, 1.0)
        self.config = updated(InterestEvolutionConfig(), {} if config is None else config)
        self.slate_size = size("slate_size", slate_size)  # may be above the candidates: repeats are allowed
        self.num_items = size("num_candidates", num_candidates)
        self.resample_documents = resample_documents
        self.corrected = corrected
        self.choice = choice
        self._topic_quality = self.config.topic_quality()
        self._one_hot = np.eye(self.config.num_topics, dtype=np.float32)
        self._pairs = -(-self.num_items // 2)  # words that hold one draw a candidate
        self._births = -(-self.config.num_topics // 2)
        self._width = 1 + 2 * self._pairs + self._births  # choice, topics, qualities; at birth only, interests

    @property
    def settled(self) -> Mapping[str, Any]:
        """Arguments of its environment, see ``World``."""
        return {"config": asdict(self.config)}

    @property
    def fields(self) -> Mapping[str, Field]:
        """Shape, type and range of every observation field."""
        topics, slate = self.config.num_topics, (self.slate_size,)
        lowest, highest = self.config.quality_range
        return {
            "user": Field((topics,), np.float32, -1, 1),
            "candidates": Field((self.num_items, topics), np.float32, 0, 1),
            "clicked": Field(slate, np.int8, 0, 1),
            "watch_time": Field(slate, np.float32, 0, self.config.video_length),
            "quality": Field(slate, np.float32, lowest, highest),
            "cluster": Field(slate, np.int32, -1, topics - 1),
        }

    def reset(self, seeds: NDArray[np.uint64]) -> InterestEvolutionState:
        """New users, one a seed, with a full budget and their first candidates."""
        n, topics = len(seeds), self.config.num_topics
        keys = noise.stream_keys(np.asarray(seeds, np.uint64))
        step = np.zeros(n, np.int64)
        born = noise.uniform_pairs(noise.rows(keys, step, self._width, self._width - self._births, self._births))
        interests = np.float32(2.0) * born[:, :topics] - np.float32(1.0)
        topic, quality = self._candidates(noise.rows(keys, step, self._width, 1, 2 * self._pairs))
        return InterestEvolutionState(
            keys=keys,
            step=step,
            interests=np.ascontiguousarray(interests),
            budget=np.full(n, self.config.time_budget, np.float32),
            topic=topic,
            quality=quality,
            response=no_response(n, self.slate_size),
            gone=np.zeros(n, np.bool_),
        )

    def step(self, state: InterestEvolutionState, slates: NDArray[np.int64]) -> Feedback:
        """Show one slate a user, who clicks, pays and moves; then come the next candidates."""
        state.step += 1
        words = noise.rows(state.keys, state.step, self._width, 0, 1 + 2 * self._pairs * self.resample_documents)
        by_position = warm.copy(slates.T)  # (slate_size, users): numpy's inner loops run over users
        topic, quality = at_slates(state.topic, by_position), at_slates(state.quality, by_position)
        position = self.choice.choose(at_slates(state.interests, topic), noise.uniform(words[:, 0]))
        position[state.gone] = -1
        users = np.flatnonzero(position >= 0)
        places = position[users], users
        minutes = self._watch(state, users, topic[places], quality[places], noise.uniform_low(words[users, 0]))
        left = ~state.gone & (state.budget <= 0)
        state.response = Response.of(places, minutes, quality, topic, state.gone)
        if self.resample_documents:
            self._renew(state, words[:, 1:])
        state.gone = state.gone | left
        return state.response.feedback(left)

    def observe(self, state: InterestEvolutionState) -> dict[str, NDArray[Any]]:
        """Interests, topics of the candidates as one-hots, response to the last slate: copies, see ``fields``."""
        return {
            "user": warm.copy(state.interests),
            "candidates": warm.take(self._one_hot, state.topic),
            **state.response.observe("watch_time"),
        }

    def reveal(self, state: InterestEvolutionState) -> dict[str, NDArray[Any]]:
        """Copies of the truth.

        Returns:
            "interest" (users, topics), unit vectors; "interests", the same unscaled, in [-1, 1]; "budget" (users,),
            minutes; "candidate_quality" (users, candidates).
        """
        return {
            "interest": unit(state.interests),
            "interests": warm.copy(state.interests),
            "budget": state.budget.copy(),
            "candidate_quality": warm.copy(state.quality),
        }

    def appraise(self, state: InterestEvolutionState) -> Appraisal:
        """Weight of every candidate and the minutes that a click earns; needs a choice by weights (TypeError)."""
        engagement = np.broadcast_to(self._minutes(state.budget)[:, None], state.topic.shape)
        return appraised(self.choice, self._affinity(state), engagement, self.slate_size)

    def expected_engagement(self, state: InterestEvolutionState) -> Float:
        """Expected minutes of every candidate if it were shown alone, (users, candidates)."""
        return self.choice.alone(self._affinity(state)) * self._minutes(state.budget)[:, None]

    def budget_change(self, state: InterestEvolutionState) -> Float:
        """Minutes that a click on every candidate adds to the budget, mostly below 0, (users, candidates)."""
        return self._change(self._minutes(state.budget)[:, None], self._affinity(state), state.quality)

    def check_ends(self) -> None:
        """Raise ValueError if nothing that can happen lowers a budget.

        Where anything is clicked at all, episodes can end: some topic's mean utility is 0 or less, and a click there
        costs what it earns or more.
        """
        budget, penalty = np.float32(self.config.time_budget), np.float32(self.config.step_penalty)
        clicked = float(self.choice.alone(np.ones((), np.float32))) >= noise.SMALLEST_CHANCE
        if budget - penalty == budget and not clicked:
            raise ValueError(
                f"No episode could ever end: horizon is None, nothing is ever clicked with {self.choice}, and a step "
                f"without a click, at step_penalty {penalty:g}, does not lower the budget. Set a horizon, a higher "
                "step_penalty or another choice."
            )

    def _candidates(self, words: NDArray[np.uint64]) -> tuple[NDArray[np.int64], Float]:
        """Topics and qualities, both (users, candidates), from ``2 * self._pairs`` words a user."""
        uniform = noise.uniform_pairs(warm.copy(words[:, : self._pairs]))[:, : self.num_items]
        topic = warm.cast(warm.scaled(uniform, self.config.num_topics), np.int64)
        quality = warm.scaled(
            noise.normal_pairs(words[:, self._pairs :])[:, : self.num_items], self.config.quality_stddev
        )
        quality += warm.take(self._topic_quality, topic)
        return topic, quality

    def _renew(self, state: InterestEvolutionState, words: NDArray[np.uint64]) -> None:
        """New candidates for all who have not left before this step."""
        topic, quality = self._candidates(words)
        gone = np.flatnonzero(state.gone)
        topic[gone], quality[gone] = state.topic[gone], state.quality[gone]
        state.topic, state.quality = topic, quality

    def _watch(
        self,
        state: InterestEvolutionState,
        users: NDArray[np.int64],
        topic: NDArray[np.int64],
        quality: Float,
        draw: Float,
    ) -> Float:
        """Let ``users`` watch what they clicked and everyone else pay for having seen nothing; the minutes."""
        config = self.config
        interest = state.interests[users, topic]
        minutes = self._minutes(state.budget[users])
        change = np.where(state.gone, np.float32(0.0), np.float32(-config.step_penalty))
        change[users] = self._change(minutes, interest, quality)
        state.budget = state.budget + change
        state.interests[users, topic] = self._moved(interest, draw)
        return minutes

    def _change(self, minutes: Float, interest: Float, quality: Float) -> Float:
        """Minutes that watching ``minutes`` of an item adds to the budget; shapes that broadcast."""
        config = self.config
        utility = config.user_quality_factor * interest + config.document_quality_factor * quality
        return config.user_update_alpha * minutes * utility - minutes

    def _moved(self, interest: Float, draw: Float) -> Float:
        """Interest in the topic just watched, afterwards."""
        towards = -interest if self.corrected else np.float32(1.0) - interest
        step = np.float32(self.config.interest_step) * (np.float32(1.0) - np.abs(interest)) * towards
        up = draw < np.float32(0.5) * (interest + np.float32(1.0))
        return np.clip(np.where(up, interest + step, interest - step), np.float32(-1.0), np.float32(1.0))

    def _minutes(self, budget: Float) -> Float:
        """What a click earns: what is left, at most the length of a video. Shape kept."""
        return np.clip(budget, np.float32(0.0), np.float32(self.config.video_length))

    def _affinity(self, state: InterestEvolutionState) -> Float:
        """Interest in the topic of every candidate, (users, candidates)."""
        return np.take_along_axis(state.interests, state.topic, axis=1)

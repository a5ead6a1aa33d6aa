"""A network that predicts from texts, what a user would open from a slate, and how much engagement follows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from driftrec.agents.beliefs.carrying import carry, told_of_log
from driftrec.agents.beliefs.fit_belief import fit_belief
from driftrec.agents.beliefs.song_belief import TOLD_OF_ITEM, SongBelief
from driftrec.agents.beliefs.timeliness import Timeliness
from driftrec.agents.beliefs.topic_belief import BELIEF, TOLD, TopicBelief
from driftrec.agents.encoders.item_memory import NUMBERS, ItemMemory
from driftrec.agents.encoders.item_tables import Representation, Table, item_table, persona_table
from driftrec.agents.encoders.log_readers import StepReader
from driftrec.agents.encoders.state_encoder import StateEncoder
from driftrec.agents.encoders.topic_memory import TopicMemory
from driftrec.agents.encoders.true_state import ToldState, TrueState
from driftrec.agents.encoders.user_state import ENCODERS, EncoderName, LogState, check_encoder
from driftrec.agents.encoders.user_text import UserText, UserWords
from driftrec.agents.networks.item_vectors import ItemVectors
from driftrec.agents.policy import Context
from driftrec.agents.ranker.choice import Choice, OneOfMany
from driftrec.agents.ranker.protocol import Logs, Scores
from driftrec.simulators.offers import MOMENT

OWN_PENALTY = 1e-4
"""Weight of the squares of what is an item's own: text explains what it can, and the rest is left to e."""


class TextRanker(ItemVectors):
    """State encoder and item vectors; inner products of the two give appeal and engagement.

        appeal_i = <q(s), v_i> + a_i + q_t(s) - n(s)   n(s) is the logit of opening nothing
        engagement_i = length_i * sigmoid(<r(s), v_i> + b_i + r_t(s))

    with v_i, a_i and b_i as of ``ItemVectors``, q_t and r_t of the item's topic, see ``TopicMemory``. To appeal comes
    what the past with the item adds where it is opened again, see ``ItemMemory``, and what the moment does where items
    have dates, see ``Timeliness``.

    Args:
        context: What is known of items and personas.
        representation: What stands for items and personas.
        seed: Seed of the weights.
        dims: Length of the item vectors v.
        choice: How users choose; one item at most, with a learned weight of every position, when omitted.
        words: The user in words besides, see ``UserText``; none when omitted.
        encoder: How the user is read, see ``EncoderName``; the true state is read by ``TrueState``.
        told: What an encoder is to guess of the hidden truth, see ``ToldState``; nothing when omitted.
        repeats: Whether items are opened again and again, so that a user's past with an item counts.
        burden: What showing each item adds to the load of its topic, see ``TopicBelief``.
        by_topic: Fields of the observation that count something by topic.
        belief_steps: Gradients on what is believed, before every fit; the usual number when omitted.

    Raises:
        ValueError: If the representation or the encoder is unknown, or beliefs are asked for where at most one item is
            opened.
    """

    def __init__(
        self,
        context: Context,
        representation: Representation,
        seed: int,
        dims: int = 48,
        choice: Choice | None = None,
        words: UserWords | None = None,
        encoder: EncoderName = "fading",
        told: Mapping[str, int] | None = None,
        repeats: bool = False,
        burden: NDArray[np.float32] | None = None,
        by_topic: tuple[str, ...] = (),
        belief_steps: int | None = None,
    ) -> None:
        super().__init__()
        check_encoder(encoder)
        self.choice = choice or OneOfMany(context.slate_size)
        _check_opened(encoder, self.choice)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.items = item_table(context, representation, seed)
            personas = persona_table(context, representation, seed)
            topics = np.zeros(context.num_items, np.int64) if context.topics is None else context.topics
            self.encoder: StateEncoder | LogState | TrueState | ToldState = (
                TrueState(context.truth)
                if context.truth
                else ENCODERS[encoder](self.items, personas, context.slate_size)
            )
            if told is not None:
                self.encoder = ToldState(self.encoder, TopicMemory(topics, personas), told)
            self._lay_out(context, dims)
            self.query = nn.Linear(self.encoder.state_dims, 2 * dims)
            self.no_click = nn.Linear(self.encoder.state_dims, 1)
            believing = encoder == "belief"
            self.belief = self._believes(context, topics, personas, repeats, burden) if believing else None
            self.believes, self._fields = self.belief is not None, by_topic
            beside = len(by_topic) + (len(TOLD) if self.believes else 0)
            self.by_topic = TopicMemory(topics, personas, beside=beside)
            self.topic_shape = self.by_topic.shape[0], self.by_topic.shape[1] + beside
            self.topic_shift = nn.Linear(self.topic_shape[1], 2)
            if beside:
                nn.init.zeros_(self.topic_shift.weight[:, -beside:])
            if self.believes:
                nn.init.ones_(self.topic_shift.weight[0, -len(TOLD)])  # log-odds are what appeal is made of
            self.user_text = None if words is None else UserText(words, self.encoder.state_dims)
            self.memory, self.of_item = self._of_past(repeats)
            self.timeliness = _timeliness(context, topics)
        for name, parameter in self.choice.shared().items():
            self.register_parameter(name, parameter)
        self._seed, self.belief_steps = seed, belief_steps
        self.width = self.encoder.state_dims + math.prod(self.topic_shape)

    def _believes(
        self,
        context: Context,
        topics: NDArray[np.int64],
        personas: Table,
        repeats: bool,
        burden: NDArray[np.float32] | None,
    ) -> TopicBelief:
        """Vectors that are learned say nothing beforehand, and would move under beliefs that stand."""
        items, people = (
            torch.zeros(len(table.rows), 1) if table.learned else table.rows for table in (self.items, personas)
        )
        if repeats:
            return SongBelief(topics, items, people, context.slate_size)
        weighs = None if burden is None else torch.from_numpy(burden.copy())
        told: Any = {"burden": weighs, "timely": _timeliness(context, topics)}
        return TopicBelief(topics, items, people, context.slate_size, **told)

    def _of_past(self, repeats: bool) -> tuple[ItemMemory | None, nn.Linear | None]:
        """What reads a user's past with an item, and what is believed of it; None where it makes no difference."""
        if not repeats:
            return None, None
        memory, self.past_numbers = ItemMemory(), NUMBERS
        if not self.believes:
            return memory, None
        believed = nn.Linear(len(TOLD_OF_ITEM), 1, bias=False)
        believed.weight.data.copy_(torch.tensor([[1.0, 1.0, 0.0, 0.0]]))  # log-odds, as with topics
        self.past_numbers, self.wears = NUMBERS + len(TOLD_OF_ITEM), True
        return memory, believed

    def state(self, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors, and those of the topics, (users, width)."""
        observation = self.read(observation)
        told, observation = self._in_words(observation)
        return self._joined(self.encoder(observation), told, observation)

    def read(self, observation: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The observation and, unless they are there, beliefs of the users."""
        if self.belief is None or BELIEF in observation:
            return observation
        return {**observation, **self.belief.asked(observation)}

    def _in_words(self, observation: Mapping[str, Tensor]) -> tuple[Tensor | None, Mapping[str, Tensor]]:
        """What the user in words adds to the encoder's state, and what of the observation the others may read."""
        return (None, observation) if self.user_text is None else self.user_text(observation)

    def _joined(self, own: Tensor, told: Tensor | None, observation: Mapping[str, Tensor]) -> Tensor:
        """State vectors of the parts, (users, width)."""
        beside = self._beside(observation)
        topics = self.by_topic(observation, beside)
        topics = topics if beside is None else torch.cat([topics, beside], dim=2)
        return torch.cat([own if told is None else own + told, topics.flatten(1)], dim=1)

    def _beside(self, observation: Mapping[str, Tensor]) -> Tensor | None:
        """What observations count by topic, in logarithms, and what is believed, (users, topics, numbers)."""
        counted = [torch.log1p(observation[name].float())[..., None] for name in self._fields]
        parts = [*counted, observation[BELIEF]] if self.believes else counted
        return torch.cat(parts, dim=2) if parts else None

    def _queries(self, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of appeal and of stay, (users, dims + topics) each; and the logit of opening nothing, (users, 1)."""
        own, topics = state.tensor_split([self.encoder.state_dims], dim=1)
        shift = self.topic_shift(topics.unflatten(1, self.topic_shape)).transpose(1, 2)  # (users, 2, topics)
        appeal, stay = torch.cat([self.query(own).unflatten(1, (2, -1)), shift], dim=2).unbind(dim=1)
        return appeal, stay, self.no_click(own)

    def scores(self, state: Tensor, shown: Tensor | None) -> Scores:
        """Predictions for items, ``shown`` as positions (users, n), or (n,) for all users; None for all items."""
        appeal, stay, no_click = self._queries(state)
        raw = self._scored(appeal, stay, shown)
        return Scores(raw.appeal.sub_(no_click).add_(self.choice.examination()[0]), raw.engagement)

    def past(self, observation: Mapping[str, Tensor], shown: Tensor | None) -> Tensor | None:
        """See ``ItemMemory`` and, with beliefs, ``SongBelief.of_items``; None where nothing is opened twice."""
        if self.memory is None:
            return None
        if shown is None or shown.ndim == 1:
            every = self._past(observation, None)
            return every if shown is None else every[:, shown]
        return self._past(observation, shown)

    def _past(self, observation: Mapping[str, Tensor], shown: Tensor | None) -> Tensor:
        assert self.memory is not None
        memory = self.memory
        counts = memory.of_all(observation, len(self.own)) if shown is None else memory.of(observation, shown)
        if self.of_item is None:
            return counts
        assert isinstance(self.belief, SongBelief)
        return torch.cat([counts, self.belief.of_items(self.read(observation), shown)], dim=2)

    def again(self, past: Tensor) -> Tensor:
        """What it adds to appeal, (users, items)."""
        assert self.memory is not None
        added = self.memory.serving(past[..., :NUMBERS])
        return added if self.of_item is None else added + self.of_item(past[..., NUMBERS:])[..., 0]

    def timely(self, observation: Mapping[str, Tensor], shown: Tensor | None) -> Tensor | None:
        """See ``Timeliness``; None where items have no dates."""
        if self.timeliness is None:
            return None
        moment = observation[MOMENT]
        items = torch.arange(len(self.own), device=moment.device) if shown is None else shown
        added: Tensor = self.timeliness(moment, items if items.ndim == 2 else items.expand(len(moment), -1))
        return added

    def search_queries(self, state: Tensor, slopes: Tensor) -> Tensor:
        """What ``search_keys`` are multiplied with, see the same, (users, dims + topics + 4)."""
        appeal, stay, _ = self._queries(state)
        return torch.cat([slopes[:, :1] * appeal + slopes[:, 1:2] * stay, slopes], dim=1)

    def remember(self, observation: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All of the observations: the encoder learns."""
        return dict(observation)

    def believed(self, state: Tensor) -> Tensor | None:
        """What is believed of topics by ``TopicBelief.told``, of a state, (users, topics, numbers); None without."""
        if self.belief is None:
            return None
        topics = state[:, self.encoder.state_dims :].unflatten(1, self.topic_shape)
        return topics[..., -len(TOLD) :]

    def carry(
        self, observation: Mapping[str, Tensor], before: Mapping[str, Tensor] | None
    ) -> tuple[Mapping[str, Tensor], Mapping[str, Tensor]] | None:
        """Beliefs of users, and what a recurrent encoder made of them, see ``Ranker``."""
        kept: dict[str, Tensor] = {}
        told: dict[str, Tensor] = {}
        for name, module in self.named_modules():
            if isinstance(module, TopicBelief | StepReader):
                carried, says = carry(module, observation, None if before is None else _under(name, before))
                kept |= {f"{name}/{part}": value for part, value in carried.items()}
                told |= says
        return (kept, told) if kept else None

    def prepare(self, logs: Sequence[Logs]) -> Sequence[Logs]:
        """Fit beliefs first, and ask them of all logs: they are not learned with the rest."""
        if self.belief is None:
            return logs
        belief, seen = self.belief, [part.rows().seen for part in logs]
        read = {name: torch.cat([each[name] for each in seen]) for name in belief.READS}
        fit_belief(belief, read, self._seed, self.belief_steps)
        steps = [part.steps() for part in logs]
        return [replace(part, seen={**part.seen, **told_of_log(belief, part.seen, part.shown)}) for part in steps]

    def settle(self) -> None:
        """Believe of users from now on by what has been learned of them."""
        self.belief_steps = 0

    def loss(self, logs: Logs) -> Tensor:
        """Negative log-likelihood of the clicks, squared error of the engagement of what was opened, encoder's loss."""
        told, seen = self._in_words(logs.seen)
        state, beside = self.encoder.learn(seen)
        appeal, stay, no_click = self._queries(self._joined(state, told, seen))
        raw = self._of(appeal, stay, logs.shown)
        if self.memory is not None:
            past = self._past(seen, logs.shown)
            raw.appeal = raw.appeal + self.memory(past[..., :NUMBERS])
            if self.of_item is not None:
                raw.appeal = raw.appeal + self.of_item(past[..., NUMBERS:])[..., 0]
        timely = self.timely(logs.seen, logs.shown)
        if timely is not None:
            raw.appeal = raw.appeal + timely
        own = self.own.square().sum() + self.by_topic.own.square().sum()
        likelihood = self.choice.loss(raw.appeal, logs.clicks, no_click)
        error = self.choice.squared_error(raw.engagement - logs.engagement, logs.clicks)
        return likelihood + 0.1 * error / len(logs) + OWN_PENALTY * own + beside


def _timeliness(context: Context, topics: NDArray[np.int64]) -> Timeliness | None:
    """What time adds to an item's appeal; None where items have no dates."""
    return None if context.hours is None else Timeliness(context.hours, context.period, topics)


def _under(name: str, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those of ``name/``, without it."""
    first = f"{name}/"
    return {each.removeprefix(first): value for each, value in values.items() if each.startswith(first)}


def _check_opened(encoder: EncoderName, choice: Choice) -> None:
    """Raise ValueError if an encoder reads pages of which more is opened than ``choice`` has it."""
    if encoder == "belief" and not choice.several:
        raise ValueError(
            "Encoder 'belief' reads pages of which several items may be opened, and here one is at most. Take "
            "'fading', 'recurrent' or 'transformer'."
        )

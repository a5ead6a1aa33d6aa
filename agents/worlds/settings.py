"""How our policy is trained: what every world sets, and what worlds with texts set besides."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from driftrec.agents.encoders.item_tables import Representation
from driftrec.agents.encoders.user_state import EncoderName, check_encoder
from driftrec.agents.encoders.user_text import UserState
from driftrec.agents.ppo.ppo_settings import PPOSettings
from driftrec.agents.ranker.fitting import FitSettings
from driftrec.agents.ranker.future import FutureSettings
from driftrec.agents.ranker.item_future import ItemFutureSettings
from driftrec.agents.ranker.warm_start import Round
from driftrec.agents.rivals.rival_settings import PriceSettings
from driftrec.simulators.ranges import check_ranges


@dataclass(frozen=True)
class TrainSettings:
    """All that decides what comes out of a training, beside the world and the seed.

    Attributes:
        fit: How the ranker is fitted.
        future: How the engagement to come is learned.
        ppo: How PPO trains.
        pace: Search prices of pages first, as "paced" does, and start PPO there: where several items of a slate may be
            opened and topics are known beforehand. Without it PPO starts from the ranker's best slates.
        prices: How these are searched.
        value_steps: Environment steps, rounded up to whole rollouts, in which PPO learns values alone. While they are
            wrong, what comes later counts for nothing, and the policy would turn to what pays at once.
        validations: Measurements of the policy, from before PPO's first step to after its last; the best is kept.
        validation_users: Users of a measurement, always the same.
    """

    fit: FitSettings = field(default_factory=FitSettings)
    future: FutureSettings = field(default_factory=FutureSettings)
    ppo: PPOSettings = field(default_factory=PPOSettings)
    pace: bool = False
    prices: PriceSettings = field(default_factory=PriceSettings)
    value_steps: int = 0
    validations: int = 10
    validation_users: int = 256

    def __post_init__(self) -> None:
        check_ranges(self, value_steps=(0, 1e12), validations=(2, 10_000), validation_users=(1, 1e6))

    def rounds(self, seed: int) -> list[Round]:
        """The rounds of fitting: all but the first log slates that count the engagement to come."""
        return [Round(each, self.fit.epochs, farsighted=True) for each in _seeds(seed, self.fit.rounds)]

    def myopic_rounds(self, seed: int) -> list[Round]:
        """The same for a ranker that need not look ahead."""
        return [replace(each, farsighted=False) for each in self.rounds(seed)]

    def quick(self) -> TrainSettings:
        """The same for a demonstration, which is to be done within minutes."""
        return self


@dataclass(frozen=True)
class TextSettings(TrainSettings):
    """The same for a world with texts.

    Attributes:
        representation: What stands for items and personas: "text" embeddings, those of the decoder "smollm2" (extra
            llm), "hashing" of words, learned "ids", "random" vectors, or the hidden "latents", an oracle.
        user_state: What is read of a user beside the persona's words: "numeric" counts and memories of what was opened;
            "text", a sentence on it as of the session's begin; "both".
        encoder: How the user is read: by "fading" memories of what was opened and passed over; by those and the
            "belief" of who tires of which topic, in feeds and the shop; by those and a "recurrent" network over the
            pages that were shown; by those and a causal "transformer" over them.
        belief_steps: Gradients on what is believed, before every fit of the ranker; of encoder "belief" alone.
        told_encoder: Train the encoder to guess the users' true state as well, and let the policy read its guesses.
            While serving it reads the observation alone, but only a simulator can tell what it learned from: an oracle.
        refits: Rounds of logging with the farsighted policy and fitting the ranker again, after those of ``fit``.
        true_state: Tell the policy the users' true interest, satiation and satisfaction in place of what its encoder
            makes of observations: an oracle, to see what not knowing the user costs.
        withheld: Part of the catalogue that training never shows, drawn from the seed, in [0, 1).
    """

    fit: FitSettings = field(
        default_factory=lambda: FitSettings(
            lanes=1024, log_steps=150, epochs=2, batch_size=1024, learning_rate=2e-3, noise=0.3
        )
    )
    future: ItemFutureSettings = field(default_factory=ItemFutureSettings)
    validations: int = 4
    validation_users: int = 128
    representation: Representation = "text"
    user_state: UserState = "numeric"
    encoder: EncoderName = "fading"
    belief_steps: int = 300
    told_encoder: bool = False
    refits: int = 3
    true_state: bool = False
    withheld: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self, refits=(0, 100), withheld=(0, 0.999), belief_steps=(0, 1e6))
        check_encoder(self.encoder)
        if self.user_state == "text" and self.encoder != "fading":
            raise ValueError(
                f"TextSettings.user_state is 'text', which hides the pages that encoder {self.encoder!r} would read. "
                "Take 'both', or --settings.encoder fading."
            )
        if self.true_state and (self.told_encoder or self.encoder != "fading"):
            raise ValueError(
                f"TextSettings.true_state stands in for an encoder; encoder is {self.encoder!r} and told_encoder "
                f"{self.told_encoder}. Leave true_state out, or say --settings.encoder fading and no told_encoder."
            )

    def rounds(self, seed: int) -> list[Round]:
        """The rounds of fitting: those of ``fit`` are myopic and take one pass each, good enough to log with."""
        *near, last = [Round(each, epochs=1, farsighted=False) for each in _seeds(seed, self.fit.rounds)]
        far = [Round(each, self.fit.epochs, farsighted=True) for each in _seeds([seed, self.refits], self.refits)]
        return [*near, replace(last, farsighted=True), *far]

    def myopic_rounds(self, seed: int) -> list[Round]:
        """Those of ``fit`` alone, the last with all its passes."""
        *near, last = self.rounds(seed)[: self.fit.rounds]
        return [*near, replace(last, epochs=self.fit.epochs, farsighted=False)]

    def quick(self) -> TextSettings:
        """One refit at most, and 50,000 steps of PPO at most."""
        steps = min(self.ppo.total_steps, 50_000)
        return replace(self, refits=min(self.refits, 1), ppo=replace(self.ppo, total_steps=steps))


def _seeds(entropy: int | list[int], count: int) -> list[int]:
    """Seeds of ``count`` rounds."""
    return np.random.SeedSequence(entropy).generate_state(count).tolist()

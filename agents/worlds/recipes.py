"""How our agents are trained on each published world, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from driftrec.agents.ppo.settings import PPOSettings
from driftrec.agents.ranker.feature_fitting import FitSettings
from driftrec.agents.ranker.feature_training import PublishedSettings
from driftrec.agents.slateq.values import SlateQSettings, SlateQTraining

_BORED_PPO = PPOSettings(
    total_steps=400_000,
    lanes=256,
    rollout=16,
    batch_size=1024,
    epochs=4,
    learning_rate=0.02,
    gamma=0.9,
    gae_lambda=0.9,
    target_kl=1.0,
    candidates=60,
    temper=1.0,
)
"""The best slates are far from those it starts from: large steps, and little weight of the start."""

_SLATES = PublishedSettings(FitSettings(), _BORED_PPO)
"""With the ranker's 51,200 logged steps, 451,200 environment steps."""

_SINGLE = PublishedSettings(FitSettings(), replace(_BORED_PPO, candidates=100, temper=3.0))

_NEXT_STEP = PublishedSettings(
    FitSettings(lanes=1024, log_steps=200),
    PPOSettings(total_steps=50_000, lanes=256, batch_size=1024, learning_rate=0.001, gamma=0.0, temper=10.0),
)
"""For worlds in which the next step is all there is."""

_HIDDEN_TYPE = replace(_NEXT_STEP, fit=FitSettings(lanes=2048, log_steps=200, rounds=3, batch_size=1024))
"""The same where past responses tell users apart, by small differences: 1,331,200 logged steps, most of own slates."""

_BUDGET = PublishedSettings(
    FitSettings(lanes=1024, log_steps=400, rounds=1, epochs=2, gamma=0.9999, weights=(0.0, 1.0, 1.5, 2.0, 3.0, 4.0)),
    PPOSettings(
        total_steps=400_000,
        lanes=512,
        rollout=128,
        batch_size=8192,
        epochs=4,
        learning_rate=0.003,
        gamma=0.9999,
        gae_lambda=0.99,
        target_kl=0.1,
        entropy=0.0,
        temper=10.0,
    ),
    value_steps=131_072,
    validations=8,
)
"""What a click does to the budget pays at the end, and the budget is not observed: no discount, long rollouts."""

_SLATEQ_BORED = SlateQTraining(
    SlateQSettings(total_steps=300_000, gamma=0.9, sync=20, epsilon=0.2, last_epsilon=0.02, unit=1.0),
    validations=10,
    validation_users=256,
)
_SLATEQ_NEXT_STEP = replace(_SLATEQ_BORED, slateq=SlateQSettings(total_steps=50_000, gamma=0.0, sync=20, unit=1.0))
_SLATEQ_BUDGET = replace(_SLATEQ_BORED, slateq=SlateQSettings(total_steps=250_000, gamma=1.0, sync=20))

_BOTH = {
    "RecSim-InterestEvolution": (_BUDGET, _SLATEQ_BUDGET),
    "RecSim-InterestExploration": (_HIDDEN_TYPE, _SLATEQ_NEXT_STEP),
    "RecSim-LongTermSatisfaction": (_NEXT_STEP, _SLATEQ_NEXT_STEP),
    "Sardine-SingleItem-Static": (_SINGLE, _SLATEQ_BORED),
    "Sardine-SingleItem-BoredInf": (_SINGLE, _SLATEQ_BORED),
    "Sardine-SingleItem-Uncertain": (_SINGLE, _SLATEQ_BORED),
    "Sardine-SlateTopK-Bored": (_SLATES, _SLATEQ_BORED),
    "Sardine-SlateTopK-BoredInf": (_SLATES, _SLATEQ_BORED),
    "Sardine-SlateTopK-Uncertain": (_SLATES, _SLATEQ_BORED),
    "Sardine-SlateRerank-Static": (_SLATES, _SLATEQ_BORED),
    "Sardine-SlateRerank-Bored": (_SLATES, _SLATEQ_BORED),
}

RECIPES: Mapping[str, PublishedSettings] = {f"driftrec/{name}-v0": ours for name, (ours, _) in _BOTH.items()}
"""How our PPO is trained, by environment id."""

SLATEQ_RECIPES: Mapping[str, SlateQTraining] = {f"driftrec/{name}-v0": its for name, (_, its) in _BOTH.items()}
"""How SlateQ is trained, on the ranker of a run of ours, by environment id."""

"""How our agents are trained on each published world, as data."""

from __future__ import annotations

import json
from collections.abc import Mapping

from driftrec.agents.ppo import PPOSettings
from driftrec.agents.published.fitting import FitSettings
from driftrec.agents.published.training import PublishedSettings
from driftrec.simulators.settings import updated

_SARDINE_PPO = PPOSettings(
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
"""For slates of ten that bore: far from where it starts, so large steps and small weight of the start."""

_SARDINE = PublishedSettings(FitSettings(), _SARDINE_PPO)
"""With the ranker's 51,200 logged steps, 451,200 environment steps."""

_NEXT_STEP = PublishedSettings(
    FitSettings(lanes=1024, log_steps=200),
    PPOSettings(total_steps=50_000, lanes=256, batch_size=1024, learning_rate=0.001, gamma=0.0, temper=5.0),
)
"""For worlds in which the next step is all there is."""

_INTEREST_EVOLUTION = PublishedSettings(
    FitSettings(lanes=1024, log_steps=400, rounds=1, epochs=2, gamma=0.9999, weights=(0.0, 1.0, 1.5, 2.0, 3.0, 4.0)),
    PPOSettings(
        total_steps=300_000,
        lanes=256,
        rollout=64,
        batch_size=2048,
        learning_rate=0.001,
        gamma=0.999,
        gae_lambda=0.98,
        temper=5.0,
    ),
)

RECIPES: Mapping[str, PublishedSettings] = {
    "driftrec/RecSim-InterestEvolution-v0": _INTEREST_EVOLUTION,
    "driftrec/RecSim-InterestExploration-v0": _NEXT_STEP,
    "driftrec/RecSim-LongTermSatisfaction-v0": _NEXT_STEP,
    "driftrec/Sardine-SingleItem-Static-v0": _SARDINE,
    "driftrec/Sardine-SingleItem-BoredInf-v0": _SARDINE,
    "driftrec/Sardine-SingleItem-Uncertain-v0": _SARDINE,
    "driftrec/Sardine-SlateTopK-Bored-v0": _SARDINE,
    "driftrec/Sardine-SlateTopK-BoredInf-v0": _SARDINE,
    "driftrec/Sardine-SlateTopK-Uncertain-v0": _SARDINE,
    "driftrec/Sardine-SlateRerank-Static-v0": _SARDINE,
    "driftrec/Sardine-SlateRerank-Bored-v0": _SARDINE,
}
"""By environment id."""


def changed(world: str, changes: str) -> PublishedSettings:
    """The recipe of ``world`` with changes, a JSON object.

    Raises:
        ValueError: If they are not one, or a setting is unknown (the message gives the nearest) or out of range.
    """
    try:
        mapping = json.loads(changes)
    except json.JSONDecodeError as error:
        raise ValueError(f"--recipe is not JSON ({error}); give an object such as {{}}: {changes}") from error
    return updated(RECIPES[world], mapping, "recipe")

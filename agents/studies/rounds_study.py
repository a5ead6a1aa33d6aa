"""The experiments of results/rounds: ways to keep up with a moving world, in two worlds, and after a shock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from driftrec.agents.studies.experiments import Study
from driftrec.agents.studies.rounds_overview import rounds_overview

WORLDS = ("Video", "NewsStream")
SEEDS = (1, 2, 3)

ARMS = ("frozen", "refit", "refit-prices", "ppo", "scratch")
IDS = ("frozen@ids", "refit@ids", "ppo@ids")
"""Training from scratch on ids as well would take a third of all the time again."""

SHOCK: Mapping[str, Any] = {"round": 4, "arrivals": 0.3, "mix": 1.0, "churn": 0.3}
"""A third of the offer is new, and so are a third of the users, who are of other personas."""

SIZES: Mapping[str, tuple[int, ...]] = {
    "rounds": (8,),
    "users": (100,),
    "held-out": (64,),
    "settings.fit.lanes": (256,),
    "settings.fit.log-steps": (40,),
    "settings.future.lanes": (256,),
    "settings.future.log-steps": (400,),
    "settings.future.weights": (0, 1, 3),
    "settings.future.users": (48,),
    "settings.prices.users": (32,),
    "settings.prices.rounds": (2,),
    "settings.prices.samples": (8,),
    "settings.ppo.lanes": (128,),
    "settings.ppo.total-steps": (12_288,),
    "settings.validations": (2,),
    "settings.validation-users": (48,),
}
"""Smaller than the defaults, so that a seed of a world with all arms takes minutes of one core."""


def _words(world: str, arms: tuple[str, ...], seed: int, moves: Mapping[str, Any]) -> tuple[str, ...]:
    """A deployment's command after "driftrec"."""
    sizes = (word for name, values in SIZES.items() for word in (f"--{name}", *map(str, values)))
    told = ("--moves", json.dumps(moves)) if moves else ()
    return ("rounds", "--world", f"driftrec/{world}-v0", "--arms", *arms, *sizes, *told, "--seed", str(seed))


def rounds_study() -> Study:
    """A deployment a world and seed with all arms, seed by seed; and one that is shocked, where items can arrive."""
    probes = {
        f"{world}-{seed}": _words(world, (*ARMS, *IDS, "planner"), seed, {}) for seed in SEEDS for world in WORLDS
    }
    shocked = {f"Video-shock-{seed}": _words("Video", ARMS, seed, {"shocks": [SHOCK]}) for seed in SEEDS}
    return Study({}, {}, {**probes, **shocked}, rounds_overview)


ROUNDS = rounds_study()

"""The experiments of results/rounds: ways to keep up with a moving world, in two worlds, and after a shock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from driftrec.agents.comparison.experiments import Study
from driftrec.agents.comparison.rounds_overview import rounds_overview

WORLDS = ("Video", "NewsStream")
SEEDS = (1, 2, 3)

ARMS = ("frozen", "refit", "refit-prices", "ppo", "refit-ppo", "scratch")
IDS = ("frozen@ids", "refit@ids", "ppo@ids", "scratch@ids")

SHOCK: Mapping[str, Any] = {"round": 4, "arrivals": 0.3, "mix": 1.0, "churn": 0.3}
"""A third of the offer is new, and so are a third of the users, who are of other personas."""

SIZES = {
    "rounds": 8,
    "users": 200,
    "held-out": 96,
    "settings.fit.lanes": 256,
    "settings.fit.log-steps": 60,
    "settings.future.lanes": 256,
    "settings.future.log-steps": 400,
    "settings.future.users": 48,
    "settings.prices.users": 48,
    "settings.prices.rounds": 2,
    "settings.prices.samples": 8,
    "settings.ppo.lanes": 128,
    "settings.ppo.total-steps": 20_000,
    "settings.validations": 3,
    "settings.validation-users": 48,
}
"""Smaller than the defaults, so that a seed of a world with all arms takes minutes of one core."""


def _words(world: str, arms: tuple[str, ...], seed: int, moves: Mapping[str, Any]) -> tuple[str, ...]:
    """A deployment's command after "driftrec"."""
    sizes = (word for name, value in SIZES.items() for word in (f"--{name}", str(value)))
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

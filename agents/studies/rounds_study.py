"""The experiments of results/rounds: ways to keep up with a moving world, in two worlds, and after a shock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from driftrec.agents.studies.experiments import Study
from driftrec.agents.studies.rounds_overview import rounds_overview

SEEDS = (1, 2, 3)

ARMS = ("frozen", "refit", "refit-prices", "ppo", "frozen@ids", "refit@ids", "planner")

NEWS = ("frozen", "refit", "ppo")

SHOCKED = ("frozen", "refit")

SCRATCH = ("frozen", "scratch")
"""Apart, beside the same users: training from scratch in every round takes as long as all others together."""

SHOCK: Mapping[str, Any] = {"round": 4, "trend": 0.8, "arrivals": 0.3, "mix": 1.0, "churn": 0.3}
"""Other topics are liked, a third of the offer is new, and so are a third of the users, who are of other personas."""

MOVES: Mapping[str, Any] = {"trend": 0.4, "mix": 0.4, "shocks": [SHOCK]}
"""Of a world that moves faster than by default, trends by four times as much."""

SIZES: Mapping[str, tuple[float, ...]] = {
    "rounds": (8,),
    "users": (150,),
    "held-out": (160,),
    "tolerance": (0.1,),
    "settings.fit.lanes": (256,),
    "settings.fit.log-steps": (40,),
    "settings.fit.batch-size": (256,),
    "settings.fit.epochs": (3,),
    "settings.belief-steps": (100,),
    "settings.future.lanes": (256,),
    "settings.future.log-steps": (1200,),
    "settings.future.weights": (0, 1, 2, 4),
    "settings.future.users": (64,),
    "settings.prices.users": (48,),
    "settings.prices.rounds": (3,),
    "settings.prices.samples": (12,),
    "settings.value-steps": (4096,),
    "settings.ppo.lanes": (128,),
    "settings.ppo.batch-size": (2048,),
    "settings.ppo.total-steps": (24_576,),
    "settings.validations": (2,),
    "settings.validation-users": (64,),
}
"""Smaller than the defaults, so that a seed of a world takes a quarter of an hour of one core. By 160 held-out users
the gate tells differences of a twelfth; with a smaller tolerance it would keep out most of what is as good."""


SMALLER: Mapping[str, tuple[float, ...]] = {
    **SIZES,
    "settings.belief-steps": (50,),
    "settings.future.log-steps": (400,),
    "settings.future.weights": (0, 2, 4),
    "settings.prices.users": (32,),
    "settings.prices.rounds": (1,),
    "settings.value-steps": (2048,),
    "settings.ppo.total-steps": (4096,),
}
"""Where one arm trains from scratch eight times; and in NewsStream, whose users read many more pages."""


def _words(
    world: str,
    arms: Sequence[str],
    seed: int,
    moves: Mapping[str, Any],
    sized: Mapping[str, tuple[float, ...]] = SIZES,
) -> tuple[str, ...]:
    """A deployment's command after "driftrec"."""
    sizes = (word for name, values in sized.items() for word in (f"--{name}", *map(str, values)))
    told = ("--moves", json.dumps(moves)) if moves else ()
    return ("rounds", "--world", f"driftrec/{world}-v0", "--arms", *arms, *sizes, *told, "--seed", str(seed))


def rounds_study() -> Study:
    """Seed by seed a deployment in Video, two in a faster Video with a shock, and one in NewsStream."""
    probes: dict[str, tuple[str, ...]] = {}
    for seed in SEEDS:
        probes[f"Video-{seed}"] = _words("Video", ARMS, seed, {})
        probes[f"Video-shock-{seed}"] = _words("Video", SHOCKED, seed, MOVES, SMALLER)
        probes[f"Video-scratch-{seed}"] = _words("Video", SCRATCH, seed, MOVES, SMALLER)
        probes[f"NewsStream-{seed}"] = _words("NewsStream", NEWS, seed, {}, SMALLER)
    return Study({}, {}, probes, rounds_overview)


ROUNDS = rounds_study()

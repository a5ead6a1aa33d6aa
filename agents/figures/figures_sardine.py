"""SARDINE's figures, measured with the original, and the same ones measured with ours."""

from __future__ import annotations

from driftrec.agents.baselines import Random
from driftrec.agents.figures.figures import Figure, Policies, of_seeds
from driftrec.agents.oracles.sardine_oracles import GreedyOracle, RandomSlates, ReversedOracle
from driftrec.agents.setup import context_of

POLICIES: Policies = {
    "random": RandomSlates,
    "random, distinct": lambda world: Random(context_of(world)),
    "oracle": GreedyOracle,
    "oracle, epsilon 0.5": lambda world: GreedyOracle(world, epsilon=0.5),
    "reversed oracle": ReversedOracle,
}
"""The figures' policies by name."""

PACKAGED = {"embeddings": "packaged"}
"""The figures belong to the packaged items."""

# World: (mean, standard error) for every policy, in the order of POLICIES.
_TIGHT = {
    "SingleItem-Static": ((8.642, 0.082), (8.710, 0.084), (100.0, 0.0), (54.325, 0.131), (100.0, 0.0)),
    "SingleItem-BoredInf": ((9.026, 0.088), (9.064, 0.089), (50.623, 0.033), (48.945, 0.100), (50.623, 0.033)),
    "SingleItem-Uncertain": ((11.551, 0.083), (11.570, 0.082), (94.943, 0.084), (53.267, 0.132), (94.943, 0.084)),
    "SlateTopK-Bored": ((43.655, 0.197), (43.505, 0.195), (144.301, 0.947), (107.909, 0.448), (144.693, 0.868)),
    "SlateTopK-BoredInf": ((41.877, 0.220), (41.671, 0.219), (148.306, 0.945), (109.978, 0.430), (147.091, 0.803)),
    "SlateTopK-Uncertain": ((70.133, 0.205), (69.908, 0.209), (137.873, 0.668), (109.018, 0.402), (135.629, 0.528)),
    "SlateRerank-Static": ((14.639, 0.032), (14.633, 0.032), (21.355, 0.033), (17.963, 0.033), (8.931, 0.026)),
    "SlateRerank-Bored": ((12.725, 0.027), (13.092, 0.029), (13.946, 0.029), (13.443, 0.028), (8.760, 0.025)),
}

# World: oracle and random, each mean and standard deviation over 5 seeds of 25 episodes (None: not stated).
_LOOSE = {
    "SingleItem-Static": ((100.0, None), (8.4, 0.5)),
    "SingleItem-BoredInf": ((50.7, 0.3), (8.8, None)),
    "SingleItem-Uncertain": ((94.8, 0.2), (11.4, None)),
    "SlateTopK-Bored": ((139.0, 6.2), (44.6, 2.1)),
    "SlateTopK-BoredInf": ((144.4, 6.9), (42.6, 2.5)),
    "SlateTopK-Uncertain": ((134.2, 3.6), (70.2, 2.1)),
    "SlateRerank-Static": ((21.7, 0.6), (14.7, 0.8)),
    "SlateRerank-Bored": ((14.0, 0.4), (12.5, 1.0)),
}


def env_id(world: str) -> str:
    """The registered id of a world of SARDINE."""
    return f"driftrec/Sardine-{world}-v0"


FIGURES = (
    *(
        Figure(env_id(world), PACKAGED, policy, 15_000 if "Rerank" in world else 1_500, mean, error, "worlds.md 8.11")
        for world, row in _TIGHT.items()
        for policy, (mean, error) in zip(POLICIES, row, strict=True)
    ),
    *(
        Figure(env_id(world), PACKAGED, policy, 125, mean, spread and of_seeds(spread), "worlds.md 8.5")
        for world, row in _LOOSE.items()
        for policy, (mean, spread) in zip(("oracle", "random"), row, strict=True)
    ),
)
"""All figures, the tighter ones first."""

PLANNER_SKETCH = {
    "SingleItem-BoredInf": 75.7,
    "SlateTopK-Bored": 433.2,
    "SlateTopK-BoredInf": 278.0,
    "SlateTopK-Uncertain": 303.2,
    "SlateRerank-Bored": 17.7,
}
"""Mean clicks of a full-information planner that was sketched on the original (worlds.md 8.5): ours is not below."""

"""Users with pages behind them, as the observations of a recommender that serves them hold these."""

import numpy as np

from driftrec.agents.ranker.protocol import as_tensors


def observations(audience, users=6, steps=9, slate_size=5, seed=0):
    """What is observed before every step of random slates; a window of 20 impressions holds four pages."""
    people, rng, seen = audience(users), np.random.default_rng(seed), []
    for _ in range(steps):
        seen.append(as_tensors(people.observe()))
        people.step(rng.integers(60, size=(users, slate_size)))
    return seen

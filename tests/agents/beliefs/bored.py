"""Users whom enough of a topic bores, and what is observed of them."""

import numpy as np
import torch

from driftrec.agents.beliefs.hypotheses import REST

SLATE, TOPIC = 3, np.array([0, 0, 1, 1])  # items 0 and 1 are of topic 0


def bored_users(thresholds, users, pages, seed):
    """Windows of users whom so many openings of a topic bore, one of ``thresholds`` each and for each topic.

    They open at log-odds 0.5, and at -4 while bored; pages are an hour apart, and loads halve in 18.
    """
    rng = np.random.default_rng(seed)
    threshold = rng.choice(thresholds, (users, 2))
    shown = rng.integers(0, len(TOPIC), (users, pages, SLATE))
    clicked = np.zeros(shown.shape, np.uint8)
    load, bored = np.zeros((users, 2)), np.zeros((users, 2), bool)
    rows = np.arange(users)
    for page in range(pages):
        for place in range(SLATE):
            topic = TOPIC[shown[:, page, place]]
            chance = 1 / (1 + np.exp(-(0.5 - 4.5 * bored[rows, topic])))
            opens = rng.random(users) < chance
            clicked[:, page, place] = opens
            load[rows, topic] += opens
            bored[rows, topic] |= opens & (load[rows, topic] >= threshold[rows, topic])
        load *= 2.0 ** (-1.0 / 18.0)
        bored &= load > REST * threshold
    age = np.repeat(np.arange(pages, 0, -1.0)[None, :, None], SLATE, axis=2).repeat(users, 0)
    arrays = {"shown": shown.astype(np.int32), "clicked": clicked, "age": age.astype(np.float32)}
    flat = {name: torch.from_numpy(value.reshape(users, -1)) for name, value in arrays.items()}
    return {**flat, "persona": torch.zeros(users, 1, dtype=torch.int64)}

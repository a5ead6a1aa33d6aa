"""Listeners who open again what they know until it wears out, and what is observed of them."""

import numpy as np
import torch

from driftrec.agents.beliefs.hypotheses import REST

SLATE, TOPIC, MOOD = 2, np.array([0, 1, 0, 1, 0, 1]), np.array([0, 0, 1, 1, 2, 2])


def listeners(limits, users, pages, seed):
    """Windows of users for whom so much wears a song out, one of ``limits`` each; pages are eight hours apart.

    They open at log-odds 0.5, at -4 what is worn out; wear halves in 100 hours.
    """
    rng = np.random.default_rng(seed)
    limit = rng.choice(limits, users)
    shown = rng.permuted(np.tile(np.arange(len(TOPIC)), (users, pages, 1)), axis=2)[..., :SLATE]
    clicked = np.zeros(shown.shape, np.uint8)
    wear, worn = np.zeros((users, len(TOPIC))), np.zeros((users, len(TOPIC)), bool)
    rows = np.arange(users)
    for page in range(pages):
        for place in range(SLATE):
            song = shown[:, page, place]
            opens = rng.random(users) < 1 / (1 + np.exp(-(0.5 - 4.5 * worn[rows, song])))
            clicked[:, page, place] = opens
            wear[rows, song] += opens
            worn[rows, song] |= opens & (wear[rows, song] >= limit)
        wear *= 2.0 ** (-8.0 / 100.0)
        worn &= wear > REST * limit[:, None]
    age = np.repeat(8.0 * np.arange(pages, 0, -1.0)[None, :, None], SLATE, axis=2).repeat(users, 0)
    arrays = {"shown": shown.astype(np.int32), "clicked": clicked, "age": age.astype(np.float32)}
    flat = {name: torch.from_numpy(value.reshape(users, -1)) for name, value in arrays.items()}
    return {**flat, "persona": torch.zeros(users, 1, dtype=torch.int64), "hour": torch.zeros(users, 1)}

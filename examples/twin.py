"""A world is fitted to a log of another world, its twin, and both rank the same eight policies."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, spearmanr

from driftrec.agents.baselines import Content, Epsilon, Random
from driftrec.agents.evaluation.play import play
from driftrec.agents.fitting_worlds.fit_world import fit_world
from driftrec.agents.fitting_worlds.lives import told_lives
from driftrec.agents.fitting_worlds.taste_fit import FitWorldSettings
from driftrec.agents.fitting_worlds.taste_model import KnownItems
from driftrec.agents.logbook.log_reader import read_log
from driftrec.agents.logbook.log_writer import LogWriter
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.agents.worlds.kits import item_ids
from driftrec.simulators.fitted.fitted_world import FittedWorld
from driftrec.simulators.noise import user_seeds
from driftrec.simulators.offers import OFFERED, items_of


@dataclass(frozen=True)
class Weighs:
    """What a policy makes of an item: weights of its quality, of being near to what was opened, and of the rest."""

    quality: float = 0.0
    near: float = 0.0  # to the mean of what the user opened, which halves with every `memory` openings
    memory: float = 2.0
    topic: float = 0.0  # of log(1 + fading openings of its topic), subtracted
    seen: float = 0.0  # of how often it was shown, subtracted
    noise: float = 0.0


POLICIES = {
    "random": Weighs(noise=1.0),
    "best known": Weighs(quality=1.0),
    "best known, not again": Weighs(quality=1.0, seen=2.0),
    "near": Weighs(near=3.0),
    "near, not again": Weighs(near=3.0, seen=2.0),
    "near for long, not again": Weighs(near=3.0, memory=30.0, seen=2.0),
    "both, topics change": Weighs(quality=1.0, near=3.0, memory=30.0, topic=1.0, seen=2.0),
    "both, at random": Weighs(quality=1.0, near=3.0, seen=2.0, noise=2.0),
}


class Weighed:
    """Shows the items of which ``weighs`` makes the most, by a fitted world's vectors and quality and the feedback.

    ``place`` is the fitted world's number of every item of the world that is served, -1 where the log had none.
    """

    def __init__(self, fitted, place, slate_size, weighs):
        self.fitted, self.slate_size, self.weighs = fitted, slate_size, weighs
        self.known, place = place >= 0, place.clip(0)
        self.vectors, self.quality = fitted.vectors[place], fitted.quality[place]
        self.topics = np.eye(fitted.num_topics, dtype=np.float32)[fitted.topic[place]]

    def reset(self, num_users, seed):
        items, dims = self.vectors.shape
        self.sums, self.mass = np.zeros((num_users, dims), np.float32), np.zeros((num_users, 1), np.float32)
        self.load = np.zeros((num_users, self.topics.shape[1]), np.float32)
        self.seen, self.rng = np.zeros((num_users, items), np.float32), np.random.default_rng(seed)

    def act(self, observation):
        w = self.weighs
        worth = w.quality * self.quality + w.near * (self.sums / (1 + self.mass)) @ self.vectors.T
        worth = worth - w.topic * np.log1p(self.load) @ self.topics.T - w.seen * np.log1p(self.seen)
        worth = np.where(self.known, worth + w.noise * self.rng.gumbel(size=worth.shape), -np.inf)
        if OFFERED in observation:
            worth = np.take_along_axis(worth, observation[OFFERED].astype(np.int64), axis=1)
        return np.argsort(-worth, axis=1)[:, : self.slate_size]

    def update(self, observation, slates, clicks, engagement):
        items = items_of(observation, slates.clip(0))
        for k in range(items.shape[1]):
            users = np.flatnonzero(slates[:, k] >= 0)
            self.seen[users, items[users, k]] += 1
            users = np.flatnonzero(clicks[:, k] & (slates[:, k] >= 0))
            fade = np.float32(0.5 ** (1 / self.weighs.memory))
            self.sums[users] = fade * self.sums[users] + self.vectors[items[users, k]]
            self.mass[users] = fade * self.mass[users] + 1
            self.load[users] = np.float32(0.9) * self.load[users] + self.topics[items[users, k]]


def write_log(setup, file, slates, seed):
    """Half the slates by a random policy, half by one that mixes content with random slates."""
    logging = {"random": Random(setup.context), "own": Epsilon(Content(setup.context), setup.context, 0.3)}
    written = 0
    with LogWriter(file) as log:
        while written < slates:
            for name, policy in logging.items():
                seeds = user_seeds(seed + written, name, 256)
                _, steps = play(setup.world, policy, seeds, horizon=setup.horizon, seed=seed)
                tap = log.tap(setup.world, seeds, policy, name=name, version=str(written), ids=item_ids(setup))
                for step in steps:
                    tap(step)
                    written += step.present.size
    return written


def engagement(world, policy, users, horizon, seed):
    """Mean engagement of an episode."""
    _, steps = play(world, policy, user_seeds(seed, "ranked", users), horizon=horizon, seed=seed)
    return sum(float(step.feedback.engagement[step.present].sum()) for step in steps) / users


def main(world="driftrec/Video-v0", slates=100_000, users=500, seed=1, settings=None, folder="."):
    """The table of policies with what they earn in the world and in its twin, and two rank correlations."""
    setup = set_up(WorldArgs(world))
    file = Path(folder) / "twin.parquet"
    print(f"{write_log(setup, file, slates, seed):,} slates of {world}")
    begun = process_time()
    lives = told_lives(read_log(file))
    rows = np.array([item_ids(setup).index(item) for item in lives.items])
    topic = np.unique(setup.context.topics[rows], return_inverse=True)[1]
    known = KnownItems(topic, setup.context.item_embeddings[rows])
    fit = fit_world(lives, known, settings or FitWorldSettings(), bootstrap=0, seed=seed)
    print(f"{process_time() - begun:.0f} CPU seconds to read and fit")
    place = np.full(len(item_ids(setup)), -1)
    place[rows] = np.arange(len(rows))
    twin = FittedWorld(replace(fit.world), setup.slate_size)
    earned = []
    for name, weighs in POLICIES.items():
        true, copied = (
            engagement(each, Weighed(fit.world, where, setup.slate_size, weighs), users, setup.horizon, seed)
            for each, where in ((setup.world, place), (twin, np.arange(len(rows))))
        )
        earned.append({"policy": name, "world": true, "twin": copied})
    table = pd.DataFrame(earned).sort_values("world", ascending=False)
    ranks = {"Spearman": spearmanr(table.world, table.twin)[0], "Kendall": kendalltau(table.world, table.twin)[0]}
    return table, ranks, fit


if __name__ == "__main__":
    told, ranked, fitted = main(*sys.argv[1:2], *(int(each) for each in sys.argv[2:]))
    print(told.round(1).to_string(index=False), *(f"{name} {value:.2f}" for name, value in ranked.items()), sep="\n")

"""Worlds of every kind that agents tell apart, with judges that know nothing yet."""

from dataclasses import asdict

import numpy as np

from driftrec.agents.setup import NEWS, WorldArgs, set_up
from driftrec.agents.worlds.kits import kit_of
from tests.agents.conftest import build_setup

TEXTS = WorldArgs(NEWS)
CATALOGUE = WorldArgs("driftrec/Sardine-SlateTopK-Bored-v0")
REQUEST = WorldArgs("driftrec/RecSim-InterestEvolution-v0", slate_size=3, options='{"num_candidates": 30}')
BLIND = WorldArgs("driftrec/RecSim-LongTermSatisfaction-v0")
STREAM = WorldArgs("driftrec/NewsStream-v0", slate_size=3, options='{"num_candidates": 40}')
SONGS = WorldArgs("driftrec/Music-v0", slate_size=4, history=12)
WORLDS = {"texts": TEXTS, "stream": STREAM, "songs": SONGS, "catalogue": CATALOGUE, "request": REQUEST, "blind": BLIND}


def made(args):
    """The setup of ``args``; that of the news has made-up embeddings."""
    if args.world != NEWS:
        return set_up(args)
    sizes = {"slate_size": args.slate_size, "history": args.history, "horizon": args.horizon}
    return build_setup(**{name: value for name, value in sizes.items() if value is not None})


def unfitted(setup, farsighted=True, seed=0):
    """A judge whose ranker is as it begins."""
    kit = kit_of(setup)
    return kit.judge(setup, asdict(kit.settings), seed, farsighted)


def begin(args, users=8, farsighted=True):
    """Setup, unfitted judge, and what is seen of some users after a slate."""
    setup = made(args)
    state = setup.world.reset(np.arange(users, dtype=np.uint64))
    setup.world.step(state, np.tile(np.arange(setup.slate_size), (users, 1)))
    return setup, unfitted(setup, farsighted), setup.world.observe(state)

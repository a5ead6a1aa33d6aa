"""A world of your own: snacks, sweet or not. Every verb takes it, ``--world examples.own_world:Snacks-v0``."""

from dataclasses import make_dataclass

import gymnasium as gym
import numpy as np

from driftrec.envs.single import RecommendationEnv
from driftrec.simulators import noise
from driftrec.simulators.plain import PlainWorld
from driftrec.simulators.world import Feedback, Field

SWEETNESS = np.linspace(0, 1, 20, dtype=np.float32)  # (items,)
Eaters = make_dataclass("Eaters", ["keys", "step", "taste", "last"])  # arrays, leading axis users


class SnackWorld(PlainWorld):
    num_items, slate_size, unit, item_features = 20, 1, "bites", SWEETNESS[:, None]  # (items, features)
    fields = {"user": Field((2,), np.float32, 0, 1)}  # sweetness offered last, and whether it was eaten

    def reset(self, seeds):
        keys, step = noise.stream_keys(seeds), np.zeros(len(seeds), np.int64)
        return Eaters(keys, step, noise.uniform(noise.block(keys, step, 1)[0]), np.zeros((len(seeds), 2), np.float32))

    def step(self, state, slates):
        state.step += 1
        chances = np.take_along_axis(self.expected_engagement(state), slates, axis=1)
        eaten = chances > noise.uniform(noise.block(state.keys, state.step, 1)).T  # (users, 1)
        state.last = np.concatenate([SWEETNESS[slates], eaten], axis=1, dtype=np.float32)
        return Feedback.without_sessions(eaten, eaten.astype(np.float32), np.zeros(len(slates), bool))

    def observe(self, state):
        return {"user": state.last.copy()}

    def expected_engagement(self, state):
        return np.exp(-8 * (SWEETNESS - state.taste[:, None]) ** 2)


gym.register("Snacks-v0", entry_point=lambda horizon=20: RecommendationEnv(SnackWorld(), horizon))

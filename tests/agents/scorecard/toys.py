"""Policies that are good at one thing, or at nothing."""

import copy

import numpy as np

from driftrec.envs.catalogues import packaged_catalogue


class OtherRandom:
    """Random slates, other ones than those of the policy that counts as 0."""

    def __init__(self, context):
        self.size, self.items = context.slate_size, context.num_items

    def reset(self, num_users, seed):
        self.users, self.draws = num_users, np.random.default_rng([seed, 77])

    def act(self, observation):
        return np.stack([self.draws.choice(self.items, self.size, replace=False) for _ in range(self.users)])


class Rotation:
    """The most alluring items of one topic after another, the same to everybody: always rests, never repeats."""

    def __init__(self, context):
        items, _ = packaged_catalogue()
        best = np.argsort(-items.allure, kind="stable")
        topics = [best[items.topic[best] == topic][: 4 * context.slate_size] for topic in range(items.num_topics)]
        self.pages = [topic[block::4] for block in range(4) for topic in topics]  # of blocks alike

    def reset(self, num_users, seed):
        self.users, self.step = num_users, 0

    def act(self, observation):
        page = self.pages[self.step % len(self.pages)]
        self.step += 1
        return np.tile(page, (self.users, 1))


class Fixed(Rotation):
    """Always the same page: never rests."""

    def act(self, observation):
        self.step = 0
        return super().act(observation)


class Late:
    """An oracle that is told the truth some steps late.

    Args:
        oracle: Whom it tells.
        late: How many.
    """

    def __init__(self, oracle, late):
        self.oracle, self.late = oracle, late

    def reset(self, num_users, seed):
        self.oracle.reset(num_users, seed)
        self.past = []

    def see(self, state):
        self.past = [*self.past, copy.deepcopy(state)][-self.late - 1 :]
        self.oracle.see(self.past[0])

    def act(self, observation):
        return self.oracle.act(observation)

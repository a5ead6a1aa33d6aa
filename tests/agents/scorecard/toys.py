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


class Pages:
    """Pages of liked items made once, one after another; here the same to everybody."""

    turn = 40  # pages

    def __init__(self, context):
        self.size, (self.items, _) = context.slate_size, packaged_catalogue()

    def reset(self, num_users, seed):
        self.step, self.pages = -1, None
        self.liking = np.tile(self.items.latent.mean(axis=0), (num_users, 1))

    def act(self, observation):
        if self.pages is None:
            self.pages = self.made()
        self.step += 1
        return self.pages[self.step % self.turn]

    def made(self):
        """The best items in pages that are alike, (pages, users, slate_size)."""
        score = self.liking @ self.items.latent.T + 0.1 * self.items.quality
        best = np.argsort(-score, axis=1, kind="stable")[:, : self.turn * self.size]
        return best.reshape(-1, self.size, self.turn).transpose(2, 0, 1)


class Resting(Pages):
    """Told at the first page what users like, and never again: what was shown rests for 39 pages."""

    def see(self, state):
        if self.pages is None:
            self.liking = state.home


class Tiring(Resting):
    """The same without rest: one page, for ever."""

    turn = 1


class Forgetful:
    """An oracle that does not see what a user has read and is tired of."""

    def __init__(self, oracle):
        self.oracle = oracle

    def reset(self, num_users, seed):
        self.oracle.reset(num_users, seed)

    def see(self, state):
        state = copy.deepcopy(state)
        state.satiation[:] = 0
        state.read.items[:] = -1
        self.oracle.see(state)

    def act(self, observation):
        return self.oracle.act(observation)


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

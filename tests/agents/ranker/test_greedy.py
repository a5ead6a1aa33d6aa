"""The slates of a fitted ranker."""

import numpy as np
import pytest
import torch

from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.policy import Oracle
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.items import TextItems
from driftrec.agents.ranker.judge import Judge
from driftrec.agents.ranker.protocol import Scores
from tests.agents.every_world import CATALOGUE, REQUEST, TEXTS, WORLDS, begin

EVERY = pytest.mark.parametrize("args", WORLDS.values(), ids=WORLDS)


@EVERY
def test_slates_hold_the_largest_gains(args):
    setup, judge, seen = begin(args)
    policy = Greedy(judge, setup.slate_size)
    policy.reset(8, 0)
    slates, gains = policy.act(seen), judge.view(seen).gains
    assert all(len(set(slate)) == setup.slate_size for slate in slates.tolist())
    best = -np.sort(-gains, axis=1)[:, : setup.slate_size]  # candidates of a topic are alike: any of them will do
    np.testing.assert_array_equal(np.take_along_axis(gains, slates, axis=1), best)
    assert not isinstance(policy, Oracle)


def test_many_users_are_served_as_few_are():
    setup, judge, seen = begin(REQUEST, users=1500)  # more than are judged at once
    policy = Greedy(judge, setup.slate_size)
    few = policy.act({name: value[1020:1030] for name, value in seen.items()})
    np.testing.assert_array_equal(policy.act(seen)[1020:1030], few)


def test_what_was_read_comes_last_however_little_the_rest_is_worth(audience, make_context):
    """Users have been shown the whole catalogue and have read some of it."""
    context, users = make_context(slate_size=5, num_items=12), audience(6)
    for first in range(0, 12, 4):
        users.step(np.tile(np.arange(first, first + 4), (6, 1)))
    ranker = TextRanker(context, "text", 0)
    ranker.future.copy_(torch.linspace(-40.0, 10.0, 12))  # most items are worth less than nothing
    read = [set(row[row >= 0].tolist()) for row in users.observe()["read_items"]]
    assert any(read)
    assert all(len(items) <= 12 - 5 for items in read)
    slates = Greedy(Judge(ranker, TextItems(context), farsighted=True), 5).act(users.observe())
    for items, slate in zip(read, slates.tolist(), strict=True):
        assert not items & set(slate)


@pytest.mark.parametrize("args", [TEXTS, CATALOGUE], ids=["texts", "catalogue"])
def test_noise_for_logging_follows_the_seed_and_none_is_no_noise(args):
    setup, judge, seen = begin(args)

    def slates(noise, seed):
        policy = Greedy(judge, setup.slate_size, noise)
        policy.reset(8, seed)
        return [policy.act(seen), policy.act(seen)]

    first, second = slates(1.0, 5)
    np.testing.assert_array_equal(slates(1.0, 5), [first, second])
    for other in (second, slates(1.0, 6)[0], slates(0.0, 5)[0]):
        assert (other != first).any()
    plain = slates(0.0, 5)
    np.testing.assert_array_equal(plain[0], plain[1])
    np.testing.assert_array_equal(slates(0.0, 6), plain)


def test_noise_on_appeal_is_gumbel_of_the_stated_scale(make_context, monkeypatch):
    """With one position and value 1 for all, an item is shown as often as its attraction to the power 1 / scale."""
    users, scale = 20_000, 2.0
    appeal = np.log(np.array([1.0, 2.0, 4.0, 9.0], np.float32))
    ranker = TextRanker(context := make_context(slate_size=1, num_items=4), "text", 0)
    monkeypatch.setattr(ranker, "state", lambda seen: torch.zeros(len(seen["persona"]), 1))

    def scores(state, shown):
        return Scores(torch.from_numpy(np.tile(appeal, (len(state), 1))), torch.ones(len(state), 4))

    monkeypatch.setattr(ranker, "scores", scores)
    policy = Greedy(Judge(ranker, TextItems(context, reads=False), farsighted=False), 1, noise=scale)
    items = policy.act({"persona": np.zeros((users, 1))})[:, 0]
    chance = np.exp(appeal / scale) / np.exp(appeal / scale).sum()
    error = np.sqrt(chance * (1 - chance) / users)
    assert (np.abs(np.bincount(items, minlength=4) / users - chance) < 4.5 * error).all()

"""What a fitted ranker is asked for, and what is served of it."""

import numpy as np
import torch

from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ranker.greedy import Greedy
from driftrec.agents.ranker.judge import Judge, Predictions
from driftrec.agents.ranker.text_ranker import Ranker

ITEMS, USERS = 12, 6


def fitted(make_context):
    ranker = Ranker(make_context(slate_size=5, num_items=ITEMS), "text", 0).eval()
    ranker.future.copy_(torch.linspace(-40.0, 10.0, ITEMS))  # most items are worth less than nothing
    return ranker


def seen(audience, make_context):
    """Users who have been shown the whole catalogue and have read some of it."""
    users = audience(USERS)
    for first in range(0, ITEMS, 4):
        users.step(np.tile(np.arange(first, first + 4), (USERS, 1)))
    return users.observe()


def test_what_was_read_comes_last_however_little_the_rest_is_worth(audience, make_context):
    observation = seen(audience, make_context)
    read = [set(row[row >= 0].tolist()) for row in observation["read_items"]]
    assert any(read)
    assert all(len(items) <= ITEMS - 5 for items in read)
    slates = Greedy(Judge(fitted(make_context), farsighted=True)).act(observation)
    candidates = CandidateStage(fitted(make_context), size=5)(observation)["candidates"]
    for items, slate, kept in zip(read, slates.tolist(), candidates.tolist(), strict=True):
        assert not items & set(slate)
        assert not items & set(kept)


def test_the_future_counts_for_the_farsighted_alone(audience, make_context):
    observation, ranker = seen(audience, make_context), fitted(make_context)
    near, far = (Judge(ranker, farsighted).predict(observation) for farsighted in (False, True))
    np.testing.assert_array_equal(near.minutes, far.minutes)
    fresh = near.value > -1e3
    np.testing.assert_array_equal(near.value[fresh], near.minutes[fresh])
    np.testing.assert_allclose((far.value - near.value)[fresh], np.tile(ranker.future, (USERS, 1))[fresh], atol=1e-5)


def test_noise_for_logging_follows_the_seed_and_none_is_no_noise(audience, make_context):
    observation, judge = audience(50).observe(), Judge(fitted(make_context), farsighted=True)

    def slates(noise, seed):
        policy = Greedy(judge, noise)
        policy.reset(50, seed)
        return [policy.act(observation), policy.act(observation)]

    first, second = slates(1.0, 5)
    np.testing.assert_array_equal(slates(1.0, 5), [first, second])
    for other in (second, slates(1.0, 6)[0], slates(0.0, 5)[0]):
        assert (other != first).any()
    plain = slates(0.0, 5)
    np.testing.assert_array_equal(plain[0], plain[1])
    np.testing.assert_array_equal(slates(0.0, 6), plain)


def test_noise_on_appeal_is_gumbel_of_the_stated_scale(make_context):
    """With one position and value 1 for all, an item is shown as often as its attraction to the power 1 / scale."""
    users, scale = 20_000, 2.0
    appeal = np.log(np.array([1.0, 2.0, 4.0, 9.0], np.float32))

    def predict(observation):
        rows = np.tile(appeal, (len(observation["persona"]), 1))
        return Predictions(rows[:, :0], rows, rows, np.ones_like(rows))

    judge = Judge(Ranker(make_context(slate_size=1, num_items=4), "text", 0), farsighted=False)
    judge.predict = predict
    items = Greedy(judge, noise=scale).act({"persona": np.zeros((users, 1))})[:, 0]
    chance = np.exp(appeal / scale) / np.exp(appeal / scale).sum()
    error = np.sqrt(chance * (1 - chance) / users)
    assert (np.abs(np.bincount(items, minlength=4) / users - chance) < 4.5 * error).all()

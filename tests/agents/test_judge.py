"""What a fitted ranker is asked for, and what is served of it."""

import numpy as np
import torch

from driftrec.agents.candidates import CandidateStage
from driftrec.agents.greedy import Greedy
from driftrec.agents.judge import Judge
from driftrec.agents.ranker import Ranker

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

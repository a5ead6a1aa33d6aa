"""An encoder that learns to guess the truth, and serves without it."""

import numpy as np
import pytest
import torch

from driftrec.agents.encoders.true_state import ToldState
from driftrec.agents.networks.text_ranker import TextRanker
from tests.agents.encoders.logged import observations

TRUTH = {"interest": 3, "satisfaction": 1}


@pytest.fixture
def ranker(make_context):
    return TextRanker(make_context(), "text", 0, told=TRUTH)


def telling(audience, users=64):
    """Observations with a truth that follows from the share opened, and one that follows from nothing."""
    seen = observations(audience, users)[6]
    share = seen["clicked"].float().mean(dim=1, keepdim=True)
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((users, 3)).astype(np.float32))
    return {**seen, "true_interest": noise, "true_satisfaction": share}


def test_guesses_come_last_and_follow_the_truth_that_can_be_told(ranker, audience):
    encoder, seen = ranker.encoder, telling(audience)
    assert isinstance(encoder, ToldState)
    optimizer = torch.optim.Adam(encoder.parameters(), 1e-2)
    first = float(encoder.learn(seen)[1].detach())
    for _ in range(100):
        _, loss = encoder.learn(seen)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    plain = {name: value for name, value in seen.items() if not name.startswith("true_")}
    guess = encoder(plain)[:, -1].detach().numpy()
    assert np.corrcoef(guess, seen["true_satisfaction"][:, 0].numpy())[0, 1] > 0.9
    assert float(loss.detach()) < 0.5 * first


def test_it_serves_without_the_truth_and_the_truth_changes_nothing(ranker, audience):
    seen = telling(audience)
    plain = {name: value for name, value in seen.items() if not name.startswith("true_")}
    with torch.inference_mode():
        assert torch.equal(ranker.state(plain), ranker.state({**seen, "true_interest": seen["true_interest"] + 1}))


def test_the_ranker_does_not_bend_the_guesses(ranker, audience):
    ranker.encoder(telling(audience))[:, -4:].sum().backward()
    assert not any(each.grad is not None and each.grad.any() for each in ranker.encoder.parameters())

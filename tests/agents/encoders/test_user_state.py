"""Encoders by name: order is told apart where it matters, and what comes after a page is learned beside."""

import math
import re

import numpy as np
import pytest
import torch

from driftrec.agents.encoders.user_state import ENCODERS, LogState, check_encoder
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.ranker.fitting import FitSettings, fit
from driftrec.agents.ranker.protocol import Logs, as_tensors
from tests.agents.encoders.logged import observations


def in_either_order(users, rng):
    """Two pages that fading means cannot tell the order of, and users who open the first item after one order alone."""
    late = rng.integers(2, size=users).astype(bool)
    pages = np.arange(10).reshape(2, 5)
    shown = np.where(late[:, None], pages.ravel(), pages[::-1].ravel()).astype(np.int32)
    nothing = np.zeros((users, 10), np.float32)
    seen = {
        "persona": np.zeros((users, 1), np.int32),
        "shown": shown,
        "clicked": np.zeros((users, 10), np.int8),
        "engagement": nothing,
        "age": nothing + 1.0,
        "read_items": np.full((users, 4), -1, np.int32),
        "read_minutes": nothing[:, :4],
        "read_age": nothing[:, :4],
        "clock": np.ones((users, 4), np.float32),
    }
    clicks = torch.zeros(users, 5, dtype=torch.bool)
    clicks[:, 0] = torch.from_numpy(late)
    slates = torch.arange(20, 25).repeat(users, 1)
    return Logs(as_tensors(seen), slates, clicks, clicks.float(), torch.zeros(users, dtype=torch.bool))


def held_out_loss(make_context, encoder):
    rng = np.random.default_rng(0)
    ranker = TextRanker(make_context(), "text", 0, encoder=encoder)
    settings = FitSettings(batch_size=32, learning_rate=1e-2)
    fit(ranker, [in_either_order(192, rng)], settings, epochs=6, seed=0, report=lambda line: None)
    logs = in_either_order(200, rng)
    with torch.inference_mode():
        appeal = ranker.scores(ranker.state(logs.seen), logs.shown).appeal - ranker.choice.examination()[0]
        return float(ranker.choice.loss(appeal, logs.clicks))


@pytest.mark.parametrize("encoder", ["recurrent", "transformer"])
def test_order_is_told_apart(make_context, encoder):
    """With hidden vectors of 0 the loss stays at that of the share of openings, as the fading memories' does."""
    assert held_out_loss(make_context, encoder) < 0.1


def test_fading_memories_cannot_tell_it(make_context):
    assert held_out_loss(make_context, "fading") > 0.95 * math.log(2.0)


@pytest.fixture(params=["recurrent", "transformer"])
def ranker(request, make_context):
    return TextRanker(make_context(), "text", 0, encoder=request.param)


def test_the_loss_reaches_every_weight_of_the_encoder(ranker, audience):
    seen = observations(audience)[6]
    seen["clock"][::2, 2] = 0.0
    clicks = torch.eye(5)[torch.arange(6) % 5] > 0
    logs = Logs(seen, torch.arange(5).repeat(6, 1), clicks, clicks.float(), torch.zeros(6, dtype=torch.bool))
    ranker.loss(logs).backward()
    unreached = [name for name, each in ranker.encoder.named_parameters() if each.grad is None or not each.grad.any()]
    assert unreached == []


def test_learning_sees_the_same_state_and_less_of_what_comes_after(ranker, audience):
    """The end of a session and the hours after a page follow from the user here; both are learned."""
    encoder, seen = ranker.encoder, observations(audience, users=64)[6]
    assert isinstance(encoder, LogState)
    seen["clock"][:, 2] = seen["clicked"][:, -1].float()
    state, first = encoder.learn(seen)
    torch.testing.assert_close(encoder(seen), state, atol=1e-6, rtol=0)
    optimizer = torch.optim.Adam(encoder.parameters(), 1e-2)
    for _ in range(30):
        _, loss = encoder.learn(seen)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.3 * float(first.detach())


def test_users_without_a_page_teach_nothing(ranker, audience):
    assert float(ranker.encoder.learn(observations(audience)[0])[1]) == 0.0


def test_unknown_encoders_are_refused():
    for name in ENCODERS:
        check_encoder(name)
    with pytest.raises(ValueError, match=re.escape("Encoder 'recurent' is unknown. Did you mean 'recurrent'?")):
        check_encoder("recurent")

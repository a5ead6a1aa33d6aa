"""Serving page by page is as reading the window anew."""

import pytest
import torch

from driftrec.agents.beliefs.carrying import carry
from driftrec.agents.encoders.item_tables import item_table
from driftrec.agents.encoders.log_encoders import Recurrent
from driftrec.agents.encoders.log_readers import LogReader, StepReader
from driftrec.agents.encoders.pages import Pages
from tests.agents.encoders.logged import observations

FULL = 4
"""Steps until a window holds no more than pages that were shown."""


@pytest.fixture
def readers(make_context):
    """One that goes on, and one that does not, with the same weights."""
    torch.manual_seed(0)
    pages = Pages(item_table(make_context(), "text", 0), 5)
    encoder = Recurrent(pages.token_dims)
    return StepReader(pages, encoder).eval(), LogReader(pages, encoder).eval()


def read(reader, observation):
    with torch.inference_mode():
        return reader(observation)


def carried_on(step, requests):
    """What is read at every request, carried from one to the next."""
    before = None
    for seen in requests:
        before, told = carry(step, seen, before)
        yield read(step, {**seen, **told})


def test_until_the_window_is_full_both_are_the_same_up_to_rounding(readers, audience):
    step, window = readers
    requests = observations(audience, steps=FULL + 1)
    for seen, found in zip(requests, carried_on(step, requests), strict=True):
        torch.testing.assert_close(found, read(window, seen), atol=1e-6, rtol=0)


def test_beyond_it_one_page_is_read_and_what_is_kept_of_older_ones_is_faint(readers, audience, monkeypatch):
    """Untrained weights, hidden vectors within +-1, a window of four pages alone; what was kept is exact beyond it."""
    step, window = readers
    seen = observations(audience, steps=20)
    pages, reads = [], step.encoder.forward
    monkeypatch.setattr(step.encoder, "forward", lambda x, *rest: pages.append(x.shape[1]) or reads(x, *rest))
    found = list(carried_on(step, seen))
    assert pages[1:] == [1] * 19
    monkeypatch.undo()
    apart = [float((one - read(window, each)).abs().max()) for one, each in zip(found, seen, strict=True)]
    assert 1e-5 < max(apart[FULL + 1 :]) < 0.2
    long = torch.cat([seen[0]["shown"][:, :0], *(each["shown"][:, -5:] for each in seen[1:])], dim=1)
    whole = {
        "shown": long,
        **{name: torch.cat([each[name][:, -5:] for each in seen[1:]], 1) for name in ("clicked", "engagement")},
    }
    hours = torch.arange(len(seen) - 1, 0, -1.0).repeat_interleave(5).expand(6, -1)
    torch.testing.assert_close(found[-1], read(window, {**whole, "age": hours}), atol=1e-5, rtol=0)


def test_without_what_was_carried_the_window_is_read_and_gradients_flow(readers, audience):
    step, window = readers
    seen = observations(audience, steps=3)[-1]
    assert torch.equal(read(step, seen), read(window, seen))
    step(seen).sum().backward()
    assert all(each.grad is not None for each in step.parameters())

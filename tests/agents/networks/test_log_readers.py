"""Serving page by page is as reading the window anew, whoever asks with whom, and goes on only where it may."""

import copy
import pickle

import pytest
import torch

from driftrec.agents.networks import log_readers
from driftrec.agents.networks.item_tables import item_table
from driftrec.agents.networks.log_encoders import Recurrent
from driftrec.agents.networks.log_readers import KeptHidden, LogReader, StepReader
from driftrec.agents.networks.pages import Pages
from tests.agents.networks.logged import log_of, observations, of_users

FULL = 4
"""Steps until a window holds no more than pages that were shown."""


@pytest.fixture
def readers(make_context):
    """One that goes on, and one that does not, with the same weights."""
    torch.manual_seed(0)
    pages = Pages(item_table(make_context(), "text", 0), 5)
    encoder = Recurrent(pages.token_dims)
    return StepReader(pages, encoder).eval(), LogReader(pages, encoder).eval()


@pytest.fixture
def counted(readers, monkeypatch):
    """Users whose windows were read anew, one entry a request."""
    counts, step = [], readers[0]
    anew = step._anew
    monkeypatch.setattr(step, "_anew", lambda seen, before: counts.append(len(before)) or anew(seen, before))
    return counts


def read(reader, observation):
    with torch.inference_mode():
        return reader(observation)


def test_until_the_window_is_full_both_are_the_same_up_to_rounding(readers, audience, counted):
    step, window = readers
    for seen in observations(audience, steps=FULL + 1):
        torch.testing.assert_close(read(step, seen), read(window, seen), atol=1e-6, rtol=0)
    assert counted == [6]


def test_beyond_it_one_page_is_read_and_what_is_kept_of_older_ones_is_faint(readers, audience, counted):
    """Untrained weights, hidden vectors within +-1, a window of four pages alone; what was kept is exact beyond it."""
    step, window = readers
    seen = observations(audience, steps=20)
    apart = [float((read(step, each) - read(window, each)).abs().max()) for each in seen]
    assert counted == [6]
    assert 1e-5 < max(apart[FULL + 1 :]) < 0.2
    long = torch.cat([seen[0]["shown"][:, :0], *(each["shown"][:, -5:] for each in seen[1:])], dim=1)
    whole = {
        "shown": long,
        **{name: torch.cat([each[name][:, -5:] for each in seen[1:]], 1) for name in ("clicked", "engagement")},
    }
    hours = torch.arange(len(seen) - 1, 0, -1.0).repeat_interleave(5).expand(6, -1)
    torch.testing.assert_close(read(step, seen[-1]), read(window, {**whole, "age": hours}), atol=1e-5, rtol=0)


def test_who_asks_with_whom_and_in_which_order_does_not_matter(readers, audience, counted):
    step, window = readers
    for seen in observations(audience, steps=FULL + 1):
        for rows in ([4, 1], [0], [2, 3, 5]):
            torch.testing.assert_close(
                read(step, of_users(seen, rows)), read(window, of_users(seen, rows)), atol=1e-6, rtol=0
            )
    assert counted == [2]  # where nothing was shown yet, all are alike


CHANGES = {
    "another item": ("shown", 12, 59),
    "another click": ("clicked", 12, 1),
    "other engagement": ("engagement", 12, 2.5),
    "longer between pages": ("age", slice(0, 10), 30.0),
}


@pytest.mark.parametrize(("name", "place", "value"), CHANGES.values(), ids=CHANGES.keys())
def test_a_window_that_tells_of_another_past_is_read_anew(readers, audience, counted, name, place, value):
    step, window = readers
    first, *_, last, then = observations(audience, steps=FULL + 1)
    first["clicked"][:] = 0
    then["clicked"][:, 12] = 0
    last["clicked"][:, 17] = 0
    read(step, last)
    read(step, then)
    assert counted == [6]
    changed = {**then, name: then[name].clone()}
    changed[name][0, place] = value
    torch.testing.assert_close(read(step, changed), read(window, changed), atol=1e-6, rtol=0)
    assert counted == [6, 1]


def test_other_weights_make_all_anew(readers, audience, counted):
    step, window = readers
    seen = observations(audience, steps=3)
    read(step, seen[1])
    with torch.no_grad():
        step.encoder.gru.weight_hh_l0.mul_(1.5)
    torch.testing.assert_close(read(step, seen[2]), read(window, seen[2]), atol=1e-6, rtol=0)
    assert counted == [6, 6]


def test_where_gradients_are_wanted_the_window_is_read(readers, audience):
    step, _ = readers
    seen = observations(audience, steps=3)
    read(step, seen[1])
    step(seen[2]).sum().backward()
    assert all(each.grad is not None for each in step.parameters())


@pytest.mark.parametrize("again", [copy.deepcopy, lambda reader: pickle.loads(pickle.dumps(reader))])
def test_copies_and_checkpoints_hold_nothing_of_it(readers, audience, again):
    step, _ = readers
    names = set(step.state_dict())
    read(step, observations(audience, steps=1)[0])
    assert vars(again(step)._kept) == vars(KeptHidden())
    assert set(step.state_dict()) == names


def test_no_more_is_kept_than_twice_the_bound(readers, audience, monkeypatch):
    monkeypatch.setattr(log_readers, "KEPT_USERS", 10)
    step, _ = readers
    for seen in observations(audience, steps=12):
        read(step, log_of(seen))
        assert len(step._kept._young) + len(step._kept._old) <= 2 * 10 + 6

"""Beliefs carried from page to page are those of the whole past, whoever comes and goes beside a user."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from driftrec.agents.beliefs import topic_belief
from driftrec.agents.beliefs.carrying import carry, told_of_log
from driftrec.agents.beliefs.song_belief import ITEMS, OF_ITEMS, SongBelief
from driftrec.agents.beliefs.topic_belief import BELIEF, CELLS, TopicBelief
from driftrec.agents.ranker.recall import Recall
from tests.agents.beliefs.listeners import MOOD, SLATE, TOPIC, listeners

USERS, PAGES, SAME = 5, 12, 2e-4
KINDS = pytest.mark.parametrize("kind", [TopicBelief, SongBelief])


def belief(kind):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = kind(TOPIC, torch.eye(3)[torch.from_numpy(MOOD)], torch.ones(2, 2), SLATE, dims=2)
        with torch.no_grad():
            for each in made.parameters():
                each.add_(0.5 * torch.randn_like(each))
            made.drop.fill_(3.0)
    return made


def requests(room=PAGES, users=USERS, seed=1):
    """What is observed of users at every request, the last ``room`` pages of it; hours pass unevenly."""
    whole = listeners([2.0, 5.0], users, PAGES, seed)
    for page in range(PAGES + 1):
        width, blank = page * SLATE, (PAGES - page) * SLATE
        seen = {name: torch.nn.functional.pad(whole[name][:, :width], (blank, 0)) for name in ("clicked", "age")}
        seen["shown"] = torch.nn.functional.pad(whole["shown"][:, :width], (blank, 0), value=-1)
        hours = torch.tensor([3.0 * number**1.5 for number in range(PAGES + 1)])
        seen["age"][:, blank:] = (hours[page] - hours[:page]).repeat_interleave(SLATE)
        seen = {name: value[:, -room * SLATE :] for name, value in seen.items()}
        clock = torch.full((users, 4), float(page))
        yield {**seen, "persona": whole["persona"], "hour": hours[page].expand(users, 1) % 24.0, "clock": clock}


def of_all(made, told):
    """What is told of topics, and of all items where something is."""
    return [told[BELIEF]] if OF_ITEMS not in told else [told[BELIEF], made.of_items(told, None)]


def apart(made, told, wanted):
    """Largest difference of what is told, nan where anything is no number."""
    pairs = zip(of_all(made, told), of_all(made, wanted), strict=True)
    return np.max([float((one - other).abs().max()) if one.shape == other.shape else np.inf for one, other in pairs])


@KINDS
def test_one_page_after_the_other_is_the_window_as_long_as_that_holds_all(kind):
    made, carried = belief(kind), None
    for seen in requests():
        carried, told = carry(made, seen, carried)
        assert apart(made, told, made.asked(seen)) < SAME


@KINDS
def test_what_a_window_forgets_is_carried(kind):
    made, carried = belief(kind), None
    for seen in requests(room=2):
        carried, told = carry(made, seen, carried)
    assert apart(made, told, made.asked(list(requests())[-1])) < SAME
    assert not torch.allclose(made.asked(seen)[BELIEF], told[BELIEF], atol=1e-2)


@KINDS
@pytest.mark.parametrize("cells", [1, CELLS])
def test_who_comes_new_begins_anew_and_others_go_on(kind, cells, monkeypatch):
    monkeypatch.setattr(topic_belief, "CELLS", cells)
    made, carried = belief(kind), None
    pages, others = list(requests()), list(requests(seed=2))
    for number, seen in enumerate(pages):
        mixed = {name: value.clone() for name, value in seen.items()}
        if number >= 4:  # in row 3 another user has come
            for name, value in others[number - 4].items():
                mixed[name][3] = value[3]
        carried, told = carry(made, mixed, carried)
    assert apart(made, told, made.asked(mixed)) < SAME
    assert len(told[BELIEF]) == USERS


@KINDS
def test_who_is_asked_of_again_before_anything_happened_stays_as_he_was(kind):
    """As in rounds, where those who have gone for today stand among those who are served."""
    made, pages = belief(kind), list(requests())
    carried, _ = carry(made, pages[3], carry(made, pages[2], None)[0])
    mixed = {name: value.clone() for name, value in pages[3].items()}
    for name, value in pages[4].items():
        mixed[name][1::2] = value[1::2]
    for _ in range(2):
        carried, told = carry(made, mixed, carried)
    assert apart(made, told, made.asked(mixed)) < SAME


@KINDS
def test_what_was_carried_is_not_written_to(kind):
    made, (first, second, third, *_) = belief(kind), list(requests())
    carried = carry(made, second, carry(made, first, None)[0])[0]
    before = {name: value.clone() for name, value in carried.items()}
    one, other = carry(made, third, carried)[1], carry(made, third, carried)[1]
    assert all(torch.equal(carried[name], before[name]) for name in before)
    assert all(torch.equal(one[name], other[name]) for name in one)


@KINDS
def test_lanes_of_a_log_are_told_as_at_the_requests_of_few_items_alone(kind, monkeypatch):
    monkeypatch.setattr(topic_belief, "CELLS", 4)  # two users at a time
    made, pages = belief(kind), list(requests())
    seen = {name: torch.stack([page[name] for page in pages]) for name in pages[0]}
    shown = torch.tensor([1, 1, 4]).expand(len(pages), USERS, -1)
    told = told_of_log(made, seen, shown)
    for number, page in enumerate(pages):
        wanted = made.asked(page)
        torch.testing.assert_close(told[BELIEF][number], wanted[BELIEF], rtol=0, atol=2e-4)
        if kind is SongBelief:
            few = made.of_items({name: value[number] for name, value in told.items()}, shown[number])
            torch.testing.assert_close(few, made.of_items(wanted, shown[number]), rtol=0, atol=2e-4)
    if kind is SongBelief:
        assert told[ITEMS].shape == shown.shape


@KINDS
def test_two_pages_at_one_hour_are_both_read(kind):
    """As in logs, in which several slates may have one time; a step is counted all the same."""
    made, carried = belief(kind), None
    pages = list(requests())
    for number, seen in enumerate(pages):
        seen["clock"][:, 3] = number
        seen["clock"][:, 0] = number - (number == 5)
    for seen in pages:
        carried, told = carry(made, seen, carried)
        assert apart(made, told, made.asked(seen)) < SAME


@KINDS
def test_after_a_request_that_was_missed_the_window_is_read(kind):
    made, carried = belief(kind), None
    for number, seen in enumerate(requests()):
        if number != 5:
            carried, told = carry(made, seen, carried)
    assert apart(made, told, made.asked(seen)) < SAME


@KINDS
@pytest.mark.parametrize("room", [1, 2, PAGES])
def test_of_who_does_not_go_on_in_a_lane_the_window_is_read(kind, room):
    """As in a log of a round, in which users stand one behind the other who came long before."""
    made, pages, others = belief(kind), list(requests(room)), list(requests(room, seed=5))
    for each in others:
        each["persona"] = each["persona"] + (room == 1)  # a window of one page cannot tell of the one before
    steps = [*pages[4:7], *others[6:9]]
    seen = {name: torch.stack([page[name] for page in steps]) for name in steps[0]}
    told = told_of_log(made, seen, torch.zeros(len(steps), USERS, 1, dtype=torch.int64))
    for number in (0, 3):
        wanted = made.asked(steps[number])[BELIEF]
        torch.testing.assert_close(told[BELIEF][number], wanted, rtol=0, atol=2e-4)


@KINDS
def test_the_last_sight_of_some_users_is_told_without_taking_note(kind):
    made, pages = belief(kind), list(requests())
    ranker = SimpleNamespace(carry=partial(carry, made), device="cpu")
    recall = Recall(SimpleNamespace(items=SimpleNamespace(recalls=False), ranker=ranker), SLATE)
    arrays = [{name: value.numpy() for name, value in page.items()} for page in pages]
    for seen in arrays[:5]:
        recall(seen)
    rows = np.array([3, 1])
    last = recall.last({name: value[rows] for name, value in arrays[5].items()}, rows)
    wanted = made.asked(pages[5])[BELIEF][rows]
    torch.testing.assert_close(torch.from_numpy(last[BELIEF]), wanted, rtol=0, atol=2e-4)
    torch.testing.assert_close(torch.from_numpy(recall(arrays[5])[BELIEF][rows]), wanted, rtol=0, atol=2e-4)

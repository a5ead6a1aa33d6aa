"""Beliefs carried from page to page are those of the whole past, whoever comes and goes beside a user."""

import pytest
import torch

from driftrec.agents.beliefs import carrying
from driftrec.agents.beliefs.carrying import carry, told_of_log
from driftrec.agents.beliefs.song_belief import ITEMS, OF_ITEMS, SongBelief
from driftrec.agents.beliefs.topic_belief import BELIEF, TopicBelief
from tests.agents.beliefs.listeners import MOOD, SLATE, TOPIC, listeners

USERS, PAGES = 5, 12
KINDS = pytest.mark.parametrize("kind", [TopicBelief, SongBelief])


def belief(kind):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = kind(TOPIC, torch.eye(3)[torch.from_numpy(MOOD)], torch.ones(1, 2), SLATE, dims=2)
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


def close(made, told, wanted):
    for one, other in zip(of_all(made, told), of_all(made, wanted), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=2e-4)


@KINDS
def test_one_page_after_the_other_is_the_window_as_long_as_that_holds_all(kind):
    made, carried = belief(kind), None
    for seen in requests():
        carried, told = carry(made, seen, carried)
        close(made, told, made.asked(seen))


@KINDS
def test_what_a_window_forgets_is_carried(kind):
    made, carried = belief(kind), None
    for seen in requests(room=2):
        carried, told = carry(made, seen, carried)
    close(made, told, made.asked(list(requests())[-1]))
    assert not torch.allclose(made.asked(seen)[BELIEF], told[BELIEF], atol=1e-2)


@KINDS
@pytest.mark.parametrize("at_once", [1, carrying.USERS])
def test_who_comes_new_begins_anew_and_others_go_on(kind, at_once, monkeypatch):
    monkeypatch.setattr(carrying, "USERS", at_once)
    made, carried = belief(kind), None
    pages, others = list(requests()), list(requests(seed=2))
    for number, seen in enumerate(pages):
        mixed = {name: value.clone() for name, value in seen.items()}
        if number >= 4:  # in row 3 another user has come
            for name, value in others[number - 4].items():
                mixed[name][3] = value[3]
        carried, told = carry(made, mixed, carried)
    close(made, told, made.asked(mixed))
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
    close(made, told, made.asked(mixed))


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
    monkeypatch.setattr(carrying, "USERS", 2)  # two users at a time
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
def test_of_who_does_not_go_on_in_a_lane_the_window_is_read(kind):
    """As in a log of a round, in which users stand one behind the other who came long before."""
    made, pages, others = belief(kind), list(requests()), list(requests(seed=2))
    steps = [*pages[4:7], *others[5:8]]
    seen = {name: torch.stack([page[name] for page in steps]) for name in steps[0]}
    told = told_of_log(made, seen, torch.zeros(len(steps), USERS, 1, dtype=torch.int64))
    for number, page in enumerate(steps):
        torch.testing.assert_close(told[BELIEF][number], made.asked(page)[BELIEF], rtol=0, atol=2e-4)

"""What hypotheses say of single items: how often they were opened, what is worn out, and what is nearly so."""

import numpy as np
import torch

from driftrec.agents.beliefs.hypotheses import REST, PageHistory
from driftrec.agents.beliefs.plays import Heard, Limits, first_seen, placed

LIMITS = Limits()


def history(items, opened, hours):
    """Pages of one user, (pages, slate_size), and hours after each."""
    shown = torch.tensor(items)
    there = shown >= 0
    clicks = torch.tensor(opened).bool() & there
    return shown[None], PageHistory(shown[None].clamp(min=0), there[None], clicks[None], torch.tensor([hours]))


def level(limit, half_life):
    """Column of a hypothesis."""
    return int(((LIMITS.limit == limit) & (LIMITS.half_life == half_life)).nonzero())


def test_places_of_the_same_item_are_its_first():
    items = torch.tensor([[7, 3, 7, -1, 3, -1, 5], [1, 1, 1, 2, 2, 3, 1]])
    assert first_seen(items).tolist() == [[0, 1, 0, 3, 1, 3, 6], [0, 0, 0, 3, 3, 5, 0]]


def test_following_is_what_is_written_of_one_item_at_a_time():
    """Written out for every hypothesis, on random pages of which some are empty."""
    rng = np.random.default_rng(0)
    items = np.stack([rng.permutation(6)[:3] for _ in range(12)])
    items[4] = -1
    opened = rng.random(items.shape) < 0.7
    hours = rng.exponential(40.0, 12).astype(np.float32)
    plays = LIMITS.follow(*history(items.tolist(), opened.tolist(), hours.tolist()))
    now_worn, wears_next = LIMITS.now(plays.heard)
    for column in range(len(LIMITS.limit)):
        limit, half_life = LIMITS.limit[column].item(), LIMITS.half_life[column].item()
        wear, worn, count = np.zeros(6), np.zeros(6, bool), np.zeros(6)
        for page in range(12):
            for place, item in enumerate(items[page]):
                if item < 0:
                    continue
                assert plays.before[0, page, place] == count[item]
                assert plays.worn[0, page, place, column] == worn[item]
                wear[item] += opened[page, place]
                count[item] += opened[page, place]
                worn[item] |= opened[page, place] and wear[item] >= limit
            wear *= 2.0 ** (-hours[page] / half_life)
            worn &= wear > REST * limit
        for item in set(items.flatten().tolist()) - {-1}:
            place = plays.heard.items[0].tolist().index(item)
            assert plays.heard.plays[0, place] == count[item]
            assert now_worn[0, place, column] == worn[item]
            assert wears_next[0, place, column] == (not worn[item] and wear[item] + 1 >= limit)


def test_an_item_wears_out_at_the_limit_and_rests():
    opened = [[1, 0]] * 4 + [[0, 0]]
    column = level(2.5, 100.0)
    soon = LIMITS.follow(*history([[4, 5]] * 5, opened, [1.0] * 5))
    assert soon.worn[0, :, 0, column].tolist() == [0, 0, 0, 1, 1]
    worn, _ = LIMITS.now(soon.heard)
    assert worn[0, soon.place[0, 0, 0], column] == 1
    assert worn[0, soon.place[0, 0, 1], column] == 0
    late = LIMITS.follow(*history([[4, 5]] * 5, opened, [1.0] * 4 + [400.0]))
    for each in LIMITS.now(late.heard):
        assert each[0, late.place[0, 0, 0], column] == 0


def test_what_was_heard_goes_on_and_what_is_new_gets_places_of_its_own():
    """Users meet different items, one of them on two places of a page; no place is written to in what was before."""
    heard = Heard.nothing(2, len(LIMITS.limit), torch.device("cpu"))
    first, one = placed(torch.tensor([[7, 3, 7], [1, -1, 2]]), heard)
    assert first[0, 0] == first[0, 2] != first[0, 1]
    assert one.items[1, first[1]].tolist() == [1, -1, 2]
    again, two = placed(torch.tensor([[5, 7], [2, 8]]), one)
    assert again[0, 1] == first[0, 0]
    assert again[1, 0] == first[1, 2]
    assert [sorted(row[row >= 0].tolist()) for row in two.items] == [[3, 5, 7], [1, 2, 8]]
    assert [sorted(row[row >= 0].tolist()) for row in one.items] == [[3, 7], [1, 2]]
    many, last = placed(torch.arange(40).expand(2, -1), two)
    assert torch.equal(last.items.gather(1, many), torch.arange(40).expand(2, -1))
    assert (last.items[:, -1] == -1).all()
    assert last.wear.shape == (2, last.items.shape[1], len(LIMITS.limit))

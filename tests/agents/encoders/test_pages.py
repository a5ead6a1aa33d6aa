"""What a token of a page is made of."""

import pytest
import torch

from driftrec.agents.encoders.item_tables import item_table
from driftrec.agents.encoders.pages import Pages, hours_after
from tests.agents.encoders.logged import observations


@pytest.fixture
def pages(make_context):
    torch.manual_seed(0)
    return Pages(item_table(make_context(), "text", 0), 5).eval()


def test_pages_come_from_the_newest_back_and_those_before_the_first_are_not_there(pages, audience):
    seen = observations(audience)
    assert pages(seen[0]).there.any(dim=1).tolist() == [False] * 6
    assert pages(seen[2]).there.tolist() == [[False, False, True, True]] * 6
    assert pages(seen[8]).values.shape == (6, 4, 32)
    torch.testing.assert_close(pages(seen[8], most=1).values[:, 0], pages(seen[8]).values[:, -1])


def test_what_is_left_of_an_older_page_is_not_read(pages, audience):
    seen = observations(audience)[8]
    cut = {
        name: value[:, 2:] if name in ("shown", "clicked", "engagement", "age") else value
        for name, value in seen.items()
    }
    torch.testing.assert_close(pages(cut).values, pages(seen).values[:, 1:])


def test_hours_are_those_to_the_next_page_or_to_now():
    age = torch.tensor([[0.0, 0.0, 30.0, 6.0, 1.5]])  # the first two never happened
    assert hours_after(age).tolist() == [[0.0, 0.0, 24.0, 4.5, 1.5]]


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [("shown", 17, 3), ("clicked", 17, 1), ("engagement", 17, 9.0), ("age", slice(15, 20), 0.2)],
)
def test_every_part_of_a_page_moves_its_token(pages, audience, name, place, value):
    seen = observations(audience)[8]
    seen["clicked"][:, 17] = 0
    changed = {**seen, name: seen[name].clone()}
    changed[name][:, place] = value
    moved = (pages(changed).values - pages(seen).values).abs().amax(dim=(0, 2))
    assert moved[-1] > 1e-4
    assert moved[:2].max() == 0


def test_less_than_a_page_is_refused(pages, audience):
    seen = {name: value[:, -4:] for name, value in observations(audience)[0].items()}
    with pytest.raises(ValueError, match=r"holds 4 impressions, less than one slate of 5; .* Raise --history"):
        pages(seen)

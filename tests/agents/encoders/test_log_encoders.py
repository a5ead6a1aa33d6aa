"""Networks over pages: what they see, and that pages that never were change nothing."""

import pytest
import torch

from driftrec.agents.encoders.log_encoders import Recurrent, Transformer


@pytest.fixture(params=[Recurrent, Transformer])
def encoder(request):
    torch.manual_seed(0)
    return request.param(8).eval()


def tokens(users=4, pages=6):
    return torch.randn(users, pages, 8, generator=torch.Generator().manual_seed(1))


def read(encoder, values, there=None):
    with torch.inference_mode():
        return encoder(values, torch.ones(values.shape[:2], dtype=torch.bool) if there is None else there)


def test_no_page_sees_a_later_one(encoder):
    """Fails without the mask of later pages."""
    values = tokens()
    before = read(encoder, values)
    values[:, 3] += 1.0
    moved = (read(encoder, values) - before).abs().amax(dim=(0, 2))
    assert moved[:3].max() == 0
    assert moved[3:].min() > 1e-3


def test_pages_before_the_first_say_nothing(encoder):
    values, there = tokens(), torch.tensor([[False, False, True, True, True, True]] * 4)
    found = read(encoder, values, there)
    assert found[:, :2].abs().max() == 0
    torch.testing.assert_close(found[:, 2:], read(encoder, values[:, 2:]), atol=1e-6, rtol=0)
    assert read(encoder, values, torch.zeros(4, 6, dtype=torch.bool)).abs().max() == 0


def test_order_matters(encoder):
    values = tokens()
    swapped = values[:, [1, 0, 2, 3, 4, 5]]
    assert (read(encoder, values) - read(encoder, swapped))[:, -1].abs().max() > 1e-3


def test_users_do_not_see_each_other(encoder):
    values = tokens()
    torch.testing.assert_close(read(encoder, values)[2:3], read(encoder, values[2:3]), atol=1e-6, rtol=0)


def test_gradients_are_the_same_where_it_serves_and_where_it_learns(encoder):
    values, there = tokens(), torch.tensor([[False, True, True, True, True, True]] * 4)
    learning = encoder.train()(values, there)
    assert torch.isfinite(learning).all()
    torch.testing.assert_close(learning.detach(), read(encoder.eval(), values, there), atol=1e-6, rtol=0)


def test_a_recurrent_network_goes_on_from_where_it_was():
    torch.manual_seed(0)
    encoder, values = Recurrent(8).eval(), tokens()
    hidden = read(encoder, values)
    there = torch.ones(4, 2, dtype=torch.bool)
    torch.testing.assert_close(encoder(values[:, 4:], there, hidden[:, 3]), hidden[:, 4:], atol=1e-6, rtol=0)

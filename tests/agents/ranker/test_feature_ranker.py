"""The ranker on features: one answer for a catalogue and for a request, by its equation, without global state."""

import pytest
import torch

from driftrec.agents.ranker.choice import AnyClick, OneClick
from driftrec.agents.ranker.feature_encoders import UserVector
from driftrec.agents.ranker.feature_ranker import FeatureRanker, Residual
from tests.agents.backward import indexing, operations

USERS, ITEMS, WIDTH, STATE = 6, 9, 4, 3


def make_ranker(choice=None, seed=1):
    return FeatureRanker(UserVector(STATE), WIDTH, choice or OneClick(2), seed).eval()


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_scores_by_the_equation():
    ranker, state, columns = make_ranker(), draw(USERS, STATE), draw(ITEMS, WIDTH)
    ranker.unit.fill_(2.5)
    with torch.no_grad():
        scores, hidden, vectors = ranker(state, columns), ranker.user(state), ranker.item(columns)
        for user in (0, 5):
            for item in (0, 8):
                q, r = ranker.query(hidden[user]).chunk(2)
                a, b = ranker.bias(vectors[item])
                appeal = q @ vectors[item] + a + ranker.level(hidden[user])[0]
                engagement = 2.5 * torch.log1p(torch.exp(r @ vectors[item] + b))
                torch.testing.assert_close(scores.appeal[user, item], appeal)
                torch.testing.assert_close(scores.engagement[user, item], engagement)
    assert scores.appeal.shape == scores.engagement.shape == (USERS, ITEMS)


def test_a_residual_by_hand():
    block, x = Residual(STATE, 8, 5), draw(2, STATE)
    first, _, last = block.mlp
    by_hand = block.linear(x) + last(torch.nn.functional.gelu(first(x)))
    torch.testing.assert_close(block(x), by_hand)


def test_a_request_is_judged_as_a_catalogue_of_the_same_columns():
    ranker, state, columns = make_ranker(), draw(USERS, STATE), draw(ITEMS, WIDTH)
    with torch.no_grad():
        shared, own = ranker(state, columns), ranker(state, columns.expand(USERS, -1, -1))
    torch.testing.assert_close(own.appeal, shared.appeal)
    torch.testing.assert_close(own.engagement, shared.engagement)


def test_every_user_is_judged_with_the_columns_of_that_user():
    ranker, state, columns = make_ranker(), draw(USERS, STATE), draw(USERS, ITEMS, WIDTH)
    with torch.no_grad():
        together = ranker(state, columns)
        for row in range(USERS):
            alone = ranker(state[row : row + 1], columns[row])
            torch.testing.assert_close(together.appeal[row], alone.appeal[0])
            torch.testing.assert_close(together.engagement[row], alone.engagement[0])


def test_the_loss_is_that_of_the_clicks_and_of_what_they_earned():
    ranker, state, columns = make_ranker(), draw(2, STATE), draw(2, 2, WIDTH)
    ranker.unit.fill_(4.0)
    clicks, engagement = torch.tensor([[False, True], [False, False]]), torch.tensor([[9.0, 3.0], [9.0, 9.0]])
    scores = ranker(state, columns)
    error = ((scores.engagement[0, 1] - 3.0) / 4.0) ** 2  # what was not opened earned nothing
    expected = ranker.choice.loss(scores.appeal, clicks) + 0.1 * error / 2
    torch.testing.assert_close(ranker.loss(state, columns, clicks, engagement), expected)


def test_weights_come_from_the_seed_alone_and_leave_torchs_own_numbers_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again, other = make_ranker(seed=1), make_ranker(seed=1), make_ranker(seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert not torch.equal(first.query.weight, other.query.weight)


@pytest.mark.parametrize("choice", [OneClick(2), AnyClick(2)])
def test_gradients_add_up_in_a_fixed_order(choice):
    """See tests/agents/ranker/test_repeatable_gradients.py: no indexing of what is learned."""
    ranker, clicks = make_ranker(choice), torch.zeros(USERS, 2, dtype=torch.bool)
    loss = ranker.loss(draw(USERS, STATE), draw(USERS, 2, WIDTH), clicks, torch.zeros(USERS, 2))
    names = operations(loss)
    assert "BmmBackward0" in names
    assert not indexing(names)

"""What is kept of a network is made anew when its weights change, and is no part of it."""

import copy
import pickle

import pytest
import torch

from driftrec.agents.encoders.kept import Kept
from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.ranker.fitting import FitSettings, fit
from driftrec.agents.ranker.protocol import Logs, as_tensors


@pytest.fixture
def counted():
    """A linear map, its kept product with a table, and the times it was made."""
    linear, rows, made = torch.nn.Linear(3, 2), torch.randn(5, 3), []
    kept = Kept()

    def product():
        def make():
            made.append(1)
            return linear(rows.to(linear.weight))

        return kept((rows, linear.weight, linear.bias), make)

    return linear, rows, product, made


def optimize(linear, rows):
    with torch.enable_grad():
        optimizer = torch.optim.Adam(linear.parameters(), 0.1)
        linear(rows).sum().backward()
        optimizer.step()


CHANGES = {
    "a gradient": optimize,
    "load_state_dict": lambda linear, rows: linear.load_state_dict(torch.nn.Linear(3, 2).state_dict()),
    "another type": lambda linear, rows: linear.to(torch.float64),
    "other rows": lambda linear, rows: rows.mul_(2.0),
    "a weight of its own": lambda linear, rows: setattr(linear, "weight", torch.nn.Parameter(torch.ones(2, 3))),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_makes_it_anew(counted, change):
    linear, rows, product, made = counted
    with torch.no_grad():
        assert product() is product()
        change(linear, rows)
        assert torch.equal(product(), linear(rows.to(linear.weight)))
        assert product() is product()
    assert len(made) == 2


def test_where_gradients_are_wanted_nothing_is_kept(counted):
    linear, _, product, made = counted
    with torch.no_grad():
        product()
    product().sum().backward()
    assert linear.weight.grad is not None
    assert len(made) == 2


def test_of_tensors_made_in_inference_mode_nothing_is_kept(counted):
    kept = Kept()
    with torch.inference_mode():
        rows = torch.ones(3)
        assert torch.equal(kept((rows,), lambda: rows + 1), torch.full((3,), 2.0))
        rows += 1  # which PyTorch does not count
        assert torch.equal(kept((rows,), lambda: rows + 1), torch.full((3,), 3.0))


def pickled(kept):
    return pickle.loads(pickle.dumps(kept))


@pytest.mark.parametrize("again", [copy.deepcopy, pickled])
def test_copies_hold_nothing_of_it(again):
    kept, rows = Kept(), torch.ones(2)
    with torch.no_grad():
        kept((rows,), lambda: rows + 1)
        assert vars(again(kept)) == vars(Kept())


def logs(observation, users):
    slates, clicks = torch.arange(5).repeat(users, 1), torch.eye(6)[torch.arange(users) % 6, :5] > 0
    return Logs(as_tensors(observation), slates, clicks, clicks.float(), torch.zeros(users, dtype=torch.bool))


@pytest.fixture
def ranker(make_context):
    return TextRanker(make_context(), "text", 0).eval()


@pytest.fixture
def observation(audience, make_context):
    people = audience(8)
    people.step(torch.arange(5).repeat(8, 1).numpy())
    return people.observe()


def states(ranker, observation):
    with torch.inference_mode():
        return ranker.state(as_tensors(observation))


def judged(ranker, observation):
    """Appeal and engagement of all items, by the vectors that are kept of them."""
    with torch.inference_mode():
        scores = ranker.scores(states(ranker, observation), None)
    return torch.stack([scores.appeal, scores.engagement])


def products(linear):
    """Times that ``linear`` is applied, from now on."""
    calls = []
    linear.register_forward_hook(lambda *_: calls.append(1))
    return calls


def test_items_are_projected_once_for_all_requests(ranker, observation):
    calls = [products(linear) for linear in (ranker.encoder.project_item, ranker.encoder.project_persona)]
    calls += [products(ranker.tower), products(ranker.item_bias)]
    first = judged(ranker, observation)
    for _ in range(3):
        assert torch.equal(judged(ranker, observation), first)
    assert list(map(len, calls)) == [1, 1, 1, 1]


@pytest.mark.parametrize("name", ["own", "tower.0.weight", "tower.0.bias", "tower.2.weight", "item_bias.weight"])
def test_items_vectors_follow_every_weight_they_are_made_of(ranker, observation, name):
    before = judged(ranker, observation)
    with torch.no_grad():
        ranker.get_parameter(name).add_(0.1 * torch.randn(ranker.get_parameter(name).shape))
    after = judged(ranker, observation)
    assert not torch.equal(after, before)
    again = copy.deepcopy(ranker)  # which keeps nothing
    assert torch.equal(judged(again, observation), after)


def test_scores_of_kept_vectors_do_not_change_them(ranker, observation):
    """What is taken off appeal and added to it is not what is kept."""
    with torch.inference_mode():
        vectors = ranker.item_vectors().clone()
        judged(ranker, observation)
        assert torch.equal(ranker.item_vectors(), vectors)


def test_judgements_follow_a_fit_and_loaded_weights(ranker, observation, make_context):
    before = judged(ranker, observation)
    saved = copy.deepcopy(ranker.state_dict())
    settings = FitSettings(batch_size=8, learning_rate=0.1)
    fit(ranker, [logs(observation, 8)], settings, epochs=3, seed=0, report=lambda line: None)
    fresh = TextRanker(make_context(), "text", 0).eval()
    fresh.load_state_dict(ranker.state_dict())
    assert torch.equal(judged(ranker, observation), judged(fresh, observation))
    assert not torch.equal(judged(ranker, observation), before)
    ranker.load_state_dict(saved)
    assert torch.equal(judged(ranker, observation), before)


def test_nothing_kept_is_saved(ranker, observation):
    names = set(ranker.state_dict())
    judged(ranker, observation)
    assert set(ranker.state_dict()) == names
    assert len(pickle.dumps(ranker)) == len(pickle.dumps(copy.deepcopy(ranker)))

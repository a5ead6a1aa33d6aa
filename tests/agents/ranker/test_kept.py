"""What is kept of a network is made anew when its weights change, and is no part of it."""

import copy
import pickle

import pytest
import torch

from driftrec.agents.ranker.fitting import MyopicSettings, fit
from driftrec.agents.ranker.kept import Kept
from driftrec.agents.ranker.logs import Logs
from driftrec.agents.ranker.state_encoder import as_tensors
from driftrec.agents.ranker.text_ranker import Ranker


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
    slates = torch.arange(5).repeat(users, 1)
    return Logs(as_tensors(observation), slates, torch.arange(users) % 6, torch.ones(users))


@pytest.fixture
def ranker(make_context):
    return Ranker(make_context(), "text", 0).eval()


@pytest.fixture
def observation(audience, make_context):
    people = audience(8)
    people.step(torch.arange(5).repeat(8, 1).numpy())
    return people.observe()


def states(ranker, observation):
    with torch.inference_mode():
        return ranker.encoder(as_tensors(observation))


def products(linear):
    """Times that ``linear`` is applied, from now on."""
    calls = []
    linear.register_forward_hook(lambda *_: calls.append(1))
    return calls


def test_items_are_projected_once_for_all_requests(ranker, observation):
    calls = [products(linear) for linear in (ranker.encoder.project_item, ranker.encoder.project_persona)]
    first = states(ranker, observation)
    for _ in range(3):
        assert torch.equal(states(ranker, observation), first)
    assert list(map(len, calls)) == [1, 1]


def test_states_follow_a_fit_and_loaded_weights(ranker, observation, make_context):
    before = states(ranker, observation)
    saved = copy.deepcopy(ranker.state_dict())
    settings = MyopicSettings(batch_size=8, learning_rate=0.1)
    fit(ranker, logs(observation, 8), settings, epochs=3, seed=0, report=lambda line: None)
    fresh = Ranker(make_context(), "text", 0).eval()
    fresh.load_state_dict(ranker.state_dict())
    assert torch.equal(states(ranker, observation), states(fresh, observation))
    assert not torch.equal(states(ranker, observation), before)
    ranker.load_state_dict(saved)
    assert torch.equal(states(ranker, observation), before)


def test_nothing_kept_is_saved(ranker, observation):
    names = set(ranker.state_dict())
    states(ranker, observation)
    assert set(ranker.state_dict()) == names
    assert len(pickle.dumps(ranker.encoder)) == len(pickle.dumps(copy.deepcopy(ranker.encoder)))

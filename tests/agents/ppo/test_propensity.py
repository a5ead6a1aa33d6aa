"""What the slate policy says of its own draws."""

import itertools

import numpy as np
import pytest
import torch

from driftrec.agents.policy import Stochastic
from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ppo.slate_policy import SlatePolicy
from tests.agents.every_world import REQUEST, TEXTS, begin

KEPT = 4
SIZE = 2


@pytest.fixture(scope="module", params=[TEXTS, REQUEST])
def served(request):
    """A drawing policy with weights of its own, an observation of many users who are all alike, and its candidates."""
    _, judge, seen = begin(request.param)
    stage = CandidateStage(judge, KEPT, SIZE)
    torch.manual_seed(0)
    network = serving_network(stage, SIZE, temper=1.0)
    torch.nn.init.normal_(network.head.out.weight)
    policy = SlatePolicy(stage, network, greedy=False)
    alike = {name: np.repeat(value[:1], 4000, axis=0) for name, value in seen.items()}
    return policy, alike, stage(alike)["candidates"][0]


def test_chances_of_all_slates_add_up_and_draws_keep_to_them(served):
    policy, alike, candidates = served
    assert isinstance(policy, Stochastic)
    slates = np.array(list(itertools.permutations(candidates, SIZE)))
    few = {name: value[: len(slates)] for name, value in alike.items()}
    wholes = policy.propensity(few, slates).prod(axis=1)
    assert wholes.sum() == pytest.approx(1.0, abs=1e-5)
    policy.reset(4000, 1)
    drawn = policy.act(alike)
    counts = [(drawn == slate).all(axis=1).mean() for slate in slates]
    error = np.sqrt(wholes * (1 - wholes) / 4000)
    assert (np.abs(counts - wholes) < 4.5 * error + 1e-9).all()  # four and a half standard errors, twelve slates


def test_what_is_no_candidate_and_a_repeat_have_no_chance(served):
    policy, alike, candidates = served
    first, second = candidates[:2]
    other = next(item for item in range(100) if item not in candidates)
    slates = np.array([[first, second], [other, first], [first, other], [first, first]])
    found = policy.propensity({name: value[:4] for name, value in alike.items()}, slates)
    assert (found > 0).tolist() == [[True, True], [False, False], [True, False], [True, False]]
    assert np.isnan(policy.marginal(alike, slates)).all()


def test_greedy_slates_are_sure(served):
    policy, alike, _ = served
    greedy = SlatePolicy(policy.stage, policy.network, greedy=True)
    few = {name: value[:2] for name, value in alike.items()}
    own = greedy.act(few)
    swapped = own[:, ::-1]
    assert greedy.propensity(few, own).tolist() == [[1, 1], [1, 1]]
    assert greedy.propensity(few, swapped).tolist() == greedy.marginal(few, swapped).tolist() == [[0, 0], [0, 0]]

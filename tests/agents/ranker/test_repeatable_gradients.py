"""Gradients add up in a fixed order, so that training repeats bit for bit on several threads.

Indexing a tensor that needs a gradient, ``vectors[slates]``, adds rows up in no fixed order; it moved one batch in
some hundred, too rarely to be met by repeating. So the graph itself is looked at. Tried: each of the three lookups
written as an index fails here.
"""

import pytest
import torch

from driftrec.agents.networks.text_ranker import TextRanker
from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ranker.protocol import Logs, as_tensors
from tests.agents.backward import indexing, operations
from tests.agents.every_world import CATALOGUE, TEXTS, begin

SLATE, USERS = 5, 50


def test_indexing_is_found():
    vectors = torch.ones(3, 2, requires_grad=True)
    assert indexing(operations(vectors[torch.tensor([0, 0])].sum())) == {"IndexBackward0"}


def test_the_ranker_looks_rows_up_by_embedding(make_context, audience):
    context = make_context(SLATE)
    for representation in ("text", "ids"):
        ranker = TextRanker(context, representation, 0)
        observation = as_tensors(audience(USERS).observe())
        slates = torch.arange(SLATE).repeat(USERS, 1)
        clicks = torch.eye(SLATE + 1)[torch.arange(USERS) % (SLATE + 1), :SLATE] > 0
        loss = ranker.loss(Logs(observation, slates, clicks, clicks.float(), torch.zeros(USERS)))
        names = operations(loss)
        assert "EmbeddingBackward0" in names
        assert not indexing(names)


@pytest.mark.parametrize(("args", "operation"), [(TEXTS, "GatherBackward0"), (CATALOGUE, "BmmBackward0")])
def test_the_slate_policy_does_not_index_what_it_learns(args, operation):
    setup, judge, seen = begin(args, users=USERS)
    stage = CandidateStage(judge, 20, setup.slate_size)
    network = serving_network(stage, setup.slate_size, temper=5.0)
    slates = torch.arange(setup.slate_size).repeat(USERS, 1)
    value, log_p, entropy = network.evaluate_actions(as_tensors(stage(seen)), slates)
    names = operations(value.sum() + log_p.sum() + entropy.sum())
    assert operation in names
    assert not indexing(names)

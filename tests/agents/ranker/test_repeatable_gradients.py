"""Gradients add up in a fixed order, so that training repeats bit for bit on several threads.

Indexing a tensor that needs a gradient, ``vectors[slates]``, adds rows up in no fixed order; it moved one batch in
some hundred, too rarely to be met by repeating. So the graph itself is looked at. Tried: each of the three lookups
written as an index fails here.
"""

import numpy as np
import torch

from driftrec.agents.ppo.actor_critic import serving_network
from driftrec.agents.ppo.candidates import CandidateStage
from driftrec.agents.ranker.state_encoder import as_tensors
from driftrec.agents.ranker.text_ranker import Ranker
from tests.agents.backward import indexing, operations

SLATE, USERS = 5, 50


def test_indexing_is_found():
    vectors = torch.ones(3, 2, requires_grad=True)
    assert indexing(operations(vectors[torch.tensor([0, 0])].sum())) == {"IndexBackward0"}


def test_the_ranker_looks_rows_up_by_embedding(make_context, play, audience):
    context = make_context(SLATE)
    for representation in ("text", "ids"):
        ranker = Ranker(context, representation, 0)
        observation = as_tensors(audience(USERS).observe())
        slates = torch.arange(SLATE).repeat(USERS, 1)
        loss = ranker.loss(observation, slates, torch.arange(USERS) % (SLATE + 1), torch.ones(USERS))
        names = operations(loss)
        assert "EmbeddingBackward0" in names
        assert not indexing(names)


def test_the_slate_policy_does_not_index_what_it_learns(make_context, audience):
    stage = CandidateStage(Ranker(make_context(SLATE), "text", 0), 20)
    network = serving_network(stage, SLATE, temper=5.0)
    seen = {name: torch.from_numpy(array) for name, array in stage(audience(USERS).observe()).items()}
    value, log_p, entropy = network.evaluate_actions(seen, torch.from_numpy(np.tile(np.arange(SLATE), (USERS, 1))))
    names = operations(value.sum() + log_p.sum() + entropy.sum())
    assert "GatherBackward0" in names
    assert not indexing(names)

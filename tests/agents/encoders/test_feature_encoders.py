"""State vectors: the user's own numbers, nothing, memories of past slates, or past responses, by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from driftrec.agents.encoders.feature_encoders import HALF_LIVES, PastResponses, PastSlates, Scaler, UserVector
from driftrec.agents.networks.feature_ranker import FeatureRanker
from driftrec.agents.ranker.choice import OneClick
from driftrec.agents.ranker.fitting import FitSettings, fit
from driftrec.agents.ranker.items import FeatureItems
from driftrec.agents.ranker.protocol import Logs
from driftrec.agents.setup import WorldArgs, set_up
from tests.agents.every_world import unfitted

EXPLORATION = "driftrec/RecSim-InterestExploration-v0"
FEATURES = np.array([[0.6, 0.8], [1.0, 0.0], [0.0, 1.0]], np.float32)
CATALOGUE = FeatureItems(3, FEATURES, np.array([1, 0, 1])).catalogue


def test_what_is_shown_of_a_user_is_the_state():
    user = torch.tensor([[0.1, -2.0], [3.0, 0.0]])
    encoder = UserVector(2)
    assert encoder.width == 2
    assert torch.equal(encoder({"user": user, "candidates": torch.ones(2, 5, 3)}), user)


def test_where_nothing_is_shown_all_users_are_one():
    encoder = UserVector(0)
    assert encoder.width == 1
    rng = torch.Generator().manual_seed(0)
    seen = {"candidates": torch.rand(4, 5, 3, generator=rng), "quality": torch.rand(4, 2, generator=rng)}
    assert torch.equal(encoder(seen), torch.ones(4, 1))


def past():
    """Two users with three impressions each: click, miss, click; nothing yet, then a miss and a click on one item."""
    return {
        "shown": torch.tensor([[0, 1, 2], [-1, 1, 1]], dtype=torch.int32),
        "clicked": torch.tensor([[1, 0, 1], [0, 0, 1]], dtype=torch.int8),
        "age": torch.tensor([[4.0, 2.0, 1.0], [0.0, 3.0, 1.0]]),
        "hist": torch.tensor([[0.2, 0.4], [0.0, 1.0]]),
    }


def memories_by_hand(row, clicked, half_life):
    """Mean columns of what was clicked, or passed over, weighed by 2^(-age / half-life) against one; and log(1 + w)."""
    seen = {name: value[row].tolist() for name, value in past().items()}
    columns = np.concatenate([FEATURES, np.eye(2)[[1, 0, 1]]], axis=1)  # with the main topic
    total, weight = np.zeros(4), 0.0
    for item, click, age in zip(seen["shown"], seen["clicked"], seen["age"], strict=True):
        if item >= 0 and bool(click) == clicked:
            total += 2.0 ** (-age / half_life) * columns[item]
            weight += 2.0 ** (-age / half_life)
    return total / (1.0 + weight), np.log1p(weight)


def test_past_slates_by_hand():
    encoder = PastSlates(CATALOGUE, counted=2, topics=2)
    states = encoder(past()).numpy()
    assert states.shape == (2, encoder.width)
    for row in range(2):
        found = [memories_by_hand(row, clicked, life) for clicked in (True, False) for life in HALF_LIVES]
        expected = np.concatenate([*(mean for mean, _ in found), [log for _, log in found], past()["hist"][row]])
        np.testing.assert_allclose(states[row], expected, rtol=1e-5, atol=1e-6)


def test_past_slates_tell_of_every_topic_that_items_have():
    """Of three topics counted items have two; the click on topic 1 four steps ago fades by half in one, and so on."""
    encoder = PastSlates(CATALOGUE, counted=3, topics=2)
    world = torch.tensor([[0.2, 0.4, 0.9], [0.0, 1.0, 0.9]])
    of_topic = encoder.by_topic({**past(), "hist": world}).numpy()
    assert of_topic.shape == (2, *encoder.topic_shape)
    clicks = [2.0 ** (-4.0 / life) + 2.0 ** (-1.0 / life) for life in HALF_LIVES]  # items 0 and 2, of topic 1
    np.testing.assert_allclose(of_topic[0, 1, : len(HALF_LIVES)], np.log1p(clicks), rtol=1e-5)
    np.testing.assert_allclose(of_topic[0, 0, : len(HALF_LIVES)], 0.0, atol=1e-6)
    passed = [2.0 ** (-2.0 / life) for life in HALF_LIVES]  # item 1, of topic 0
    np.testing.assert_allclose(of_topic[0, 0, 3:6], np.log1p(passed), rtol=1e-5)
    np.testing.assert_allclose(of_topic[0, 1, 6:9], (np.array(clicks) + 0.3) / (np.array(clicks) + 1.0), rtol=1e-5)
    np.testing.assert_allclose(of_topic[..., -1], world[:, :2], rtol=1e-6)


def test_blocks_of_a_user_tell_of_every_topic_that_items_have():
    user = torch.tensor([[1.0, 2.0, 3.0, 10.0, 20.0, 30.0]])
    encoder = UserVector(6, blocks=2, num_topics=2)
    assert encoder.by_topic({"user": user}).tolist() == [[[1.0, 10.0], [2.0, 20.0]]]
    assert UserVector(6).by_topic({"user": user}).shape == (1, 0, 0)


def test_before_the_first_slate_there_are_no_memories():
    nobody = {"shown": torch.full((1, 3), -1), "clicked": torch.zeros(1, 3), "age": torch.zeros(1, 3)}
    state = PastSlates(CATALOGUE, counted=2, topics=2)({**nobody, "hist": torch.zeros(1, 2)})
    assert (state == 0).all()


def test_the_average_user_stays_while_the_ranker_is_fitted():
    """Logs hold states as the encoder gave them."""
    columns = torch.tensor([[[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]]]).repeat(64, 1, 1)
    clicks = torch.arange(128).reshape(64, 2) % 5 == 0
    encoder = PastResponses(2, slate_size=2)
    encoder.learn(columns, clicks)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    assert before["weights"].any()
    assert [parameter.grad for parameter in encoder.parameters()] == [None, None]
    ranker = FeatureRanker(encoder, 3, OneClick(2), seed=0)
    logs = Logs(
        {"state": torch.randn(64, encoder.width)}, columns, clicks, clicks.float(), torch.zeros(64, dtype=torch.bool)
    )
    fit(ranker, [logs], FitSettings(), epochs=1, seed=0, report=lambda line: None)
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())


def test_making_an_encoder_draws_nothing():
    before = torch.get_rng_state()
    PastResponses(2, slate_size=2)
    assert torch.equal(torch.get_rng_state(), before)


def test_only_what_was_learned_is_saved():
    assert not UserVector(3).state_dict()
    assert not PastSlates(CATALOGUE, counted=2, topics=2).state_dict()
    assert set(PastResponses(2, 2).state_dict()) == {"weights", "choice.examination.falls"}


def test_scaled_columns_have_mean_0_and_deviation_1():
    rows = torch.tensor([[1.0, 5.0, 0.0], [3.0, 5.0, 0.0], [5.0, 5.0, 300.0]])
    scaler = Scaler(3)
    assert torch.equal(scaler(rows[:2]), rows[:2])  # as they are, to begin with
    scaler.learn(rows)
    assert scaler(rows)[:, 0].tolist() == [-1.0, 0.0, 1.0]
    assert scaler(rows)[:, 1].tolist() == [0.0, 0.0, 0.0]  # a constant is taken off, not blown up
    assert scaler(torch.tensor([[1e9, 6.0, -1e9]])).tolist() == [[10.0, 1.0, -10.0]]


def responses(clicked, quality, cluster):
    """One user's window of responses."""
    return {
        "clicked": torch.tensor([clicked], dtype=torch.int8),
        "quality": torch.tensor([quality]),
        "cluster": torch.tensor([cluster], dtype=torch.int32),
    }


def average_user(topics=2, slate_size=2, weights=(-0.5, -1.5, 0.2)):
    """An encoder whose average user is known, and who looks at all positions alike."""
    encoder = PastResponses(topics, slate_size)
    with torch.no_grad():
        encoder.weights.copy_(torch.tensor(weights))
        encoder.choice.examination.falls.fill_(-100.0)
    return encoder


def test_past_responses_by_hand():
    """Three slates of two, the first of them before the user came; topic 0 beside topic 1, then topic 1 twice."""
    seen = responses([0, 0, 1, 0, 0, 0], [0.0, 0.0, 2.0, 1.0, 5.0, 3.0], [-1, -1, 0, 1, 1, 1])
    encoder = average_user()
    (state,) = encoder(seen).tolist()
    assert encoder.width == len(state)
    w = np.exp([-0.5 + 0.4, -1.5 + 0.2, -1.5 + 1.0, -1.5 + 0.6])
    p = np.concatenate([w[:2] / (1 + w[:2].sum()), w[2:] / (1 + w[2:].sum())])
    score = [1 - p[0], -p[1] - p[2] - p[3]]
    both = p[2] + p[3]  # of one topic in one slate: clicked is one of them or none
    variance = np.array([p[0] * (1 - p[0]), p[1] * (1 - p[1]) + both * (1 - both)])
    assert state == pytest.approx([*score, *(score / np.sqrt(variance + 1)), 2.0], rel=1e-5)


def test_score_is_the_derivative_of_the_likelihood_in_the_taste_for_a_topic():
    seen = responses([1, 0, 0, 0, 0, 1], [1.2, 2.0, 0.3, 1.1, 2.2, 1.9], [0, 1, 1, 1, 0, 0])
    encoder = average_user()
    columns = torch.tensor([[[1, 0, 1.2], [0, 1, 2.0]], [[0, 1, 0.3], [0, 1, 1.1]], [[1, 0, 2.2], [1, 0, 1.9]]])
    taste = torch.zeros(2, requires_grad=True)
    appeal = columns @ encoder.weights + columns[..., :2] @ taste
    (-3 * encoder.choice.loss(appeal, seen["clicked"].reshape(3, 2) > 0)).backward()  # a mean over 3 slates
    assert taste.grad is not None
    assert encoder(seen)[0, :2].tolist() == pytest.approx(taste.grad.tolist(), rel=1e-5)


def test_average_user_is_found_in_random_slates():
    """20,000 slates; the weights' standard errors, from the Hessian, are at most 0.033, and the bound is 4 of them."""
    rng = np.random.default_rng(0)
    topic = torch.from_numpy(rng.integers(2, size=(20_000, 2)))
    columns = torch.cat([nn.functional.one_hot(topic, 2), torch.from_numpy(rng.normal(1, 0.5, (20_000, 2, 1)))], 2)
    columns = columns.float()
    truth, encoder = average_user(), PastResponses(2, 2)
    chances = truth.choice.chances(columns @ truth.weights).numpy()
    drawn = (rng.random((20_000, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    encoder.learn(columns, nn.functional.one_hot(torch.from_numpy(drawn), 3)[:, :2] > 0)
    assert encoder.weights.tolist() == pytest.approx([-0.5, -1.5, 0.2], abs=0.13)


def test_before_the_first_response_all_is_zero():
    assert (average_user()(responses([0] * 4, [0.0] * 4, [-1] * 4)) == 0).all()


def test_a_topic_never_shown_says_nothing_about_itself():
    encoder = average_user(3, 1, (-0.9, -0.8, -0.7, 0.4))
    state = encoder(responses([1, 0], [2.0, 1.0], [0, 0]))[0]
    assert state[[1, 2, 4, 5]].tolist() == [0.0] * 4
    expected = 1 / (1 + np.exp(-np.array([-0.9 + 0.8, -0.9 + 0.4])))
    assert state[0].item() == pytest.approx(1 - expected.sum(), rel=1e-5)


@pytest.mark.parametrize(
    ("args", "kind"),
    [
        (WorldArgs(EXPLORATION, history=1), UserVector),  # as published: the last slate alone
        (WorldArgs(EXPLORATION, history=2), PastResponses),
        (WorldArgs(EXPLORATION, slate_size=3, history=2), PastResponses),
        (WorldArgs("driftrec/RecSim-InterestEvolution-v0"), UserVector),  # which shows the user
    ],
)
def test_responses_are_read_where_there_are_several_and_nothing_else_of_the_user(args, kind):
    setup = set_up(args)
    encoder = unfitted(setup).ranker.encoder
    assert type(encoder) is kind
    if kind is PastResponses:
        assert (encoder.topics, encoder.slate_size) == (2, setup.slate_size)

"""What ranking by content promises beyond the contract, without and with exploration."""

import dataclasses

import numpy as np
import pytest

from driftrec.agents.baselines import Content, EpsilonContent
from driftrec.agents.baselines.content import read_weights, without
from driftrec.agents.policy import Context


def on_a_ring(degrees, persona_degrees=(0.0,), slate_size=4):
    """Items at these angles and, to keep their mean at the origin, opposite; all with a common part."""

    def embed(angles):
        angles = np.deg2rad(angles)
        return np.stack([np.cos(angles), np.sin(angles), np.full(len(angles), 5.0)], axis=1).astype(np.float32)

    items = embed(np.concatenate([degrees, np.asarray(degrees) + 180.0]))
    titles = tuple(str(i) for i in range(len(items)))
    return Context(slate_size, items, embed(persona_degrees), np.ones(len(items), np.float32), titles)


RING = [0.0, 10.0, 25.0, 45.0, 70.0, 81.0]


def test_content_puts_the_nearest_to_the_clicked_first(history):
    policy = Content(on_a_ring(RING), persona_weight=0.0)
    observation = history([[9, 0], [4, 10]], [[0, 1], [1, 0]])  # clicked: 0 degrees; 70 degrees
    assert policy.act(observation).tolist() == [[1, 2, 3, 4], [5, 3, 2, 1]]


def test_content_starts_from_the_persona(nothing_yet):
    policy = Content(on_a_ring(RING, persona_degrees=[1.0, 80.0]))
    assert policy.act(nothing_yet([0, 1])).tolist() == [[0, 1, 2, 3], [5, 4, 3, 2]]


def test_content_half_life_decides_what_counts(history):
    observation = history([[0, 5]], [[1, 1]], age=[[48.0, 0.0]])  # 81 degrees now, 0 degrees two days ago
    recent = Content(on_a_ring(RING), persona_weight=0.0, half_life=6.0)
    steady = Content(on_a_ring(RING), persona_weight=0.0, half_life=1e6)  # profile at 40.5 degrees
    assert recent.act(observation)[0].tolist() == [4, 3, 2, 1]
    assert steady.act(observation)[0].tolist() == [3, 2, 4, 1]


def test_content_ignores_what_all_embeddings_share(make_context, play):
    context = make_context()
    shifted = dataclasses.replace(
        context,
        item_embeddings=context.item_embeddings + np.float32(2.0),
        persona_embeddings=context.persona_embeddings + np.float32(2.0),
    )
    np.testing.assert_array_equal(play(Content(shifted))[1], play(Content(context))[1])


@pytest.mark.parametrize(("kind", "settings"), [(Content, {}), (EpsilonContent, {"epsilon": 0.0})])
def test_content_breaks_ties_by_the_seed(kind, settings, make_context, nothing_yet):
    policy = kind(make_context(), persona_weight=0.0, **settings)
    slates = []
    for seed in range(8):
        policy.reset(2, seed)
        slates.append(policy.act(nothing_yet([0, 1])))
        np.testing.assert_array_equal(slates[-1][0], slates[-1][1])
    assert len(np.unique(np.stack(slates)[:, 0, 0])) > 3  # not always the low ids; 8 equal draws of 60


def test_read_weights_halve_and_add_up(history):
    observation = history(
        [[4, 2, 0], [1, 1, 3], [0, 1, 2]],
        [[0, 1, 1], [1, 1, 1], [0, 0, 0]],
        age=[[9.0, 24.0, 0.0], [1e7 + 48, 1e7 + 24, 1e7], [0.0, 0.0, 0.0]],
    )
    weights = read_weights(observation, half_life=24.0, num_items=5).toarray()
    expected = [[2 / 3, 0, 1 / 3, 0, 0], [0, 3 / 7, 0, 4 / 7, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


def test_epsilon_zero_is_content(make_context, play):
    np.testing.assert_array_equal(
        play(EpsilonContent(make_context(), 0.0, 0.4, 30.0))[1], play(Content(make_context(), 0.4, 30.0))[1]
    )


def test_epsilon_is_the_share_of_random_positions(make_context, nothing_yet):
    context, persona = make_context(), np.arange(2000) % 10
    near = Content(context).act(nothing_yet(persona))
    slates = EpsilonContent(context, epsilon=0.3).act(nothing_yet(persona))
    other = ~(slates[:, :, None] == near[:, None, :]).any(axis=2)
    # Fillers come from the nearest five, and a random item is one of them with chance 5/60.
    chance = 0.3 * 55 / 60
    sd = np.sqrt(chance * (1 - chance) / other.size)  # draws without repeats vary less than a binomial
    assert abs(other.mean() - chance) < 4.5 * sd
    for position in other.T:
        assert abs(position.mean() - chance) < 4.5 * sd * np.sqrt(5)


def test_epsilon_keeps_the_order_of_the_nearest(make_context, nothing_yet):
    context, persona = make_context(), np.arange(500) % 10
    ranked = Content(context).act(nothing_yet(persona))
    slates = EpsilonContent(context, epsilon=0.4).act(nothing_yet(persona))
    place = np.argmax(slates[:, :, None] == ranked[:, None, :], axis=2)  # 0 also for other items
    ascending = [np.diff(row[row > 0]).min(initial=1) > 0 for row in place]
    # Only a random item among the nearest can break the order: chance below 5 * 0.4 * 5/60 a slate.
    assert np.mean(ascending) > 1 - 5 * 0.4 * 5 / 60


def test_without_moves_hits_to_the_end():
    assert without(np.array([[5, 3, 8, 1]]), np.array([[8, 5, -1]])).tolist() == [[3, 1, 5, 8]]

"""What each baseline promises beyond the contract."""

import dataclasses
from itertools import permutations

import numpy as np
import pytest

from driftrec.agents.baselines import Content, EpsilonContent, LinUCB, Popular, Random, common
from driftrec.agents.baselines.common import (
    best_unread,
    centred_units,
    read_mask,
    draw_distinct,
    step_generator,
    top_k,
)
from driftrec.agents.baselines.content import read_weights, without
from driftrec.agents.baselines.linucb import add_rank_one, principal_components
from driftrec.agents.policy import Context


def history(items, clicked, age=None, persona=None):
    """An observation with the given history, one row a user."""
    items = np.asarray(items, np.int32)
    users = len(items)
    clicked = np.asarray(clicked, np.int8)
    age = np.zeros(items.shape, np.float32) if age is None else np.asarray(age, np.float32)
    return {
        "persona": np.zeros((users, 1), np.int32) if persona is None else np.asarray(persona, np.int32)[:, None],
        "items": items,
        "clicked": clicked,
        "engagement": np.zeros(items.shape, np.float32),
        "age": age,
        "read_items": np.where(clicked > 0, items, np.int32(-1)),
        "read_minutes": np.zeros(items.shape, np.float32),
        "read_age": np.where(clicked > 0, age, np.float32(0.0)),
        "clock": np.zeros((users, 4), np.float32),
    }


def nothing_yet(persona):
    """The observation of users who have seen nothing."""
    empty = np.full((len(persona), 3), -1)
    return history(empty, np.zeros_like(empty), persona=persona)


# Shared helpers


def test_top_k_is_best_first():
    assert top_k([0.1, 0.9, 0.5], 2).tolist() == [1, 2]
    assert top_k([[3.0, 1.0, 2.0], [-np.inf, 0.0, 5.0]], 3).tolist() == [[0, 2, 1], [2, 1, 0]]


@pytest.mark.parametrize("k", [0, 4])
def test_top_k_refuses(k):
    with pytest.raises(ValueError, match=f"best {k} of 3 items"):
        top_k([1.0, 2.0, 3.0], k)


def test_read_mask():
    mask = read_mask(history([[-1, 2, 0], [1, 1, 3]], [[0, 1, 0], [0, 1, 1]]), num_items=4)
    assert mask.tolist() == [[False, False, True, False], [False, True, False, True]]


def test_best_unread_shows_the_read_last():
    observation = history([[2, 1], [-1, 0]], [[1, 1], [0, 0]])
    slates = best_unread(lambda chunk, rows: np.tile([1.0, 3.0, 4.0, 2.0], (2, 1)), observation, 4, 3)
    assert slates[0, :2].tolist() == [3, 0]
    assert slates[0, 2] in (1, 2)
    assert slates[1].tolist() == [2, 1, 3]


def test_best_unread_does_not_depend_on_chunks(monkeypatch):
    generator = np.random.default_rng(0)
    scores = generator.random((10, 8))
    observation = history(generator.integers(0, 8, (10, 4)), generator.integers(0, 2, (10, 4)))
    whole = best_unread(lambda chunk, rows: scores[rows].copy(), observation, 8, 3)
    monkeypatch.setattr(common, "CHUNK_CELLS", 24)  # three users a chunk
    np.testing.assert_array_equal(best_unread(lambda chunk, rows: scores[rows].copy(), observation, 8, 3), whole)


def test_step_generator_gives_rows_the_same_numbers_in_any_batch():
    few, many = step_generator(5, 2).random((3, 4)), step_generator(5, 2).random((9, 4))
    np.testing.assert_array_equal(many[:3], few)
    assert (step_generator(5, 3).random((3, 4)) != few).all()


@pytest.mark.parametrize(("num_items", "picks"), [(4, 4), (5, 2), (6, 1)])
def test_draw_distinct_maps_cells_to_all_ordered_samples(num_items, picks):
    """One point in every cell of equal volume gives every ordered sample once."""
    axes = [(np.arange(num_items - p) + 0.5) / (num_items - p) for p in range(picks)]
    uniforms = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, picks)
    samples = [tuple(row) for row in draw_distinct(uniforms, num_items).tolist()]
    assert sorted(samples) == sorted(permutations(range(num_items), picks))


def test_draw_distinct_stays_in_range_at_the_end():
    assert draw_distinct(np.full((1, 3), np.nextafter(1.0, 0.0)), 1000).tolist() == [[999, 998, 997]]


def test_draw_distinct_refuses_more_than_there_are():
    with pytest.raises(ValueError, match="Cannot draw 3 distinct items of 2"):
        draw_distinct(np.zeros((1, 3)), 2)


def test_centred_units():
    rows = np.array([[4.0, 5.0], [1.0, 1.0], [1.0, -1.0]], np.float32)
    expected = [[0.6, 0.8], [0.0, 0.0], [0.0, -1.0]]
    np.testing.assert_allclose(centred_units(rows, np.ones(2, np.float32)), expected, rtol=1e-6)


# Random


def test_random_shows_every_item_equally_often(make_context):
    policy = Random(make_context())
    policy.reset(2000, 4)
    observation = nothing_yet(np.zeros(2000))
    slates = np.concatenate([policy.act(observation) for _ in range(6)])
    for position in slates.T:
        counts = np.bincount(position, minlength=60)  # binomial(12000, 1/60): sd 14.0
        assert abs(counts - 200).max() < 4.5 * 14.0  # 300 such counts: false alarm below 0.3 %


# Popular


def test_popular_smooths_rates(make_context):
    policy = Popular(make_context(slate_size=2, num_items=4), strength=2.0)
    assert policy.rates().tolist() == [0.0] * 4
    observation = nothing_yet(np.zeros(3))
    slates, clicks = np.array([[0, 1], [0, 2], [-1, -1]]), np.array([[1, 0], [1, 0], [0, 0]], bool)
    policy.update(observation, slates, clicks, clicks.astype(np.float32))
    # 2 clicks in 4 impressions; the user who was gone counts for nothing.
    np.testing.assert_allclose(policy.rates(), [3 / 4, 1 / 3, 1 / 3, 1 / 2])
    assert policy.act(nothing_yet([0])).tolist() == [[0, 3]]


def test_popular_starts_at_random(make_context):
    policy = Popular(make_context())
    policy.reset(6000, 0)
    counts = np.bincount(policy.act(nothing_yet(np.zeros(6000)))[:, 0], minlength=60)
    assert abs(counts - 100).max() < 4.5 * 9.9  # binomial(6000, 1/60): sd 9.9


def test_popular_learns_what_is_popular(make_context):
    policy = Popular(make_context())
    policy.reset(200, 0)
    generator, observation = np.random.default_rng(1), nothing_yet(np.zeros(200))
    for _ in range(30):
        slates = policy.act(observation)
        clicks = generator.random(slates.shape) < np.where(slates == 7, 0.6, 0.1)
        policy.update(observation, slates, clicks, clicks.astype(np.float32))
    assert (policy.act(observation)[:, 0] == 7).all()
    assert abs(policy.rates()[7] - 0.6) < 0.05  # 30 * 200 impressions: sd 0.006


# Content


def on_a_ring(degrees, persona_degrees=(0.0,), slate_size=4):
    """Items at these angles and, to keep their mean at the origin, opposite; all with a common part."""

    def embed(angles):
        angles = np.deg2rad(angles)
        return np.stack([np.cos(angles), np.sin(angles), np.full(len(angles), 5.0)], axis=1).astype(np.float32)

    items = embed(np.concatenate([degrees, np.asarray(degrees) + 180.0]))
    titles = tuple(str(i) for i in range(len(items)))
    return Context(slate_size, items, embed(persona_degrees), np.ones(len(items), np.float32), titles)


RING = [0.0, 10.0, 25.0, 45.0, 70.0, 81.0]


def test_content_puts_the_nearest_to_the_clicked_first():
    policy = Content(on_a_ring(RING), persona_weight=0.0)
    observation = history([[9, 0], [4, 10]], [[0, 1], [1, 0]])  # clicked: 0 degrees; 70 degrees
    assert policy.act(observation).tolist() == [[1, 2, 3, 4], [5, 3, 2, 1]]


def test_content_starts_from_the_persona():
    policy = Content(on_a_ring(RING, persona_degrees=[1.0, 80.0]))
    assert policy.act(nothing_yet([0, 1])).tolist() == [[0, 1, 2, 3], [5, 4, 3, 2]]


def test_content_half_life_decides_what_counts():
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
def test_content_breaks_ties_by_the_seed(kind, settings, make_context):
    policy = kind(make_context(), persona_weight=0.0, **settings)
    slates = []
    for seed in range(8):
        policy.reset(2, seed)
        slates.append(policy.act(nothing_yet([0, 1])))
        np.testing.assert_array_equal(slates[-1][0], slates[-1][1])
    assert len(np.unique(np.stack(slates)[:, 0, 0])) > 3  # not always the low ids; 8 equal draws of 60


def test_read_weights_halve_and_add_up():
    observation = history(
        [[4, 2, 0], [1, 1, 3], [0, 1, 2]],
        [[0, 1, 1], [1, 1, 1], [0, 0, 0]],
        age=[[9.0, 24.0, 0.0], [1e7 + 48, 1e7 + 24, 1e7], [0.0, 0.0, 0.0]],
    )
    weights = read_weights(observation, half_life=24.0, num_items=5).toarray()
    expected = [[2 / 3, 0, 1 / 3, 0, 0], [0, 3 / 7, 0, 4 / 7, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


# EpsilonContent


def test_epsilon_zero_is_content(make_context, play):
    np.testing.assert_array_equal(
        play(EpsilonContent(make_context(), epsilon=0.0))[1], play(Content(make_context()))[1]
    )


def test_epsilon_is_the_share_of_random_positions(make_context):
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


def test_epsilon_keeps_the_order_of_the_nearest(make_context):
    context, persona = make_context(), np.arange(500) % 10
    ranked = Content(context).act(nothing_yet(persona))
    slates = EpsilonContent(context, epsilon=0.4).act(nothing_yet(persona))
    place = np.argmax(slates[:, :, None] == ranked[:, None, :], axis=2)  # 0 also for other items
    ascending = [np.diff(row[row > 0]).min(initial=1) > 0 for row in place]
    # Only a random item among the nearest can break the order: chance below 5 * 0.4 * 5/60 a slate.
    assert np.mean(ascending) > 1 - 5 * 0.4 * 5 / 60


def test_without_moves_hits_to_the_end():
    assert without(np.array([[5, 3, 8, 1]]), np.array([[8, 5, -1]])).tolist() == [[3, 1, 5, 8]]


# LinUCB


def serve(policy, weights, steps, noise, generator, slate_size=5):
    """Show random slates, pay features @ weights plus noise a position; return A summed by hand."""
    users = len(weights)
    observation = nothing_yet(np.arange(users) % 10)
    policy.reset(users, 0)
    gram = np.tile(policy.ridge * np.eye(policy.features.shape[1]), (users, 1, 1))
    for _ in range(steps):
        slates = draw_distinct(generator.random((users, slate_size)), len(policy.features))
        x = policy.features[slates]  # (users, slate_size, features)
        minutes = np.einsum("ukd,ud->uk", x, weights) + noise * generator.normal(size=slates.shape)
        gram += np.einsum("ukd,uke->ude", x, x)
        policy.update(observation, slates, minutes > 0, minutes)
    return observation, gram


def test_linucb_solves_the_ridge_regression(make_context):
    policy = LinUCB(make_context(), ridge=0.7)
    policy.reset(3, 0)
    generator, persona = np.random.default_rng(0), np.array([[4], [4], [9]])
    slates, minutes = generator.integers(0, 60, (9, 3, 5)), generator.random((9, 3, 5))
    for shown, paid in zip(slates, minutes, strict=True):
        policy.update(nothing_yet(persona[:, 0]), shown, paid > 0, paid)
    for user in range(3):
        x, prior = policy.features[slates[:, user].ravel()], policy.prior_mean[persona[user, 0]]
        gram = 0.7 * np.eye(17) + x.T @ x
        expected = np.linalg.solve(gram, 0.7 * prior + x.T @ minutes[:, user].ravel())
        np.testing.assert_allclose(policy.theta(persona)[user], expected, rtol=1e-9)


def test_linucb_converges_to_a_linear_reward(make_context):
    """|theta - w| <= ridge |w - theta_0| / lowest eigenvalue of A + noise of covariance below s^2 A^-1."""
    policy, generator = LinUCB(make_context()), np.random.default_rng(2)
    weights = generator.normal(size=(40, 17))
    errors = []
    for steps in (20, 400):
        observation, gram = serve(policy, weights, steps, 0.5, generator)
        error = np.linalg.norm(policy.theta(observation["persona"]) - weights, axis=1)
        distance = np.linalg.norm(weights - policy.prior_mean[observation["persona"][:, 0]], axis=1)
        bias = policy.ridge * distance / np.linalg.eigvalsh(gram)[:, 0]
        spread = 0.5 * np.sqrt(np.trace(np.linalg.inv(gram), axis1=1, axis2=2))
        assert (error < bias + 4 * spread).all()
        errors.append(error.mean())
    assert errors[1] < errors[0] / 3  # 20 times the data: about sqrt(20) = 4.5


def test_linucb_without_alpha_is_greedy(make_context):
    policy, generator = LinUCB(make_context(), alpha=0.0), np.random.default_rng(3)
    observation, _ = serve(policy, generator.normal(size=(40, 17)), 10, 0.5, generator)
    scores = policy.theta(observation["persona"]) @ policy.features.T
    np.testing.assert_array_equal(policy.act(observation), top_k(scores, 5))


def test_linucb_scores_are_upper_bounds(make_context):
    policy, generator = LinUCB(make_context(), alpha=2.0), np.random.default_rng(3)
    observation, gram = serve(policy, generator.normal(size=(40, 17)), 10, 0.5, generator)
    x = policy.features
    bonus = np.sqrt(np.einsum("nd,ude,ne->un", x, np.linalg.inv(gram), x))
    scores = policy.theta(observation["persona"]) @ x.T + 2.0 * bonus
    np.testing.assert_array_equal(policy.act(observation), top_k(scores, 5))


def test_linucb_explores_more_with_more_alpha(make_context):
    """With a reward of 1 for whatever is shown, greed stays where it is and doubt moves on."""
    distinct = []
    observation = nothing_yet(np.arange(10))
    for alpha in (0.0, 0.5, 5.0):
        policy = LinUCB(make_context(), alpha=alpha)
        policy.reset(10, 0)
        shown = []
        for _ in range(12):
            shown.append(policy.act(observation))
            policy.update(observation, shown[-1], np.ones((10, 5), bool), np.ones((10, 5), np.float32))
        by_user = np.stack(shown).transpose(1, 0, 2).reshape(10, -1)
        distinct.append(np.mean([len(set(row)) for row in by_user.tolist()]))
    assert distinct[0] + 5 < distinct[1]
    assert distinct[1] + 5 < distinct[2]


def test_linucb_starts_from_the_persona(make_context):
    policy = LinUCB(make_context(), alpha=0.0)
    persona = np.arange(10)
    policy.reset(10, 0)
    np.testing.assert_array_equal(policy.act(nothing_yet(persona)), top_k(policy.prior_mean @ policy.features.T, 5))


def test_linucb_learns_nothing_from_positions_that_nobody_saw(make_context):
    policy, persona = LinUCB(make_context()), np.array([[0], [1]])
    policy.reset(2, 0)
    before = policy.theta(persona)
    slates, minutes = np.array([[3, 9], [-1, -1]]), np.array([[2.0, 0.0], [0.0, 0.0]], np.float32)
    policy.update(nothing_yet(persona[:, 0]), slates, minutes > 0, minutes)
    assert (policy.theta(persona)[0] != before[0]).all()
    np.testing.assert_array_equal(policy.theta(persona)[1], before[1])


def test_linucb_refuses_another_number_of_users(make_context):
    policy = LinUCB(make_context())
    policy.reset(3, 0)
    with pytest.raises(ValueError, match=r"holds 2 users, but LinUCB was reset for 3; call reset\(2, seed\)"):
        policy.act(nothing_yet([0, 0]))


def test_add_rank_one_inverts():
    x = np.array([[1.0, 2.0], [0.0, -3.0]])
    inverse = np.tile(np.eye(2), (2, 1, 1))
    add_rank_one(inverse, x)
    expected = np.linalg.inv(np.eye(2) + x[:, :, None] * x[:, None, :])
    np.testing.assert_allclose(inverse, expected, atol=1e-15)


def test_principal_components_are_centred_scaled_and_ordered(make_context):
    context = make_context()
    items, personas = principal_components(context.item_embeddings, context.persona_embeddings, 16)
    assert items.shape == (60, 16)
    np.testing.assert_allclose(items.mean(axis=0), 0.0, atol=1e-7)
    assert np.mean(np.sum(items**2, axis=1)) == pytest.approx(1.0)
    assert (np.diff(items.var(axis=0)) < 0).all()
    np.testing.assert_allclose(np.linalg.norm(personas, axis=1), 1.0)


def test_principal_components_keep_no_more_than_there_are(make_context):
    context = make_context(num_items=7)
    assert principal_components(context.item_embeddings, context.persona_embeddings, 16)[0].shape == (7, 7)


# Bad settings


@pytest.mark.parametrize(
    ("policy", "settings", "message"),
    [
        (Popular, {"strength": 0.0}, "strength is 0.0; it must be above 0"),
        (Content, {"half_life": -1.0}, "half_life is -1.0; it must be above 0"),
        (Content, {"persona_weight": float("nan")}, "persona_weight is nan; it must be 0 or more"),
        (EpsilonContent, {"epsilon": 1.5}, "epsilon is 1.5; it is a chance"),
        (EpsilonContent, {"half_life": 0.0}, "half_life is 0.0"),
        (LinUCB, {"alpha": -0.1}, "alpha is -0.1; it must be 0 or more"),
        (LinUCB, {"prior": float("inf")}, "prior is inf"),
        (LinUCB, {"ridge": 0.0}, "ridge is 0.0; it must be above 0"),
        (LinUCB, {"dims": 0}, "dims is 0; it must be above 0"),
    ],
)
def test_bad_settings_are_refused(policy, settings, message, make_context):
    with pytest.raises(ValueError, match=message):
        policy(make_context(), **settings)

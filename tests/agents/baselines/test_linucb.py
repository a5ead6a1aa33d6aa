"""What LinUCB promises beyond the contract."""

import numpy as np
import pytest

from driftrec.agents.baselines import LinUCB
from driftrec.agents.baselines.common import draw_distinct, top_k
from driftrec.agents.baselines.linucb import add_rank_one, principal_components

SETTING = {"alpha": 0.5, "prior": 1.0, "ridge": 1.0, "dims": 16}
"""Not the defaults, which are tuned and move: the figures below rest on these."""


def bandit(context, **changes):
    return LinUCB(context, **{**SETTING, **changes})


def serve(nothing_yet, policy, weights, steps, noise, generator, slate_size=5):
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


def test_linucb_solves_the_ridge_regression(make_context, nothing_yet):
    policy = bandit(make_context(), ridge=0.7)
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


def test_linucb_converges_to_a_linear_reward(make_context, nothing_yet):
    """|theta - w| <= ridge |w - theta_0| / lowest eigenvalue of A + noise of covariance below s^2 A^-1."""
    policy, generator = bandit(make_context()), np.random.default_rng(2)
    weights = generator.normal(size=(40, 17))
    errors = []
    for steps in (20, 400):
        observation, gram = serve(nothing_yet, policy, weights, steps, 0.5, generator)
        error = np.linalg.norm(policy.theta(observation["persona"]) - weights, axis=1)
        distance = np.linalg.norm(weights - policy.prior_mean[observation["persona"][:, 0]], axis=1)
        bias = policy.ridge * distance / np.linalg.eigvalsh(gram)[:, 0]
        spread = 0.5 * np.sqrt(np.trace(np.linalg.inv(gram), axis1=1, axis2=2))
        assert (error < bias + 4 * spread).all()
        errors.append(error.mean())
    assert errors[1] < errors[0] / 3  # 20 times the data: about sqrt(20) = 4.5


def test_linucb_without_alpha_is_greedy(make_context, nothing_yet):
    policy, generator = bandit(make_context(), alpha=0.0), np.random.default_rng(3)
    observation, _ = serve(nothing_yet, policy, generator.normal(size=(40, 17)), 10, 0.5, generator)
    scores = policy.theta(observation["persona"]) @ policy.features.T
    np.testing.assert_array_equal(policy.act(observation), top_k(scores, 5))


def test_linucb_scores_are_upper_bounds(make_context, nothing_yet):
    policy, generator = bandit(make_context(), alpha=2.0), np.random.default_rng(3)
    observation, gram = serve(nothing_yet, policy, generator.normal(size=(40, 17)), 10, 0.5, generator)
    x = policy.features
    bonus = np.sqrt(np.einsum("nd,ude,ne->un", x, np.linalg.inv(gram), x))
    scores = policy.theta(observation["persona"]) @ x.T + 2.0 * bonus
    np.testing.assert_array_equal(policy.act(observation), top_k(scores, 5))


def test_linucb_explores_more_with_more_alpha(make_context, nothing_yet):
    """With a reward of 1 for whatever is shown, greed stays where it is and doubt moves on."""
    distinct = []
    observation = nothing_yet(np.arange(10))
    for alpha in (0.0, 0.5, 5.0):
        policy = bandit(make_context(), alpha=alpha)
        policy.reset(10, 0)
        shown = []
        for _ in range(12):
            shown.append(policy.act(observation))
            policy.update(observation, shown[-1], np.ones((10, 5), bool), np.ones((10, 5), np.float32))
        by_user = np.stack(shown).transpose(1, 0, 2).reshape(10, -1)
        distinct.append(np.mean([len(set(row)) for row in by_user.tolist()]))
    assert distinct[0] + 5 < distinct[1]
    assert distinct[1] + 5 < distinct[2]


def test_linucb_starts_from_the_persona(make_context, nothing_yet):
    policy = bandit(make_context(), alpha=0.0)
    persona = np.arange(10)
    policy.reset(10, 0)
    np.testing.assert_array_equal(policy.act(nothing_yet(persona)), top_k(policy.prior_mean @ policy.features.T, 5))


def test_linucb_learns_nothing_from_positions_that_nobody_saw(make_context, nothing_yet):
    policy, persona = bandit(make_context()), np.array([[0], [1]])
    policy.reset(2, 0)
    before = policy.theta(persona)
    slates, minutes = np.array([[3, 9], [-1, -1]]), np.array([[2.0, 0.0], [0.0, 0.0]], np.float32)
    policy.update(nothing_yet(persona[:, 0]), slates, minutes > 0, minutes)
    assert (policy.theta(persona)[0] != before[0]).all()
    np.testing.assert_array_equal(policy.theta(persona)[1], before[1])


def test_linucb_refuses_another_number_of_users(make_context, nothing_yet):
    policy = bandit(make_context())
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

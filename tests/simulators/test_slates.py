"""What a world looks up for every position of a slate, against one user and one position at a time."""

import numpy as np
import pytest

from driftrec.simulators.slates import at_slates, first_places, held, slate_affinity

USERS, SLATE, ITEMS, TOPICS, DIMS, MEMORY = 7, 4, 9, 5, 3, 6
RNG = np.random.default_rng(0)
BY_POSITION = RNG.integers(ITEMS, size=(SLATE, USERS))


def by_hand(rule):
    """``rule(user, item)`` for every position of every user, (slate_size, users)."""
    return np.array([[rule(user, int(BY_POSITION[k, user])) for user in range(USERS)] for k in range(SLATE)])


def test_satiation_is_looked_up_for_each_users_own_topics():
    satiation, topic = RNG.random((USERS, TOPICS), np.float32), RNG.integers(TOPICS, size=ITEMS)
    expected = by_hand(lambda user, item: satiation[user, topic[item]])
    np.testing.assert_array_equal(at_slates(satiation, topic[BY_POSITION]), expected)


def test_what_lies_side_by_side_is_looked_up_together():
    past = RNG.random((USERS, ITEMS, 2), np.float32)
    expected = by_hand(lambda user, item: past[user, item])  # (slate_size, users, 2)
    np.testing.assert_array_equal(at_slates(past, BY_POSITION), expected)


@pytest.mark.parametrize(
    ("slate", "first"),
    [
        ([1, 2, 3, 4], [True, True, True, True]),
        ([1, 1, 2, 2], [True, False, True, False]),
        ([1, 2, 1, 2], [True, True, False, False]),
        ([5, 2, 2, 5], [True, True, False, False]),
        ([3, 3, 3, 3], [True, False, False, False]),
        ([0], [True]),
    ],
)
def test_only_the_first_place_of_an_item_counts(slate, first):
    slates = np.array([slate, [item + 1 for item in slate]])  # two users
    np.testing.assert_array_equal(first_places(slates.T), np.array([first, first]).T)


def test_every_slot_of_the_memory_is_looked_at():
    memory = np.full((MEMORY, MEMORY), -1, np.int32)
    np.fill_diagonal(memory, 3)  # user i holds item 3 in slot i
    expected = np.array([[True] * MEMORY, [False] * MEMORY])
    np.testing.assert_array_equal(held(memory, np.repeat([[3], [4]], MEMORY, axis=1)), expected)


def test_affinity_is_the_inner_product_with_each_item():
    latent = RNG.standard_normal((ITEMS, DIMS)).astype(np.float32)
    interest = RNG.standard_normal((USERS, DIMS)).astype(np.float32)
    expected = by_hand(lambda user, item: latent[item] @ interest[user])
    np.testing.assert_allclose(slate_affinity(latent, BY_POSITION, interest), expected, rtol=1e-5, atol=1e-6)

"""Random slates now and then: chances that are exact, and policies that have none."""

import itertools

import numpy as np
import pytest

from driftrec.agents.baselines import Content, Epsilon, EpsilonContent, LinUCB, Random
from driftrec.agents.baselines.epsilon import Sure, sure
from driftrec.agents.policy import Marginal, Stochastic

USERS = 40


@pytest.fixture
def context(make_context):
    return make_context(slate_size=3, num_items=6)


def everything(observation, items):
    """Every ordered slate of three, each with an observation of user 0."""
    slates = np.array(list(itertools.permutations(range(items), 3)))
    return {name: np.repeat(value[:1], len(slates), axis=0) for name, value in observation.items()}, slates


@pytest.mark.parametrize("make", [Random, lambda c: Sure(Content(c)), lambda c: Epsilon(Content(c), c, 0.3)])
def test_chances_add_up_to_one_and_those_of_places_follow(context, audience, make):
    policy = make(context)
    assert isinstance(policy, Stochastic)
    assert isinstance(policy, Marginal)
    observation, slates = everything(audience(USERS).observe(), 6)
    policy.reset(len(slates), 1)
    picks = policy.propensity(observation, slates)
    wholes = picks.prod(axis=1)
    assert wholes.sum() == pytest.approx(1.0)
    for k, item in itertools.product(range(3), range(6)):
        there = slates[:, k] == item
        assert np.allclose(policy.marginal(observation, slates)[there, k], wholes[there].sum())
    for slate, row in zip(slates, picks, strict=True):  # the first pick's chance: the sum over all that follow
        assert row[0] == pytest.approx(wholes[slates[:, 0] == slate[0]].sum())


def test_draws_come_as_often_as_their_chances_say(context, audience):
    observation = audience(1).observe()
    many = {name: np.repeat(value, 20_000, axis=0) for name, value in observation.items()}
    policy = Epsilon(Content(context), context, 0.4)
    policy.reset(20_000, 3)
    slates = policy.act(many)
    own = Content(context)
    own.reset(1, 3)
    same = (slates == own.act(observation)).all(axis=1)
    chance = policy.propensity(many, slates)[same].prod(axis=1)[0]
    assert chance == pytest.approx(0.6 + 0.4 / 120)
    assert abs(same.mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / 20_000)  # four standard errors


def test_asking_for_chances_changes_no_slate(context, audience):
    observation = audience(USERS).observe()
    asked, quiet = (Epsilon(Content(context), context, 0.5) for _ in range(2))
    for policy in (asked, quiet):
        policy.reset(USERS, 1)
    for _ in range(3):
        slates = asked.act(observation)
        asked.propensity(observation, slates)
        asked.marginal(observation, slates)
        assert np.array_equal(slates, quiet.act(observation))


def test_random_gives_no_chance_to_repeats_and_to_what_is_withheld(context):
    slates = np.array([[0, 1, 2], [0, 0, 1], [0, 1, 0], [7, 1, 2]])
    found = Random(context).propensity({}, slates)
    assert np.allclose(found, [[1 / 6, 1 / 5, 1 / 4], [1 / 6, 0, 0], [1 / 6, 1 / 5, 0], [0, 0, 0]])


class Informed:
    """Is told the truth."""

    def reset(self, num_users, seed): ...

    def act(self, observation): ...

    def see(self, state): ...


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (LinUCB, "LinUCB learns while it serves"),
        (lambda context: Informed(), "Informed is told the users' true state, which no log holds"),
    ],
)
def test_policies_without_chances_are_refused(context, make, message):
    with pytest.raises(ValueError, match=message):
        sure(make(context))


def test_a_policy_that_draws_and_does_not_say_how_is_found_out(context, audience):
    policy = sure(EpsilonContent(context, epsilon=0.5))
    policy.reset(USERS, 1)
    observation = audience(USERS).observe()
    with pytest.raises(ValueError, match="EpsilonContent draws its slates, and cannot say with what chances"):
        policy.propensity(observation, policy.act(observation))


@pytest.mark.parametrize("epsilon", [-0.1, 1.1, float("nan")])
def test_the_share_is_a_chance(context, epsilon):
    with pytest.raises(ValueError, match=r"epsilon is .*; it is a chance and must be between 0 and 1"):
        Epsilon(Random(context), context, epsilon)

"""A world that breaks the contract is refused, with all that is wrong named at once."""

import re

import numpy as np
import pytest

from driftrec.envs.single import RecommendationEnv
from driftrec.envs.vector import RecommendationVectorEnv
from driftrec.simulators import noise
from driftrec.simulators.contract import check_members, check_trial
from driftrec.simulators.own_texts import catalogue_of, personas_of
from driftrec.simulators.plain import PlainWorld
from driftrec.simulators.world import Feedback, Field

TEXTS = {"catalogue": catalogue_of(["a", "b"], np.eye(2)), "personas": personas_of(["Likes a."], [[1, 0]])}


class Coins(PlainWorld):
    """Three coins, of which two are shown; heads is a click."""

    num_items, slate_size = 3, 2
    item_features = np.zeros((3, 1), np.float32)
    fields = {"user": Field((1,), np.float32, 0, 1)}  # noqa: RUF012

    def reset(self, seeds):
        return noise.stream_keys(seeds)

    def step(self, state, slates):
        clicks = np.ones(slates.shape, np.bool_)
        return Feedback.without_sessions(clicks, clicks.astype(np.float32), np.zeros(len(slates), np.bool_))

    def observe(self, state):
        return {"user": np.zeros((len(state), 1), np.float32)}

    def expected_engagement(self, state):
        return np.full((len(state), 3), 0.5, np.float32)


def with_members(**members):
    """A world of coins that says something else."""
    return type("Broken", (Coins,), members)()


def test_a_world_that_keeps_it_passes():
    assert check_members(Coins()) is None  # no error is all that is said of it
    assert check_trial(Coins()) is None
    assert check_members(with_members(**TEXTS, num_items=2, item_features=None)) is None


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"num_items": 2.5}, "num_items is 2.5; it must be a whole number, at least 1"),
        ({"slate_size": 0}, "slate_size is 0; it must be a whole number, at least 1"),
        ({"slate_size": True}, "slate_size is True; it must be a whole number, at least 1"),
        ({"unit": None}, 'unit is None; it must be a string, such as "clicks"'),
        ({"one_click": 1}, "one_click is 1; it must be True or False"),
        ({"catalogue": ["a"]}, "catalogue is ['a']; it must be a Catalogue or None"),
        ({"personas": "Ann"}, "personas is 'Ann'; it must be Personas or None"),
        ({"item_features": np.zeros((3, 1))}, "item_features is float64 of shape (3, 1); it must be a float32 array"),
        ({"item_features": np.zeros(3, np.float32)}, "item_features is float32 of shape (3,); it must be a float32"),
        ({"fields": {"user": (1,)}}, "fields is {'user': (1,)}; it must be a mapping of names to Field"),
        ({"topics": None}, "topics is None; it must be a mapping"),
        ({"observe": "user"}, "observe is 'user'; it must be a method"),
        ({"personas": TEXTS["personas"]}, "catalogue and personas go together; give both or neither"),
        (TEXTS, "catalogue has 2 items; num_items is 3"),
        ({"num_items": 4}, "item_features has 3 items; num_items is 4"),
        ({"item_features": None}, 'fields must then name "candidates"'),
    ],
)
def test_members_of_another_kind_are_named(members, complaint):
    world = with_members(**members)
    for make in (check_members, lambda world: RecommendationEnv(world, 5), lambda w: RecommendationVectorEnv(w, 2, 5)):
        with pytest.raises(TypeError, match=re.escape(complaint)) as error:
            make(world)
        assert str(error.value).startswith("Broken is no World: ")
        assert "See driftrec.simulators.world.World, and docs/own-worlds.md" in str(error.value)


def test_what_does_not_go_together_is_named_with_what_is_missing():
    world = with_members(unit=None, num_items=4)
    with pytest.raises(TypeError, match=r"unit is None; .*; item_features has 3 items; num_items is 4"):
        check_members(world)


def test_all_that_is_missing_is_named_at_once():
    with pytest.raises(TypeError) as error:
        check_members(object())
    missing = re.findall(r"(\w+) is missing; it must be", str(error.value))
    assert missing == [
        *("num_items", "slate_size", "unit", "one_click", "catalogue", "personas", "item_features", "fields", "topics"),
        "settled",
        *("check_ends", "reset", "step", "observe", "reveal", "expected_engagement"),
    ]


def feedback(**changes):
    """A step that feeds back something else."""
    usual = {"clicks": np.ones((2, 2), np.bool_), "engagement": np.ones((2, 2), np.float32)}
    usual |= {"ended": np.zeros(2, np.bool_), "gap": np.zeros(2, np.float32), "left": np.zeros(2, np.bool_)}
    return lambda self, state, slates: Feedback(**{**usual, **changes})


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"observe": lambda self, state: {}}, "observe returns []; fields names ['user']"),
        (
            {"observe": lambda self, state: {"user": np.zeros((2, 1))}},
            "observe's user is float64 of shape (2, 1) for 2 users; it must be float32 of shape (2, 1)",
        ),
        (
            {"reveal": lambda self, state: {"taste": np.zeros((2, 3, 2))}},
            "reveal's taste is float64 of shape (2, 3, 2) for 2 users; it must be an array of shape (2,) or (2, n)",
        ),
        (
            {"expected_engagement": lambda self, state: np.zeros(3, np.float32)},
            "expected_engagement is float32 of shape (3,) for 2 users; it must be float32 of shape (2, 3)",
        ),
        ({"step": lambda self, state, slates: None}, "step returns None; it must be a Feedback"),
        ({"step": feedback(clicks=np.ones((2, 2)))}, "step's clicks is float64 of shape (2, 2)"),
        ({"step": feedback(engagement=np.ones(2, np.float32))}, "step's engagement is float32 of shape (2,)"),
        ({"step": feedback(left=False)}, "step's left is False for 2 users; it must be bool of shape (2,)"),
    ],
)
def test_arrays_of_another_kind_are_named(members, complaint):
    with pytest.raises(TypeError, match=re.escape(complaint)):
        check_trial(with_members(**members))

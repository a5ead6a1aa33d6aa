"""A plan: what it refuses, and that a file gives it back."""

import json
from dataclasses import replace

import pytest

from driftrec.agents.rounds.plan import Deployment, plan_from
from driftrec.agents.setup import WorldArgs, set_up
from driftrec.simulators.moving.moves import Moves, Shock
from tests.agents.rounds.toy_rounds import toy_plan, toy_setup


def test_a_plan_comes_back_from_a_file():
    plan = toy_plan(moves=Moves(shocks=(Shock(2, trend=0.5),)), drawn=True)
    assert plan_from(json.loads(json.dumps(plan.as_json()))) == plan


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"held_out": 6},
            "Plan.held_out is 6, too few for the interval that a tolerance is held against; give at least",
        ),
        ({"tolerance": -0.1}, "Plan.tolerance is -0.1; it must be between 0 and 1"),
        ({"arms": ("ppo", "warm")}, "Arm 'warm' is unknown"),
        ({"users": 1}, "Plan.users is 1"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(changes, said):
    with pytest.raises(ValueError, match=said):
        toy_plan(**changes)


def test_items_withheld_from_training_are_refused():
    plan = toy_plan()
    with pytest.raises(ValueError, match=r"settings\.withheld is above 0"):
        replace(plan, settings=replace(plan.settings, withheld=0.2))


def test_prices_that_are_off_are_not_searched():
    plan = toy_plan(arms=("frozen", "refit-prices"))
    with pytest.raises(ValueError, match=r"Arm 'refit-prices' searches prices of pages, and settings\.pace is off"):
        replace(plan, settings=replace(plan.settings, pace=False))


@pytest.mark.parametrize(
    "told", [{"told_encoder": True}, {"true_state": True, "encoder": "fading"}, {"representation": "latents"}]
)
def test_arms_that_are_told_the_truth_are_refused(told):
    plan = toy_plan()
    with pytest.raises(ValueError, match="truth"):
        replace(plan, settings=replace(plan.settings, **told))
    with pytest.raises(ValueError, match="An arm reads latents, the hidden truth"):
        toy_plan(arms=("frozen", "ppo@latents"))


def test_a_plan_of_another_version_is_refused():
    told = toy_plan().as_json()
    del told["moves"]
    with pytest.raises(ValueError, match="The plan lacks moves; it is of another version"):
        plan_from(told)


def test_policies_are_told_what_is_not_on_offer():
    place = Deployment(toy_plan(), toy_setup())
    for number in (0, 2):
        withheld, offered = place.there(number).context.withheld, place.course.offered(number)
        assert withheld is not None
        assert offered is not None
        assert (withheld == ~offered).all()


def test_a_planner_that_a_world_does_not_have_is_refused_before_anything_is_trained():
    setup = set_up(WorldArgs("driftrec/Fitted-v0"))
    with pytest.raises(ValueError, match=r"Arm 'planner': driftrec/Fitted-v0 has no planner\. Leave the arm out\."):
        Deployment(toy_plan(arms=("frozen", "planner")), setup)
    assert Deployment(toy_plan(arms=("frozen", "planner")), toy_setup()).arms[1].name == "planner"

"""A policy made good at one thing scores on that thing; random slates come to 0, the reference to 1."""

from dataclasses import replace

import numpy as np
import pytest

from driftrec.agents.comparison.entries import Entry
from driftrec.agents.oracles import MyopicOracle
from driftrec.agents.plots.adapting_plot import adapting_figures
from driftrec.agents.scorecard.battery import BATTERY
from driftrec.agents.scorecard.earning import earned
from driftrec.agents.scorecard.engagement_back import PAGES
from driftrec.agents.scorecard.scorecard import FILE, read_score, scorecard, write_score
from driftrec.agents.scorecard.served_groups import worse_off
from driftrec.agents.scorecard.stages import PLANNER, Stage, Stages
from tests.agents.conftest import build_setup
from tests.agents.scorecard.toys import Forgetful, Late, OtherRandom, Pages, Resting, Tiring

USERS = 60
LATE = 8
"""Steps that an oracle of the fixture is late."""

SHORT = tuple(
    replace(made, steps=min(made.steps or 60, 60)) for made in BATTERY if made.world in ("as it is", "other drift")
)
"""Without what needs other texts; 200 steps of the long term would take seconds."""


def stages_of(setup, policies):
    """The stages of policies by label."""
    entries = [Entry(label, {None: policy}) for label, policy in policies.items()]
    return Stages(Stage(setup, entries), tuple(policies), 0, None)


@pytest.fixture(scope="module")
def card():
    setup = build_setup(horizon=200)  # the planner's weights are packaged for it
    context, world = setup.context, setup.world
    policies = {
        "other": OtherRandom(context),
        "pages": Pages(context),
        "resting": Resting(context),
        "tiring": Tiring(context),
        "forgetful": Forgetful(MyopicOracle(world)),
        "late": Late(MyopicOracle(world), LATE),
        "myopic-oracle": MyopicOracle(world),
        "planner": Stage(setup, ()).named(PLANNER),
    }
    return scorecard(stages_of(setup, policies), users=USERS, seed=1, battery=SHORT)


def found(card, name):
    """Scores of an experiment by policy, (mean, low, high) each."""
    (made,) = [made for made in card["experiments"] if made["name"] == name]
    return {label: tuple(told["score"].values()) for label, told in made["scores"].items()}


def test_all_that_news_allows_is_there(card):
    assert [made["name"] for made in card["experiments"]] == [made.name for made in SHORT]
    assert card["left_out"] == {}


def test_other_random_slates_are_near_0_everywhere(card):
    """Measured: at most 0.07 from 0. Fails where 0 is nothing at all in place of random slates."""
    for made in card["experiments"]:
        assert abs(made["scores"]["other"]["score"]["mean"]) < 0.15, made["name"]


def test_the_reference_is_1_everywhere(card):
    for made in card["experiments"]:
        score = made["scores"].get(made["one"]["policy"], {"score": None})["score"]
        assert score == {"mean": 1.0, "low": 1.0, "high": 1.0}, made["name"]


def test_what_always_rests_scores_on_rest_and_what_never_does_not(card):
    """Both know the same of users. Fails where a page is held against itself shown once: all are 0."""
    rest = found(card, "rest and repetition")
    assert rest["resting"][1] > 0.1  # the low end; the mean is 0.31
    assert rest["tiring"][2] < 0
    assert rest["forgetful"][0] < 0.1 < rest["planner"][1]
    gaps = {}
    for made in card["experiments"]:
        scores = found(card, made["name"])
        if "resting" in scores:
            gaps[made["name"]] = scores["resting"][0] - scores["tiring"][0]
    assert max(gaps, key=gaps.get) == "rest and repetition"
    assert abs(gaps["following a jump"]) < 0.1
    assert abs(rest["pages"][0]) < 0.2  # rests as well, but of what nobody likes there is little to lose


def test_what_does_not_see_what_tires_is_good_at_the_rest(card):
    for name in ("short term", "cold start", "slate composition"):
        assert found(card, name)["forgetful"][1] > 0.05, name


def test_what_has_no_eye_for_users_has_no_personalisation(card):
    """Fails where every user is taken for itself: the reference is not ahead then."""
    scores = found(card, "personalisation")
    assert scores["pages"] == (0.0, 0.0, 0.0)
    assert scores["tiring"][1] > 0.05
    assert scores["late"][1] > 0.2
    assert abs(found(card, "slate composition")["pages"][0]) < 0.25


def test_a_late_oracle_follows_a_jump_late(card):
    """Fails without the jump, and where the jump gives every user back its own taste."""
    (made,) = [made for made in card["experiments"] if made["name"] == "following a jump"]
    told = {label: told["regained"] for label, told in made["scores"].items()}
    slate_size = 5
    assert told["myopic-oracle"]["mean"] == slate_size
    assert told["late"]["mean"] == (LATE + 1) * slate_size
    assert told["pages"] is None
    scores = found(card, "following a jump")
    assert abs(scores["pages"][0]) < 0.1 < scores["late"][1] < scores["late"][2] < scores["myopic-oracle"][1]


def test_engagement_is_back_at_once_or_late_and_the_curve_says_when(card):
    """Fails where the curve begins before the jump, or where nobody jumps."""
    (made,) = [made for made in card["experiments"] if made["name"] == "following a jump"]
    told = {label: found["regaining"] for label, found in made["scores"].items()}
    at_once, late, same = told["myopic-oracle"], told["late"], told["pages"]
    assert (at_once["page"], at_once["part"]) == (5, 0.9)
    assert at_once["after"]["mean"] == 5
    assert min(at_once["mean"][:LATE]) > 0.9
    assert max(late["mean"][3:LATE]) < 0.8
    assert np.mean(late["mean"][LATE + PAGES :]) > 0.85
    assert late["after"]["mean"] > LATE * 5
    assert abs(sum(same["mean"]) / len(same["mean"]) - 1.0) < 0.15  # of what has no eye for users nothing is lost
    for low, mean, high in zip(late["low"], late["mean"], late["high"], strict=True):
        assert low <= mean <= high
    assert set(adapting_figures(card)) == {"jump", "personalisation"}


def test_whom_it_serves_to_be_known(card):
    """Fails where the parts are not those of everybody, or own and other are exchanged."""
    (made,) = [made for made in card["experiments"] if made["name"] == "personalisation"]
    groups = {label: {row["group"]: row for row in found["groups"]} for label, found in made["scores"].items()}
    for label, rows in groups.items():
        everybody = rows["all users"]
        assert everybody["users"] == USERS
        assert everybody["more"]["mean"] == pytest.approx(made["scores"][label]["value"]["mean"]), label
        far = [row for name, row in rows.items() if name.startswith("distance")]
        assert len(far) == 4
        assert sum(row["users"] for row in far) == USERS
        parts = sum(row["users"] * row["more"]["mean"] for row in far) / USERS
        assert parts == pytest.approx(everybody["more"]["mean"]), label
    assert {row["more"]["high"] for name, row in groups["pages"].items() if name != "tenth percentile"} == {0.0}
    assert groups["late"]["all users"]["own"]["low"] > groups["late"]["all users"]["other"]["high"]
    assert groups["late"]["tenth percentile"]["own"]["mean"] > groups["late"]["tenth percentile"]["other"]["mean"]
    assert worse_off(made["scores"]["late"]["groups"]) == []
    for row in made["scores"]["late"]["groups"]:
        if row["more"]:
            row["more"].update(mean=-2.0, low=-3.0, high=-1.0)
    assert len(worse_off(made["scores"]["late"]["groups"])) == len(groups["late"]) - 1


def test_the_oracle_of_the_next_step_is_ahead_in_the_next_and_the_planner_later(card):
    """Fails where both are measured over the whole episode."""
    assert found(card, "short term")["planner"][2] < 0.95
    assert found(card, "long term")["myopic-oracle"][2] < 0.95
    assert found(card, "slate composition")["myopic-oracle"][1] > found(card, "slate composition")["other"][2]


def test_an_oracle_of_this_world_does_not_serve_in_another(card):
    (made,) = [made for made in card["experiments"] if made["name"] == "other drift"]
    oracles = ("resting", "tiring", "forgetful", "late", "planner")
    assert made["left_out"] == dict.fromkeys(oracles, "an oracle of the world as it is")
    assert made["scores"]["myopic-oracle"]["score"]["mean"] == 1.0


def test_same_seed_same_numbers():
    setup = build_setup(horizon=200)
    few = [made for made in SHORT if made.name in ("cold start", "slate composition", "personalisation")]

    def scored(seed, *labels):
        policies = {"other": OtherRandom(setup.context), "late": Late(MyopicOracle(setup.world), 1)}
        chosen = {label: policies[label] for label in labels}
        return scorecard(stages_of(setup, chosen), users=12, seed=seed, battery=few)

    card = scored(3, "other", "late")
    assert card == scored(3, "other", "late")
    assert card["experiments"] != scored(4, "other", "late")["experiments"]
    alone = scored(3, "late")["experiments"]  # nor do they hang on who stands beside
    assert [made["scores"]["late"] for made in alone] == [made["scores"]["late"] for made in card["experiments"]]


def test_several_runs_of_one_policy_are_resampled_too():
    setup = build_setup(horizon=200)
    entry = Entry("two", {1: OtherRandom(setup.context), 2: Pages(setup.context)})
    cold = [made for made in SHORT if made.name == "cold start"]
    card = scorecard(Stages(Stage(setup, [entry]), ("two",), 0, None), users=12, seed=3, battery=cold)
    assert card["policies"]["two"] == {"oracle": False, "training_seeds": [1, 2]}
    parts = [
        scorecard(stages_of(setup, {"one": policy}), users=12, seed=3, battery=cold)["experiments"][0]["scores"]["one"]
        for policy in entry.policies.values()
    ]
    mean = sum(part["score"]["mean"] for part in parts) / 2
    assert card["experiments"][0]["scores"]["two"]["score"]["mean"] == pytest.approx(mean)


def test_a_policy_that_fails_costs_itself_the_experiment():
    class Broken(OtherRandom):
        def act(self, observation):
            raise ZeroDivisionError("no")

    setup = build_setup(horizon=200)
    policies = {"broken": Broken(setup.context), "pages": Pages(setup.context)}
    cold = [made for made in SHORT if made.name == "cold start"]
    (made,) = scorecard(stages_of(setup, policies), users=12, seed=3, battery=cold)["experiments"]
    assert list(made["scores"]) == ["pages"]
    assert "Policy 'broken' failed in act()" in made["left_out"]["broken"]
    assert "ZeroDivisionError: no" in made["left_out"]["broken"]


def test_an_error_of_a_measure_is_told_by_its_kind():
    """A bare message would hide what went wrong."""

    def broken(sitting):
        if sitting.name == "pages":
            raise KeyError("gone")
        return earned(sitting)

    setup = build_setup(horizon=200)
    (cold,) = [replace(made, measure=broken) for made in SHORT if made.name == "cold start"]
    stages = stages_of(setup, {"pages": Pages(setup.context)})
    (made,) = scorecard(stages, users=12, seed=3, battery=[cold])["experiments"]
    assert made["left_out"] == {"pages": "KeyError('gone')"}


def test_a_card_comes_back_as_it_was(card, tmp_path):
    write_score(tmp_path, card)
    assert read_score(tmp_path) == card


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "holds no scorecard: it has no score.json. Make one: driftrec score POLICY"),
        ("{", "score.json is damaged (JSONDecodeError"),
        ("{}", "score.json is damaged (KeyError('format')); make one anew"),
        ("[]", "score.json is damaged (ValueError"),
        ('{"format": 0}', "its format is 0, and this version reads 1"),
    ],
)
def test_what_is_no_card_is_refused(text, message, tmp_path):
    if text is not None:
        (tmp_path / FILE).write_text(text)
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        read_score(tmp_path)
    assert message in str(caught.value)


def test_what_json_does_not_know_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="Out of range float values"):
        write_score(tmp_path, {"format": 1, "users": float("nan")})
    assert not list(tmp_path.iterdir())
